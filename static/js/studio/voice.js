/** Step 2: typed, recorded or uploaded speech becomes one speech on the server, made again only after a change. */

import { ApiError, request, untilChecked, upload } from "../lib/api.js";
import { need, setBusy } from "../lib/dom.js";
import { clearError, showError } from "../lib/errors.js";
import { setProgress } from "../lib/progressbar.js";
import { tabs } from "../lib/tabs.js";
import { RecordedSpeech } from "./recorded.js";
import { SoundReview } from "./soundreview.js";
import { fillSelect, preferred, TypedSpeech } from "./typed.js";
import { UploadedSpeech } from "./uploaded.js";

/**
 * @typedef {{id: string, kind: "typed" | "recorded" | "uploaded", state: "checking" | "ready" | "rejected",
 *   text: string, transcript: string, language: string, voice: string, speed: number, pitch: number,
 *   duration_s: number | null, findings: {code: string, message: string, hint: string}[], normalise: boolean,
 *   denoise: boolean, trim: boolean, url: string | null, error: {error: string, message: string, hint: string} | null}} Speech
 */

export class VoiceStep {
  /**
   * @param {{limits: {max_sound_bytes: number, max_sound_seconds: number},
   *   languages: import("./typed.js").Language[], onChange: () => void, onReady: () => void,
   *   onStream: (stream: MediaStream | null) => void}} options `onStream` gets the microphone while it records
   */
  constructor({ limits, languages, onChange, onReady, onStream }) {
    this.onChange = onChange;
    this.kind = "typed";
    /** @type {Speech | null} */
    this.speech = null;
    this.errors = need("#voice-errors");
    this.progress = need("#voice-progress");
    this.next = /** @type {HTMLButtonElement} */ (need("#voice-next"));
    this.language = /** @type {HTMLSelectElement} */ (need("#sound-language"));
    this.transcript = /** @type {HTMLTextAreaElement} */ (need("#sound-transcript"));
    fillSelect(this.language, languages.map(({ code, name }) => ({ value: code, label: name })));
    this.language.value = preferred(languages);

    const onEdit = () => this.outdate();
    this.typed = new TypedSpeech({ languages, onEdit });
    this.recorded = new RecordedSpeech({ maxSeconds: limits.max_sound_seconds, errors: this.errors, onEdit, onStream });
    this.uploaded = new UploadedSpeech({ maxBytes: limits.max_sound_bytes, errors: this.errors, onEdit });
    this.language.addEventListener("change", onEdit);
    this.transcript.addEventListener("input", onEdit);

    this.review = new SoundReview({
      errors: this.errors, next: this.next, onChange: (speech) => { this.speech = speech; this.onChange(); },
    });
    this.tabs = tabs(need("#voice-tabs"), (panel) => this.switchTo(panel.replace("panel-", "")));
    this.next.addEventListener("click", async () => {
      this.typed.preview.stop();
      const seen = this.done;
      if (!(await this.send())) return;
      this.review.show(this.speech);
      // What is wrong with a recording is read before the next step; pressing again goes on.
      if (seen || !this.speech?.findings.length) onReady();
      else need("#sound-review").focus();
    });
  }

  get done() {
    return this.speech?.state === "ready";
  }

  /** @param {string} kind */
  switchTo(kind) {
    if (kind !== this.kind) this.outdate();
    this.kind = kind;
    clearError(this.errors);
    need("#sound-details").hidden = kind === "typed";
    if (kind !== "recorded" && this.recorded.recording) this.recorded.recorder.stop();
    if (kind !== "typed") this.typed.preview.stop();
    this.onChange();
  }

  /** Something was edited: the speech on the server no longer fits. */
  outdate() {
    if (this.speech) request("DELETE", `/api/speech/${this.speech.id}/`).catch(() => {});
    this.speech = null;
    this.review.show(null);
    this.onChange();
  }

  /** @param {Speech} speech after a reload */
  restore(speech) {
    if (speech.kind !== "typed") {
      this.transcript.value = speech.transcript;
      this.language.value = speech.language;
    }
    if (speech.kind === "recorded") this.recorded.showSaved(speech);
    if (speech.kind === "uploaded") this.uploaded.showSaved(speech);
    this.speech = speech;
    this.review.show(speech);
  }

  /** @returns {boolean} whether there is something to send; says what is missing */
  validate() {
    if (this.kind === "typed") return this.typed.validate();
    if (this.kind === "recorded" && !this.recorded.blob) {
      const hint = "Press the microphone and speak.";
      showError(this.errors, { error: "nothing_recorded", message: "There is no recording yet.", hint });
      return false;
    }
    if (this.kind === "uploaded" && !this.uploaded.file) {
      const hint = "Choose a file, or drop one.";
      showError(this.errors, { error: "nothing_uploaded", message: "There is no sound yet.", hint });
      return false;
    }
    return true;
  }

  /**
   * Makes sure that the server has this speech, checked.
   * @returns {Promise<boolean>}
   */
  async send() {
    if (this.done) return true;
    clearError(this.errors);
    if (this.recorded.recording) this.recorded.recorder.stop();
    if (!this.validate()) return false;
    setBusy(this.next, true);
    try {
      const made = await this.create();
      this.tell(this.kind === "typed" ? "Preparing the voice…" : "Checking the sound…", null);
      const checked = made.state === "checking" ? await untilChecked(`/api/speech/${made.id}/`) : made;
      if (checked.state === "rejected") {
        showError(this.errors, checked.error);
        return false;
      }
      this.speech = checked;
      this.onChange();
      return true;
    } catch (error) {
      showError(this.errors, error);
      if (error instanceof ApiError && this.kind === "typed") this.typed.text.focus({ preventScroll: true });
      return false;
    } finally {
      this.progress.hidden = true;
      setBusy(this.next, false);
    }
  }

  /** @returns {Promise<Speech>} */
  create() {
    if (this.kind === "typed") return request("POST", "/api/speech/", this.typed.body);
    const form = new FormData();
    form.append("kind", this.kind);
    form.append("language", this.language.value);
    form.append("transcript", this.transcript.value.trim());
    if (this.kind === "recorded") form.append("file", /** @type {Blob} */ (this.recorded.blob), this.recorded.fileName);
    else form.append("file", /** @type {File} */ (this.uploaded.file));
    return upload("/api/speech/", form, { onProgress: (part) => this.tell("Sending the sound…", part * 100) });
  }

  /**
   * @param {string} text
   * @param {number | null} percent
   */
  tell(text, percent) {
    this.progress.hidden = false;
    need("#voice-progress-text").textContent = text;
    setProgress(need(".progress", this.progress), percent);
  }
}
