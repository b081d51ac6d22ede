/** One line of a conversation: who says it, what, in which voice, and how long after the line before. */

import { ApiError, request, untilChecked, upload } from "../lib/api.js";
import { h, icon } from "../lib/dom.js";
import { fieldError, words } from "../lib/errors.js";
import { fileSize } from "../lib/format.js";
import { canRecord, explain, Recorder } from "../lib/recorder.js";
import { fillSelect } from "./typed.js";

/**
 * @typedef {import("./roles.js").Person} Person
 * @typedef {import("./voice.js").Speech} Speech
 * @typedef {{face: number, text: string, voice: string, pause: string, sound?: string}} LineDraft `sound`: the id of a
 *   recording that the server has
 * @typedef {{limits: {max_sound_bytes: number, max_sound_seconds: number, max_text_chars: number, sound_types: string},
 *   language: () => string, voices: () => {id: string, name: string}[], people: () => Person[],
 *   onEdit: (line: TalkLine) => void, onMove: (line: TalkLine, by: number) => void, onRemove: (line: TalkLine) => void,
 *   onHear: (line: TalkLine) => void}} Surroundings
 */

let count = 0;

export class TalkLine {
  /**
   * @param {Surroundings} around
   * @param {LineDraft} draft
   */
  constructor(around, draft) {
    this.around = around;
    this.key = `line-${++count}`;
    /** @type {Blob | null} a recording or a file, in place of the words */
    this.sound = null;
    this.soundName = "";
    this.soundKind = "uploaded";
    this.soundUrl = "";
    /** @type {Speech | null} what the server has of it */
    this.speech = null;
    /** The server has the sound, but with other words or another language. */
    this.stale = false;
    /** @type {Promise<boolean> | null} */
    this.sending = null;
    this.recorder = new Recorder({
      maxSeconds: around.limits.max_sound_seconds,
      onTime: (seconds) => this.tell(`Recording, ${Math.floor(seconds)} s. Press again to stop.`),
      onLevel: () => {},
    });
    this.build();
    this.showPeople();
    this.showVoices();
    this.face.value = String(draft.face);
    this.text.value = draft.text;
    this.voice.value = draft.voice;
    this.pause.value = draft.pause;
    this.showFace();
  }

  build() {
    const { limits } = this.around;
    const id = (/** @type {string} */ name) => `${this.key}-${name}`;
    this.number = h("span", { class: "talk-number" });
    this.thumb = h("span", { class: "talk-thumb" });
    this.face = /** @type {HTMLSelectElement} */ (h("select", { id: id("face"), "aria-label": "Who says this" }));
    this.text = /** @type {HTMLTextAreaElement} */ (
      h("textarea", { id: id("text"), rows: 2, maxlength: limits.max_text_chars, "aria-label": "What is said", "aria-describedby": id("error") })
    );
    this.voice = /** @type {HTMLSelectElement} */ (h("select", { id: id("voice") }));
    this.pause = /** @type {HTMLInputElement} */ (
      h("input", { id: id("pause"), type: "number", min: -5, max: 60, step: 0.1, inputmode: "decimal" })
    );
    this.error = h("p", { class: "field-error", id: id("error") });
    this.state = h("p", { class: "hint", role: "status" });
    this.audio = /** @type {HTMLAudioElement} */ (h("audio", { controls: true, preload: "metadata" }));
    this.soundBox = h(
      "div",
      { class: "talk-sound", hidden: true },
      this.audio,
      h("button", { type: "button", class: "button button-quiet button-s", onclick: () => this.dropSound() }, "Type the words instead"),
    );
    this.hear = this.button("play", "Hear it", () => this.around.onHear(this));
    this.record = this.button("mic", "Record", () => void this.toggleRecording());
    this.record.hidden = !canRecord();
    const file = /** @type {HTMLInputElement} */ (
      h("input", { type: "file", class: "visually-hidden", accept: limits.sound_types, "aria-label": "Choose a sound for this line" })
    );
    file.addEventListener("change", () => {
      if (file.files?.[0]) this.takeFile(file.files[0]);
      file.value = "";
    });
    this.up = this.tool("up", "Move this line up", () => this.around.onMove(this, -1));
    this.down = this.tool("down", "Move this line down", () => this.around.onMove(this, 1));
    this.remove = this.tool("trash", "Remove this line", () => this.around.onRemove(this));
    this.pauseField = h("div", { class: "field talk-pause" }, h("label", { for: id("pause") }, "Pause (s)"), this.pause);
    this.voiceField = h("div", { class: "field" }, h("label", { for: id("voice") }, "Voice"), this.voice);
    this.element = h(
      "li",
      { class: "talk-line" },
      h("div", { class: "talk-head" }, this.number, this.thumb, h("div", { class: "field" }, this.face), h("span", { class: "talk-tools" }, this.up, this.down, this.remove)),
      h("div", { class: "field talk-words" }, this.text),
      this.soundBox,
      this.error,
      h(
        "div",
        { class: "talk-options" },
        this.voiceField,
        this.pauseField,
        h("div", { class: "talk-buttons" }, this.hear, this.record, h("label", { class: "button button-quiet button-s file-button" }, icon("upload"), "A sound", file)),
      ),
      this.state,
    );
    for (const control of [this.face, this.text, this.voice, this.pause]) {
      control.addEventListener("input", () => this.edited(control));
    }
  }

  /**
   * @param {string} name
   * @param {string} label
   * @param {() => void} action
   */
  button(name, label, action) {
    const text = h("span", {}, label);
    return h("button", { type: "button", class: "button button-quiet button-s", onclick: action }, icon(name), text);
  }

  /**
   * @param {string} name
   * @param {string} label
   * @param {() => void} action
   */
  tool(name, label, action) {
    const tool = h("button", { type: "button", class: "button button-quiet button-icon", title: label, onclick: action }, icon(name));
    tool.append(h("span", { class: "visually-hidden" }, label));
    return /** @type {HTMLButtonElement} */ (tool);
  }

  /** @param {HTMLElement} control */
  edited(control) {
    fieldError(this.text, this.error, "");
    if (control === this.face) this.showFace();
    if (control !== this.face && control !== this.pause) this.outdate();
    this.around.onEdit(this);
  }

  /** The speech on the server no longer fits. */
  outdate() {
    // A recording is kept until it is replaced, so that a reload of the page does not lose it.
    if (this.sound && this.speech) {
      this.stale = true;
      return;
    }
    this.forget();
  }

  /** What the server has is not needed any more. */
  forget() {
    this.stale = false;
    if (this.speech) request("DELETE", `/api/speech/${this.speech.id}/`).catch(() => {});
    this.speech = null;
  }

  showPeople() {
    fillSelect(this.face, this.around.people().map(({ index, name }) => ({ value: String(index), label: name })));
    this.showFace();
  }

  showFace() {
    const person = this.around.people().find((one) => one.index === this.faceIndex);
    this.thumb.replaceChildren(...(person ? [person.thumb()] : []));
  }

  showVoices() {
    fillSelect(this.voice, this.around.voices().map(({ id, name }) => ({ value: id, label: name })));
  }

  /**
   * @param {number} place counted from 0
   * @param {number} lines
   */
  place(place, lines) {
    this.number.textContent = `${place + 1}.`;
    this.element.setAttribute("aria-label", `Line ${place + 1} of ${lines}`);
    this.up.disabled = place === 0;
    this.down.disabled = place === lines - 1;
    this.remove.disabled = lines === 1;
    this.pauseField.hidden = place === 0;
  }

  get faceIndex() {
    return Number(this.face.value);
  }

  get pauseSeconds() {
    return Number.isFinite(this.pause.valueAsNumber) ? this.pause.valueAsNumber : 0.45;
  }

  get done() {
    return this.speech?.state === "ready" && !this.stale;
  }

  /** @returns {LineDraft} what a draft keeps; of a sound, where the server has it */
  get draft() {
    const sound = this.sound ? this.speech?.id : undefined;
    return { face: this.faceIndex, text: this.text.value, voice: this.voice.value, pause: this.pause.value, sound };
  }

  /**
   * After a reload: the recording is on the server already.
   * @param {string} id
   */
  async restoreSound(id) {
    const speech = await request("GET", `/api/speech/${id}/`).catch(() => null);
    if (speech?.state !== "ready" || !speech.url) return;
    const answer = await fetch(speech.url, { credentials: "same-origin" }).catch(() => null);
    if (!answer?.ok) return;
    this.sound = await answer.blob();
    this.soundName = "line.wav";
    this.soundKind = speech.kind;
    this.soundUrl = URL.createObjectURL(this.sound);
    this.audio.src = this.soundUrl;
    this.speech = speech;
    this.stale = speech.transcript !== this.text.value.trim() || speech.language !== this.around.language();
    this.showKind();
    this.tell(speech.kind === "recorded" ? "Recorded." : "Your sound is still here.");
  }

  /** What the API takes of typed words. */
  get body() {
    return { kind: "typed", text: this.text.value.trim(), language: this.around.language(), voice: this.voice.value, speed: 1, pitch: 1 };
  }

  /** @param {string} text */
  tell(text) {
    this.state.textContent = text;
  }

  /** @param {File} file */
  takeFile(file) {
    if (file.size > this.around.limits.max_sound_bytes) {
      this.complain(`The sound has ${fileSize(file.size)}, more than the ${fileSize(this.around.limits.max_sound_bytes)} we take.`);
      return;
    }
    this.keep(file, file.name, "uploaded");
  }

  async toggleRecording() {
    if (this.recorder.recorder?.state === "recording") {
      this.recorder.stop();
      return;
    }
    try {
      await this.recorder.begin();
      this.record.classList.add("recording");
      const { blob, seconds } = await /** @type {Promise<{blob: Blob, seconds: number}>} */ (this.recorder.finished);
      if (seconds < 0.4) this.complain("That was too short. Press Record and speak.");
      else this.keep(blob, blob.type.includes("mp4") ? "line.m4a" : blob.type.includes("ogg") ? "line.ogg" : "line.webm", "recorded");
    } catch (error) {
      this.recorder.release();
      const { message, hint } = explain(error);
      this.complain(`${message} ${hint}`);
    } finally {
      this.record.classList.remove("recording");
    }
  }

  /**
   * @param {Blob} sound
   * @param {string} name
   * @param {"recorded" | "uploaded"} kind
   */
  keep(sound, name, kind) {
    this.dropSound();
    this.sound = sound;
    this.soundName = name;
    this.soundKind = kind;
    this.soundUrl = URL.createObjectURL(sound);
    this.audio.src = this.soundUrl;
    this.showKind();
    this.tell(kind === "recorded" ? "Recorded. If you also type the words, the lips follow more closely." : `${name}. If you also type the words, the lips follow more closely.`);
    this.around.onEdit(this);
    // At once, so that it is there when the page is loaded anew; what is wrong with it is told now, too.
    void this.send().then(() => this.around.onEdit(this));
  }

  dropSound() {
    this.forget();
    if (this.soundUrl) URL.revokeObjectURL(this.soundUrl);
    this.sound = null;
    this.soundUrl = "";
    this.audio.removeAttribute("src");
    this.showKind();
    this.tell("");
    this.around.onEdit(this);
  }

  showKind() {
    this.soundBox.hidden = !this.sound;
    this.voiceField.hidden = Boolean(this.sound);
    this.hear.hidden = Boolean(this.sound);
    this.text.setAttribute("aria-label", this.sound ? "The words of the sound (optional)" : "What is said");
  }

  /** @param {string} text */
  complain(text) {
    fieldError(this.text, this.error, text);
  }

  /** @returns {boolean} whether there is something to say; says what is missing */
  validate() {
    if (this.sound || this.text.value.trim()) return true;
    this.complain("Write what is said, record it, or remove this line.");
    return false;
  }

  /**
   * Makes sure that the server has this line, checked.
   * @returns {Promise<boolean>}
   */
  async send() {
    if (this.sending) await this.sending;
    if (this.done) return true;
    this.sending = this.sendNow();
    const sent = await this.sending;
    this.sending = null;
    return sent;
  }

  async sendNow() {
    const old = this.speech;
    const sound = this.sound;
    try {
      const made = this.sound ? await this.sendSound(this.sound) : await request("POST", "/api/speech/", this.body);
      const checked = made.state === "checking" ? await untilChecked(`/api/speech/${made.id}/`) : made;
      if (this.sound !== sound) {
        // Another one came meanwhile, or words in its place.
        request("DELETE", `/api/speech/${checked.id}/`).catch(() => {});
        return false;
      }
      if (checked.state === "ready") {
        this.speech = checked;
        this.stale = false;
        if (old) request("DELETE", `/api/speech/${old.id}/`).catch(() => {});
      } else this.complain(`${checked.error?.message ?? ""} ${checked.error?.hint ?? ""}`.trim());
      return this.done;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { message, hint } = words(error);
      this.complain(`${message} ${hint}`.trim());
      return false;
    }
  }

  /** @param {Blob} sound */
  sendSound(sound) {
    const form = new FormData();
    form.append("kind", this.soundKind);
    form.append("language", this.around.language());
    form.append("transcript", this.text.value.trim());
    form.append("file", sound, this.soundName);
    return upload("/api/speech/", form);
  }
}
