/**
 * The preview beside the voice: while somebody records, and for words or a sound that are ready, before a video is made.
 * The photo itself moves only once there is a consent for its face; until then a drawn mouth does.
 */

import { ApiError, request, requestPacked } from "../lib/api.js";
import { announce, need, setBusy } from "../lib/dom.js";
import { clearError, showError } from "../lib/errors.js";
import { unpack } from "../lib/packed.js";
import { LiveSound } from "../preview/livesound.js";
import { Stage } from "../preview/stage.js";

export class MovingPreview {
  /**
   * @param {{subject: () => {photo: string, face: number} | null, pictureUrl: () => string,
   *   consent: import("./consent.js").ConsentStep, speech: () => Promise<import("./voice.js").Speech | null>}} options
   *   `speech` makes sure that the server has what is to be said, and tells the user where it has not
   */
  constructor({ subject, pictureUrl, consent, speech }) {
    this.subject = subject;
    this.pictureUrl = pictureUrl;
    this.consent = consent;
    this.speech = speech;
    this.about = "";
    this.box = need("#moving");
    this.state = need("#moving-state");
    this.live = /** @type {HTMLInputElement} */ (need("#moving-live"));
    this.button = /** @type {HTMLButtonElement} */ (need("#moving-play"));
    this.show = /** @type {HTMLButtonElement} */ (need("#moving-show"));
    this.errors = need("#moving-errors");
    this.calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.live.checked = !this.calm;
    this.stage = new Stage({
      canvas: /** @type {HTMLCanvasElement} */ (need("#moving-photo")), drawn: /** @type {HTMLCanvasElement} */ (need("#moving-drawn")), calm: this.calm,
    });
    this.sound = new LiveSound({
      onBegin: (controls) => {
        this.stage.begin(controls);
        this.tell("Live: the mouth follows your voice.");
      },
      onFrames: (frames) => {
        const newest = frames[frames.length - 1];
        this.stage.show(newest.values, newest.sample);
      },
      onEnd: (why) => {
        this.stage.end();
        this.tell(why);
      },
    });
    this.audio = new Audio();
    this.playing = 0;
    for (const event of ["ended", "error", "pause"]) this.audio.addEventListener(event, () => this.stopPlaying());
    this.button.addEventListener("click", () => void (this.playing ? this.stopPlaying() : this.play()));
    this.show.addEventListener("click", () => this.askFirst());
    this.dialog = /** @type {HTMLDialogElement} */ (need("#moving-dialog"));
    this.dialog.addEventListener("close", () => this.closed());
    need("#moving-yes").addEventListener("click", () => void this.confirmed());
    need("#moving-no").addEventListener("click", () => this.dialog.close());
  }

  /** @param {string} text said politely to a screen reader, too */
  tell(text) {
    this.state.textContent = text;
  }

  /** Photo, face or who takes part changed. */
  refresh() {
    const subject = this.subject();
    const about = subject ? JSON.stringify(subject) : "";
    this.box.hidden = !subject;
    this.showButton();
    if (about === this.about) return;
    this.about = about;
    this.stop();
    this.stage.forget();
    this.tell("");
    this.showButton();
    if (subject) void this.loadIfAllowed(about, subject);
  }

  showButton() {
    this.show.hidden = this.stage.hasPhoto || !this.subject();
    need("#moving-neutral").hidden = this.stage.hasPhoto;
  }

  /** A consent that holds already, from before a reload or from the person shown, is enough. @param {string} about @param {{photo: string, face: number}} subject */
  async loadIfAllowed(about, subject) {
    const found = await request("GET", `/api/photos/${subject.photo}/moving/?face=${subject.face}`).catch(() => null);
    if (found?.consent && this.about === about) await this.load(subject, { id: found.consent }).catch(() => undefined);
  }

  /**
   * @param {{photo: string, face: number}} subject @param {Record<string, unknown>} consent as for a job
   * @throws {ApiError}
   */
  async load(subject, consent) {
    const about = this.about;
    const { packed, told } = await requestPacked(`/api/photos/${subject.photo}/moving/`, { face: subject.face, consent }, "X-Consent");
    if (this.about !== about) return;
    this.consent.remember(told, consent);
    try {
      await this.stage.load(packed, this.pictureUrl());
    } catch {
      this.tell("This browser cannot move the photo (WebGL is missing or switched off). The drawn mouth moves instead.");
    }
    this.showButton();
  }

  /** The question of step 3, in the same words, before the photo moves. */
  askFirst() {
    clearError(this.errors);
    need("#moving-slot").append(need("#consent-ask"));
    this.dialog.showModal();
  }

  closed() {
    need("#consent-faces").after(need("#consent-ask"));
    this.show.focus();
  }

  async confirmed() {
    const subject = this.subject();
    if (!subject) return;
    if (!this.consent.done) {
      showError(this.errors, { error: "consent_missing", message: "Something is still open above.", hint: "Answer it and confirm the statement." });
      return;
    }
    const yes = /** @type {HTMLButtonElement} */ (need("#moving-yes"));
    setBusy(yes, true);
    clearError(this.errors);
    try {
      await this.load(subject, this.consent.body);
      this.dialog.close();
      announce("The photo is ready to move.");
      if (this.stage.hasPhoto) this.button.focus();
    } catch (error) {
      showError(this.errors, error);
    } finally {
      setBusy(yes, false);
    }
  }

  /** A recording has begun. @param {MediaStream} stream */
  follow(stream) {
    this.stopPlaying();
    if (!this.subject() || !this.live.checked) return;
    this.tell("Connecting the live preview …");
    void this.sound.start(stream);
  }

  /** The recording has stopped. */
  rest() {
    if (!this.sound.socket) return;
    this.sound.stop();
    this.stage.end();
    this.tell("");
  }

  /** Plays what is ready with the moving face. */
  async play() {
    this.rest();
    clearError(this.errors);
    setBusy(this.button, true);
    try {
      const speech = await this.speech();
      if (!speech) return;
      const { packed } = await requestPacked(`/api/speech/${speech.id}/motion/`, {});
      const { head, parts } = unpack(packed);
      this.source = parts.sound ? URL.createObjectURL(new Blob([parts.sound], { type: "audio/wav" })) : "";
      this.audio.src = this.source || (speech.url ?? "");
      await this.audio.play();
      this.run(head, parts.values);
    } catch (error) {
      this.tell(error instanceof ApiError ? `${error.message} ${error.hint}`.trim() : "This browser cannot play it.");
    } finally {
      setBusy(this.button, false);
    }
  }

  /** @param {{fps: number, frames: number, controls: string[], scale: number}} head @param {Int16Array} values */
  run({ fps, frames, controls, scale }, values) {
    const still = new Set(this.calm ? ["yaw", "pitch", "roll", "shift_x", "shift_y", "scale"] : []);
    const columns = controls.length;
    this.stage.begin(controls);
    this.showPlaying(true);
    this.tell("");
    const step = () => {
      const at = this.audio.currentTime * fps;
      const low = Math.floor(at);
      if (low >= frames - 1) {
        this.stopPlaying(); // a longer sound is previewed up to here
        return;
      }
      const part = at - low;
      const now = controls.map((name, column) => {
        const [one, next] = [values[low * columns + column], values[(low + 1) * columns + column]];
        return still.has(name) ? 0 : (one + part * (next - one)) * scale;
      });
      this.stage.show(Float32Array.from(now), Math.round(this.audio.currentTime * 16000));
      this.playing = requestAnimationFrame(step);
    };
    this.playing = requestAnimationFrame(step);
  }

  stopPlaying() {
    if (!this.playing) return;
    cancelAnimationFrame(this.playing);
    this.playing = 0;
    this.audio.pause();
    if (this.source) URL.revokeObjectURL(this.source);
    this.source = "";
    this.stage.end();
    this.showPlaying(false);
  }

  /** @param {boolean} on */
  showPlaying(on) {
    need("#moving-play-start").hidden = on;
    need("#moving-play-stop").hidden = !on;
  }

  stop() {
    this.stopPlaying();
    this.rest();
  }
}
