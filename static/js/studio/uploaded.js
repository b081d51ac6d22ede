/** Uploaded speech: a sound file, picked or dropped. */

import { need } from "../lib/dom.js";
import { dropzone } from "../lib/dropzone.js";
import { clearError, showError } from "../lib/errors.js";
import { fileSize } from "../lib/format.js";

export class UploadedSpeech {
  /** @param {{maxBytes: number, errors: HTMLElement, onEdit: () => void}} options */
  constructor({ maxBytes, errors, onEdit }) {
    this.maxBytes = maxBytes;
    this.errors = errors;
    this.onEdit = onEdit;
    /** @type {File | null} */
    this.file = null;
    this.url = "";
    dropzone(need("#sound-drop"), (file) => this.take(file));
  }

  /** @param {import("./voice.js").Speech} speech uploaded before a reload; the sound is on the server */
  showSaved(speech) {
    need("#sound-name").textContent = "Your sound file";
    if (speech.url) /** @type {HTMLAudioElement} */ (need("#sound-audio")).src = speech.url;
    need("#sound-done").hidden = false;
  }

  /** @param {File} file */
  take(file) {
    clearError(this.errors);
    if (file.size > this.maxBytes) {
      const message = `The sound has ${fileSize(file.size)}, more than the ${fileSize(this.maxBytes)} we take.`;
      showError(this.errors, { error: "file_too_large", message, hint: "Shorten it, or save it as MP3." });
      return;
    }
    if (this.url) URL.revokeObjectURL(this.url);
    this.file = file;
    this.url = URL.createObjectURL(file);
    need("#sound-name").textContent = `${file.name} · ${fileSize(file.size)}`;
    /** @type {HTMLAudioElement} */ (need("#sound-audio")).src = this.url;
    need("#sound-done").hidden = false;
    this.onEdit();
  }
}
