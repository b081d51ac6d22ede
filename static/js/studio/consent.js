/** Step 3: the ground on which the face may speak, and its confirmation. */

import { need } from "../lib/dom.js";

export class ConsentStep {
  /** @param {{onChange: () => void}} options */
  constructor({ onChange }) {
    this.onChange = onChange;
    this.bases = /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll('input[name="basis"]')]);
    this.check = /** @type {HTMLInputElement} */ (need("#consent-check"));
    this.next = /** @type {HTMLButtonElement} */ (need("#consent-next"));
    for (const basis of this.bases) basis.addEventListener("change", () => this.choose(basis.value));
    this.check.addEventListener("change", () => this.refresh());
    this.clear();
  }

  get chosen() {
    return this.bases.find((one) => one.checked) ?? null;
  }

  get done() {
    return this.chosen !== null && this.check.checked;
  }

  /** @param {string} value another statement: it has to be confirmed anew */
  choose(value) {
    for (const basis of this.bases) basis.checked = basis.value === value;
    this.check.checked = false;
    this.refresh();
  }

  clear() {
    for (const basis of this.bases) basis.checked = false; // browsers keep ticks over a reload; consent must be given
    this.check.checked = false;
    this.refresh();
  }

  refresh() {
    const value = this.chosen?.value;
    need("#consent-confirm").hidden = value === undefined;
    for (const quote of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-statement]"))) {
      quote.hidden = quote.dataset.statement !== value;
    }
    this.next.disabled = !this.done;
    this.onChange();
  }

  /** What the API takes. */
  get body() {
    return { basis: this.chosen?.value, confirmed: this.check.checked, statement_version: this.chosen?.dataset.version };
  }

  get title() {
    return this.chosen?.closest("label")?.textContent?.trim() ?? "";
  }
}
