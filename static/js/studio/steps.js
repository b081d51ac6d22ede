/** The four steps: which one shows, which are open. The address's hash follows, so that Back goes one step back. */

import { announce } from "../lib/dom.js";

const ORDER = ["photo", "voice", "consent", "start"];

export class Steps {
  /** @param {{isDone: (step: string) => boolean, onShow?: (step: string) => void}} options */
  constructor({ isDone, onShow }) {
    this.isDone = isDone;
    this.onShow = onShow ?? (() => {});
    this.current = "photo";
    for (const button of document.querySelectorAll("[data-go]")) {
      button.addEventListener("click", () => this.go(/** @type {HTMLElement} */ (button).dataset.go ?? "photo"));
    }
    window.addEventListener("hashchange", () => this.show(location.hash.slice(1), true));
  }

  /**
   * @param {string} step
   * @returns {boolean} whether everything before it is done
   */
  isOpen(step) {
    return ORDER.slice(0, ORDER.indexOf(step)).every((earlier) => this.isDone(earlier));
  }

  /** @param {string} step */
  go(step) {
    if (location.hash.slice(1) === step) this.show(step, true);
    else location.hash = step;
  }

  /**
   * @param {string} wanted
   * @param {boolean} focus
   */
  show(wanted, focus) {
    let step = ORDER.includes(wanted) ? wanted : "photo";
    while (!this.isOpen(step)) step = ORDER[ORDER.indexOf(step) - 1];
    this.current = step;
    for (const section of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-step]"))) {
      section.hidden = section.dataset.step !== step;
    }
    this.refresh();
    this.onShow(step);
    if (!focus) return;
    const title = /** @type {HTMLElement} */ (document.querySelector(`[data-step="${step}"] h2`));
    title.focus({ preventScroll: true });
    document.querySelector(".stepper")?.scrollIntoView({ block: "start" });
    announce(`Step ${ORDER.indexOf(step) + 1} of ${ORDER.length}`);
  }

  /** After anything changed: opens and closes the buttons of the stepper. */
  refresh() {
    for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll(".stepper [data-go]"))) {
      const step = button.dataset.go ?? "";
      button.disabled = !this.isOpen(step);
      button.classList.toggle("done", step !== this.current && step !== "start" && this.isOpen(step) && this.isDone(step));
      if (step === this.current) button.setAttribute("aria-current", "step");
      else button.removeAttribute("aria-current");
    }
  }
}
