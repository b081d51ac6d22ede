/** "This looks like Spanish": a language found in the typed words is offered, never taken without being asked. */

import { request } from "../lib/api.js";
import { need } from "../lib/dom.js";

/** Quiet time after the last key, and the fewest letters worth asking about. */
const PAUSE_MS = 700;
const FEWEST_LETTERS = 12;

export class LanguageSuggestion {
  /**
   * @param {{text: HTMLTextAreaElement, language: HTMLSelectElement, names: Map<string, string>}} options `names` are
   *   those of the languages on offer, by code
   */
  constructor({ text, language, names }) {
    this.text = text;
    this.language = language;
    this.names = names;
    this.box = need("#typed-language-guess");
    this.button = /** @type {HTMLButtonElement} */ (need("button", this.box));
    this.refused = "";
    /** @type {AbortController | null} */
    this.asking = null;
    this.timer = 0;
    text.addEventListener("input", () => this.later());
    language.addEventListener("change", () => {
      // Whoever chooses has decided: the same suggestion does not come back for these words.
      this.refused = this.button.value;
      this.show("");
    });
    this.button.addEventListener("click", () => this.take());
  }

  later() {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.ask(), PAUSE_MS);
  }

  async ask() {
    this.asking?.abort();
    const text = this.text.value.trim();
    if (text.length < FEWEST_LETTERS) return this.show("");
    const asking = new AbortController();
    this.asking = asking;
    try {
      const found = await request("POST", "/api/speech/language/", { text: text.slice(0, 500), language: this.language.value });
      if (!asking.signal.aborted) this.show(found.suggested ?? "");
    } catch {
      // A suggestion is a courtesy: without an answer there is none.
      if (!asking.signal.aborted) this.show("");
    }
  }

  /** @param {string} code empty for none */
  show(code) {
    const name = this.names.get(code);
    this.box.hidden = !name || code === this.refused || code === this.language.value;
    this.button.value = code;
    need("span", this.box).textContent = name ? `This looks like ${name}.` : "";
    this.button.textContent = name ? `Speak it in ${name}` : "";
  }

  take() {
    this.language.value = this.button.value;
    this.language.dispatchEvent(new Event("input", { bubbles: true }));
    this.language.dispatchEvent(new Event("change", { bubbles: true }));
    this.language.focus();
  }
}
