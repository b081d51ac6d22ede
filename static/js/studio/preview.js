/** "Hear it": the beginning of the typed words in the chosen voice, before anything is made. */

import { ApiError, requestFile } from "../lib/api.js";
import { need } from "../lib/dom.js";

export class Preview {
  /**
   * @param {{body: () => unknown, valid: () => boolean}} options `body` is what the API takes; `valid` tells the user
   *   when there is nothing to say
   */
  constructor({ body, valid }) {
    this.body = body;
    this.valid = valid;
    this.button = /** @type {HTMLButtonElement} */ (need("#typed-hear"));
    this.state = need("#typed-hear-state");
    this.audio = new Audio();
    /** @type {AbortController | null} */
    this.asking = null;
    this.button.addEventListener("click", () => (this.busy ? this.stop() : this.start()));
    for (const event of ["ended", "error"]) this.audio.addEventListener(event, () => this.stop());
  }

  get busy() {
    return this.asking !== null;
  }

  async start() {
    if (!this.valid()) return;
    const asking = new AbortController();
    this.asking = asking;
    this.show("One moment …");
    try {
      const sound = await requestFile("/api/speech/preview/", this.body(), asking.signal);
      if (asking.signal.aborted) return;
      this.audio.src = URL.createObjectURL(sound);
      await this.audio.play();
      this.show("Playing the beginning");
    } catch (error) {
      // Stopped meanwhile: by this button, or by an edit.
      if (this.asking !== asking) return;
      this.stop(error instanceof ApiError ? `${error.message} ${error.hint}`.trim() : "This browser cannot play it.");
    }
  }

  /** @param {string} [why] said beside the button */
  stop(why = "") {
    this.asking?.abort();
    this.asking = null;
    this.audio.pause();
    if (this.audio.src) URL.revokeObjectURL(this.audio.src);
    this.audio.removeAttribute("src");
    this.show(why);
  }

  /** @param {string} text */
  show(text) {
    need("#typed-hear-play").hidden = this.busy;
    need("#typed-hear-stop").hidden = !this.busy;
    this.state.textContent = text;
  }
}
