/** The moderators' pages: the keyboard, the lock of what is open, and pictures that are read about before they are seen. */

import { request } from "./lib/api.js";
import { announce, h, toast } from "./lib/dom.js";
import { closeOnBackdrop } from "./lib/dialog.js";

/** Renewed so often, milliseconds; a lock lasts ten minutes unless the operator says otherwise. */
const RENEW = 60_000;
const SWITCH = "moderation-keys";

const links = /** @type {HTMLAnchorElement[]} */ ([...document.querySelectorAll(".queue-link")]);
const help = /** @type {HTMLDialogElement | null} */ (document.querySelector("#help"));

/** @returns {boolean} */
function keysAreOn() {
  try {
    return localStorage.getItem(SWITCH) !== "off";
  } catch {
    return true;
  }
}

/** @param {EventTarget | null} target @returns {boolean} */
function isTyping(target) {
  if (!(target instanceof HTMLElement)) return false;
  const field = target.closest("input, textarea, select");
  return field !== null && !field.matches('[type="radio"], [type="checkbox"]');
}

/** @param {number} step */
function move(step) {
  const now = links.indexOf(/** @type {HTMLAnchorElement} */ (document.activeElement));
  const next = now < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(Math.max(now + step, 0), links.length - 1);
  links[next]?.focus();
  links[next]?.scrollIntoView({ block: "nearest" });
}

/** @param {string} key */
function choose(key) {
  const choice = /** @type {HTMLInputElement | null} */ (document.querySelector(`input[data-key="${key}"]`));
  if (!choice) return false;
  choice.checked = true;
  choice.focus();
  return true;
}

/** Nothing, blurred, clear, blurred, clear ... */
function showMedia() {
  const section = /** @type {HTMLElement | null} */ (document.querySelector("#media"));
  const place = document.querySelector("#media-place");
  const button = document.querySelector("#media-show");
  if (!section || !place || !button) return false;
  const shown = place.querySelector("video, img");
  if (!shown) {
    const { photo, video, poster } = section.dataset;
    const picture = photo
      ? h("img", { class: "blurred", src: photo, alt: "The photo, blurred" })
      : h("video", {
          class: "blurred",
          playsinline: true,
          preload: "metadata",
          src: video,
          poster,
          "aria-label": "The video, blurred",
        });
    place.append(h("div", { class: "frame" }, picture));
    button.textContent = "Show it clearly (o)";
    announce("The picture is shown, blurred.");
    return true;
  }
  const blurred = shown.classList.toggle("blurred");
  if (shown instanceof HTMLVideoElement) {
    shown.controls = !blurred;
    if (blurred) shown.pause();
    shown.setAttribute("aria-label", blurred ? "The video, blurred" : "The video");
  } else shown.setAttribute("alt", blurred ? "The photo, blurred" : "The photo");
  button.textContent = blurred ? "Show it clearly (o)" : "Blur it again (o)";
  announce(blurred ? "The picture is blurred." : "The picture is clear.");
  return true;
}

/** @param {string} key @returns {boolean} whether the key did something */
function act(key) {
  switch (key) {
    case "j":
    case "k":
      move(key === "j" ? 1 : -1);
      return links.length > 0;
    case "o": {
      if (showMedia()) return true;
      const link = /** @type {HTMLAnchorElement | undefined} */ (
        links.find((one) => one === document.activeElement) ?? links[0]
      );
      link?.click();
      return link !== undefined;
    }
    case "r": {
      const reasons = /** @type {HTMLElement | null} */ (document.querySelector("#reasons"));
      reasons?.focus();
      return reasons !== null;
    }
    case "u": {
      const back = /** @type {HTMLAnchorElement | null} */ (document.querySelector("#to-queue"));
      back?.click();
      return back !== null;
    }
    case "?":
      if (help && !help.open) help.showModal();
      return help !== null;
    default:
      return /^[0-9]$/.test(key) && choose(key);
  }
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "Escape" && isTyping(event.target) && !help?.open) {
    /** @type {HTMLElement} */ (event.target).blur();
    return;
  }
  if (help?.open || isTyping(event.target) || !keysAreOn()) return;
  if (act(event.key)) event.preventDefault();
});

if (help) {
  closeOnBackdrop(help);
  document.querySelector("#help-open")?.addEventListener("click", () => help.showModal());
  const toggle = /** @type {HTMLInputElement | null} */ (help.querySelector("#keys-on"));
  if (toggle) {
    toggle.checked = keysAreOn();
    toggle.addEventListener("change", () => {
      try {
        localStorage.setItem(SWITCH, toggle.checked ? "on" : "off");
      } catch {
        // storage is switched off: it holds for this page only
      }
    });
  }
}
document.querySelector("#media-show")?.addEventListener("click", () => void showMedia());

const lock = /** @type {HTMLElement | null} */ (document.querySelector("#lock"));
if (lock && "mine" in lock.dataset) {
  const body = { kind: lock.dataset.kind, item: lock.dataset.item };
  const timer = window.setInterval(() => {
    request("POST", "/api/moderation/lock/", { ...body, release: false })
      .then((answer) => {
        if (answer.mine) return;
        window.clearInterval(timer);
        document.querySelector("#decide-send")?.setAttribute("disabled", "");
        toast(`${answer.holder} works on this now.`);
      })
      .catch(() => {
        // no connection: the lock runs out by itself, and a decision says so
      });
  }, RENEW);
  window.addEventListener("pagehide", () => {
    const token = document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "";
    void fetch("/api/moderation/lock/", {
      method: "POST",
      keepalive: true,
      credentials: "same-origin",
      headers: { "Content-Type": "application/json", "X-CSRFToken": token },
      body: JSON.stringify({ ...body, release: true }),
    });
  });
}
