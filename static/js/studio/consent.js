/** Step 3: the ground on which the face may speak, and its confirmation; or the link by which a living person agrees. */

import { need } from "../lib/dom.js";
import { PersonLink } from "./personlink.js";

export class ConsentStep {
  /** @param {{onChange: () => void, subject: () => {photo: string, face: number} | null}} options */
  constructor({ onChange, subject }) {
    this.onChange = onChange;
    this.bases = /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll('input[name="basis"]')]);
    this.ages = /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll('input[name="age"]')]);
    this.check = /** @type {HTMLInputElement} */ (need("#consent-check"));
    this.sharing = /** @type {HTMLInputElement} */ (need("#consent-sharing"));
    this.days = /** @type {HTMLSelectElement} */ (need("#consent-days"));
    this.next = /** @type {HTMLButtonElement} */ (need("#consent-next"));
    /** @type {{id: string, words: string} | null} */
    this.kept = null;
    this.link = new PersonLink({ subject, minor: () => this.minor, onChange: () => this.refresh() });
    for (const basis of this.bases) basis.addEventListener("change", () => this.choose(basis.value));
    for (const age of this.ages) {
      age.addEventListener("change", () => {
        this.check.checked = false;
        this.refresh();
      });
    }
    this.check.addEventListener("change", () => this.refresh());
    this.clear();
  }

  get chosen() {
    return this.bases.find((one) => one.checked) ?? null;
  }

  get age() {
    return this.ages.find((one) => one.checked)?.value ?? null;
  }

  get minor() {
    return this.age === "minor";
  }

  get living() {
    return this.chosen?.value === "living_agreed";
  }

  get done() {
    if (this.living) return this.link.given !== null;
    return this.chosen !== null && this.age !== null && this.check.checked;
  }

  /** @param {string} value another statement: it has to be confirmed anew */
  choose(value) {
    for (const basis of this.bases) basis.checked = basis.value === value;
    this.check.checked = false;
    if (this.living) void this.link.look();
    this.refresh();
  }

  /** The photo or the face changed: what was agreed to for another face does not count. */
  subjectChanged() {
    this.kept = null;
    this.link.forget();
    if (this.living) void this.link.look();
  }

  clear() {
    for (const one of [...this.bases, ...this.ages]) one.checked = false; // browsers keep ticks over a reload; consent must be given
    this.check.checked = false;
    this.sharing.checked = false;
    this.refresh();
  }

  refresh() {
    const value = this.chosen?.value;
    need("#consent-confirm").hidden = value === undefined;
    need("#consent-words").hidden = this.living || this.age === null;
    need("#person-link").hidden = !this.living || (this.age === null && this.link.given === null);
    for (const quote of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-statement]"))) {
      quote.hidden = quote.dataset.statement !== value;
    }
    for (const words of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-age]"))) {
      words.hidden = words.dataset.age !== this.age;
    }
    this.next.disabled = !this.done;
    this.onChange();
  }

  /**
   * A confirmation was kept already, for the preview: as long as nothing is changed, the video rests on the same.
   * @param {string} id @param {Record<string, unknown>} body what was confirmed
   */
  remember(id, body) {
    this.kept = { id, words: JSON.stringify(body) };
  }

  /** What the API takes. */
  get body() {
    if (this.living) return { id: this.link.given?.id };
    const { words } = this;
    return this.kept?.words === JSON.stringify(words) ? { id: this.kept.id } : words;
  }

  /** What is confirmed here. */
  get words() {
    return {
      basis: this.chosen?.value,
      confirmed: this.check.checked,
      statement_version: this.chosen?.dataset.version,
      minor: this.minor,
      sharing: this.sharing.checked,
      days: this.days.value ? Number(this.days.value) : null,
    };
  }

  get title() {
    if (this.living && this.link.given?.person) return `${this.link.given.person} agreed by themselves`;
    return this.chosen?.closest("label")?.textContent?.trim() ?? "";
  }
}
