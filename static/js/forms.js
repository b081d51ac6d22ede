/** Other forms of a video on its result page: having them made, how far they are, fetching them. */

import { request } from "./lib/api.js";
import { announce, h, icon, need, setBusy } from "./lib/dom.js";
import { clearError, showError } from "./lib/errors.js";
import { fileSize } from "./lib/format.js";
import { setProgress } from "./lib/progressbar.js";

/**
 * @typedef {{kind: string, title: string, about: string, possible: boolean, state: "building" | "ready" | "failed" | null,
 *   percent: number, bytes: number | null, signed: boolean | null, url: string | null,
 *   error: {error: string, message: string, hint: string} | null}} Form
 */

/** @param {string} job the id of the video; nothing happens on a page without the panel */
export function wireForms(job) {
  const panel = document.querySelector("#forms-panel");
  if (!panel) return;
  const address = `/api/jobs/${job}/forms/`;
  const errors = need("#forms-errors");
  const list = need("#forms-list");
  /** @type {Map<string, string | null>} */
  const before = new Map();

  /** @param {Form} form */
  function row(form) {
    const busy = form.state === "building";
    const bar = h(
      "div",
      { class: "progress", role: "progressbar", "aria-label": `${form.title} is being made`, "aria-valuemin": 0, "aria-valuemax": 100 },
      h("span", {}),
    );
    if (busy) setProgress(bar, form.percent || null);
    const make = h("button", { type: "button", class: "button button-quiet button-s", disabled: !form.possible }, form.state === "failed" ? "Try again" : "Make it", h("span", { class: "visually-hidden" }, `: ${form.title}`));
    make.addEventListener("click", () => void ask(form, /** @type {HTMLButtonElement} */ (make)));
    const about = form.possible ? form.about : "Only of videos of up to a minute.";
    const facts = form.state === "ready" ? `${fileSize(form.bytes ?? 0)}, ${form.signed ? "signed" : "without signed provenance"}` : form.state === "failed" ? `${form.error?.message ?? ""} ${form.error?.hint ?? ""}` : about;
    return h(
      "li",
      { "data-kind": form.kind, "data-state": form.state ?? "" },
      h("span", {}, h("strong", {}, form.title), h("small", {}, facts), busy && bar),
      form.state === "ready" ? h("a", { class: "button button-quiet button-s", href: form.url, download: "" }, icon("download"), `Get the ${form.title}`) : busy ? null : make,
    );
  }

  /** @param {Form[]} forms */
  function show(forms) {
    list.replaceChildren(...forms.map(row));
    for (const form of forms) {
      if (before.get(form.kind) === "building" && form.state === "ready") announce(`${form.title} is ready.`);
      before.set(form.kind, form.state);
    }
    if (forms.some((form) => form.state === "building") && panel?.isConnected) window.setTimeout(() => void refresh(), 1000);
  }

  async function refresh() {
    try {
      show((await request("GET", address)).forms);
    } catch (error) {
      showError(errors, error);
    }
  }

  /**
   * @param {Form} form
   * @param {HTMLButtonElement} button
   */
  async function ask(form, button) {
    clearError(errors);
    setBusy(button, true);
    try {
      show((await request("POST", address, { kind: form.kind })).forms);
      announce(`${form.title} is being made.`);
    } catch (error) {
      setBusy(button, false);
      showError(errors, error);
    }
  }

  void refresh();
}
