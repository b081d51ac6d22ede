/** Recorded speech: the microphone's button, its level, the time, and listening to the result. */

import { announce, need } from "../lib/dom.js";
import { showError } from "../lib/errors.js";
import { clock, lengthInWords } from "../lib/format.js";
import { canRecord, explain, Recorder } from "../lib/recorder.js";

export class RecordedSpeech {
  /**
   * @param {{maxSeconds: number, errors: HTMLElement, onEdit: () => void, onStream: (stream: MediaStream | null) => void}} options
   *   `onStream` gets the microphone while it records, null afterwards
   */
  constructor({ maxSeconds, errors, onEdit, onStream }) {
    this.errors = errors;
    this.onStream = onStream;
    this.onEdit = onEdit;
    /** @type {Blob | null} */
    this.blob = null;
    this.seconds = 0;
    this.url = "";
    this.starting = false;
    this.button = /** @type {HTMLButtonElement} */ (need("#record-toggle"));
    this.time = need("#record-time");
    this.level = need("#record-level");
    this.state = need("#record-state");
    this.invitation = `Press the microphone and speak, for up to ${lengthInWords(maxSeconds)}.`;
    this.state.textContent = this.invitation;
    this.recorder = new Recorder({
      maxSeconds,
      onTime: (seconds) => {
        this.time.textContent = clock(seconds);
      },
      onLevel: (level) => this.showLevel(level),
    });
    need("#record-unsupported").hidden = canRecord();
    need("#recorder").hidden = !canRecord();
    this.button.addEventListener("click", () => void this.toggle());
    need("#record-again").addEventListener("click", () => {
      this.clear();
      this.button.focus();
    });
    window.addEventListener("pagehide", () => this.recorder.release());
  }

  get recording() {
    return this.recorder.recorder?.state === "recording";
  }

  /** @param {number} level in [0, 1] */
  showLevel(level) {
    const percent = Math.round(level * 100);
    this.level.setAttribute("aria-valuenow", String(percent));
    /** @type {HTMLElement} */ (this.level.firstElementChild).style.setProperty("--value", `${percent}%`);
  }

  async toggle() {
    if (this.recording) {
      this.recorder.stop();
      return;
    }
    if (this.starting) return;
    this.starting = true;
    this.errors.replaceChildren();
    this.clear();
    try {
      await this.recorder.begin();
    } catch (error) {
      this.recorder.release();
      const { message, hint } = explain(error);
      showError(this.errors, { error: "microphone", message, hint });
      return;
    } finally {
      this.starting = false;
    }
    this.showRecording(true);
    try {
      const { blob, seconds, peak } = await /** @type {Promise<{blob: Blob, seconds: number, peak: number}>} */ (
        this.recorder.finished
      );
      this.keep(blob, seconds, peak);
    } catch (error) {
      const { message, hint } = explain(error);
      showError(this.errors, { error: "microphone", message, hint });
    } finally {
      this.showRecording(false);
    }
  }

  /** @param {boolean} on */
  showRecording(on) {
    this.button.classList.toggle("recording", on);
    need("#record-label").textContent = on ? "Stop recording" : "Start recording";
    const use = /** @type {SVGUseElement} */ (this.button.querySelector("use"));
    use.setAttribute("href", `${document.documentElement.dataset.icons}#${on ? "stop" : "mic"}`);
    if (on) this.state.textContent = "Recording. Press again to stop.";
    announce(on ? "Recording" : "Recording stopped");
    this.onStream(on ? this.recorder.stream : null);
  }

  /**
   * @param {Blob} blob
   * @param {number} seconds
   * @param {number} peak
   */
  keep(blob, seconds, peak) {
    if (blob.size === 0 || seconds < 0.4) {
      this.state.textContent = "That was too short. Press the microphone and speak.";
      return;
    }
    this.blob = blob;
    this.seconds = seconds;
    this.url = URL.createObjectURL(blob);
    /** @type {HTMLAudioElement} */ (need("#record-audio")).src = this.url;
    need("#record-done").hidden = false;
    this.time.textContent = clock(seconds);
    this.state.textContent =
      peak < 0.25 ? "We hardly heard anything. Listen to it, and record again closer to the microphone." : "Recorded. Listen to it, or continue.";
    this.onEdit();
  }

  /** @param {import("./voice.js").Speech} speech recorded before a reload; the sound is on the server */
  showSaved(speech) {
    if (speech.url) /** @type {HTMLAudioElement} */ (need("#record-audio")).src = speech.url;
    need("#record-done").hidden = false;
    this.time.textContent = clock(speech.duration_s ?? 0);
    this.state.textContent = "Recorded. Listen to it, or continue.";
  }

  clear() {
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = "";
    this.blob = null;
    this.seconds = 0;
    need("#record-done").hidden = true;
    need("#record-audio").removeAttribute("src");
    this.time.textContent = clock(0);
    this.state.textContent = this.invitation;
    this.onEdit();
  }

  /** A name whose ending fits what the browser recorded. */
  get fileName() {
    const type = this.blob?.type ?? "";
    if (type.includes("mp4")) return "recording.m4a";
    return type.includes("ogg") ? "recording.ogg" : "recording.webm";
  }
}
