/** Links to a video on its result page: making, listing, ending. */

import { request } from "./lib/api.js";
import { announce, h, need, setBusy } from "./lib/dom.js";
import { clearError, showError } from "./lib/errors.js";

/** @typedef {{id: string, state: string, views: number, created_at: string, expires_at: string | null, link?: string}} Share */

const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });

/** @param {string} job the id of the video; nothing happens on a page without the panel */
export function wireShares(job) {
  const panel = document.querySelector("#share-panel");
  if (!panel) return;
  const address = `/api/jobs/${job}/shares/`;
  const errors = need("#share-errors");
  const make = /** @type {HTMLButtonElement | null} */ (panel.querySelector("#share-make"));

  async function list() {
    const { shares } = await request("GET", address);
    const open = shares.filter((/** @type {Share} */ one) => one.state === "open");
    need("#share-list").replaceChildren(...open.map(row));
  }

  /** @param {Share} share */
  function row(share) {
    const until = share.expires_at ? `until ${day.format(new Date(share.expires_at))}` : "until you end it";
    const seen = `opened ${share.views} time${share.views === 1 ? "" : "s"}`;
    const made = day.format(new Date(share.created_at));
    const end = h("button", { type: "button", class: "button button-quiet button-s" }, "End", h("span", { class: "visually-hidden" }, ` the link of ${made}`));
    end.addEventListener("click", async () => {
      setBusy(/** @type {HTMLButtonElement} */ (end), true);
      try {
        await request("DELETE", `/api/shares/${share.id}/`);
        need("#share-new").hidden = true;
        announce("The link has ended.");
        await list();
      } catch (error) {
        setBusy(/** @type {HTMLButtonElement} */ (end), false);
        showError(errors, error);
      }
    });
    return h("li", {}, h("span", {}, `Link of ${made}, ${until}, ${seen}`), end);
  }

  make?.addEventListener("click", async () => {
    clearError(errors);
    setBusy(make, true);
    const days = /** @type {HTMLSelectElement} */ (need("#share-days")).value;
    const confirmed = /** @type {HTMLInputElement | null} */ (panel.querySelector("#share-confirmed"));
    try {
      const share = await request("POST", address, {
        days: days ? Number(days) : null,
        findable: /** @type {HTMLInputElement} */ (need("#share-findable")).checked,
        confirmed: confirmed?.checked ?? false,
      });
      const field = /** @type {HTMLInputElement} */ (need("#share-address"));
      field.value = share.link;
      need("#share-new").hidden = false;
      need("#share-state").textContent = "";
      field.select();
      announce("The link is ready. Copy it and send it.");
      await list();
    } catch (error) {
      showError(errors, error);
    } finally {
      setBusy(make, false);
    }
  });

  need("#share-copy").addEventListener("click", async () => {
    const field = /** @type {HTMLInputElement} */ (need("#share-address"));
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      need("#share-state").textContent = "Copied.";
    } catch {
      need("#share-state").textContent = "Press Ctrl and C to copy it.";
    }
  });

  list().catch((error) => showError(errors, error));
}
