/** What the check heard in a recording, and what may be done to it; the recording as it came is always kept. */

import { request, untilChecked } from "../lib/api.js";
import { need, setBusy } from "../lib/dom.js";
import { clearError, showError } from "../lib/errors.js";

/** @typedef {import("./voice.js").Speech} Speech */

export class SoundReview {
  /** @param {{errors: Element, next: HTMLButtonElement, onChange: (speech: Speech) => void}} options */
  constructor({ errors, next, onChange }) {
    this.errors = errors;
    this.next = next;
    this.onChange = onChange;
    /** @type {Speech | null} */
    this.speech = null;
    this.box = need("#sound-review");
    this.list = need("ul", this.box);
    this.audio = /** @type {HTMLAudioElement} */ (need("audio", this.box));
    this.state = need("#sound-review-state");
    this.choices = /** @type {HTMLInputElement[]} */ ([...this.box.querySelectorAll("input[type=checkbox]")]);
    for (const choice of this.choices) choice.addEventListener("change", () => this.apply());
  }

  /** @param {Speech | null} speech null hides it */
  show(speech) {
    const recorded = speech !== null && speech.kind !== "typed" && speech.state === "ready";
    this.speech = recorded ? speech : null;
    this.box.hidden = !recorded;
    if (!recorded) {
      this.audio.removeAttribute("src");
      this.state.textContent = "";
      return;
    }
    this.list.replaceChildren(...speech.findings.map(({ message, hint }) => {
      const item = document.createElement("li");
      item.textContent = `${message} ${hint}`.trim();
      return item;
    }));
    need("#sound-review-good").hidden = speech.findings.length > 0;
    for (const choice of this.choices) choice.checked = Boolean(speech[/** @type {"trim"} */ (choice.name)]);
    if (speech.url) this.audio.src = speech.url;
  }

  /** Have the recording cleaned as chosen, and offer to hear it. */
  async apply() {
    const before = this.speech;
    if (!before) return;
    clearError(this.errors);
    const wanted = Object.fromEntries(this.choices.map(({ name, checked }) => [name, checked]));
    for (const choice of this.choices) choice.disabled = true;
    setBusy(this.next, true);
    this.state.textContent = "Working on the sound…";
    try {
      const asked = await request("POST", `/api/speech/${before.id}/sound/`, wanted);
      const speech = asked.state === "checking" ? await untilChecked(`/api/speech/${before.id}/`) : asked;
      if (this.speech !== before) return;
      this.show(speech);
      this.state.textContent = "Done. Listen to it here; your recording is kept as it was.";
      this.onChange(speech);
    } catch (error) {
      this.show(before);
      showError(this.errors, error);
    } finally {
      for (const choice of this.choices) choice.disabled = false;
      setBusy(this.next, false);
    }
  }
}
