/** Step 2 of a conversation: lines in order, each said by one of the faces that speak. */

import { ApiError, requestFile } from "../lib/api.js";
import { announce, h, need, setBusy } from "../lib/dom.js";
import { clearError, showError, words } from "../lib/errors.js";
import { TalkLine } from "./talkline.js";
import { fillSelect, preferred } from "./typed.js";

/**
 * @typedef {import("./talkline.js").LineDraft} LineDraft
 * @typedef {import("./roles.js").Person} Person
 */

/** Voices of people whose voice nobody chose, so that two of them do not sound alike. */
const VOICES = ["woman", "man", "woman-bright", "man-deep", "woman-old", "man-old"];
const PAUSE = "0.4";

export class TalkStep {
  /**
   * @param {{limits: import("./talkline.js").Surroundings["limits"], languages: import("./typed.js").Language[],
   *   people: () => Person[], onChange: () => void, onReady: () => void}} options
   */
  constructor({ limits, languages, people, onChange, onReady }) {
    this.limits = limits;
    this.languages = languages;
    this.people = people;
    this.onChange = onChange;
    /** @type {TalkLine[]} */
    this.lines = [];
    this.list = need("#talk-lines");
    this.errors = need("#talk-errors");
    this.progress = need("#talk-progress");
    this.state = need("#talk-hear-state");
    this.hearAll = /** @type {HTMLButtonElement} */ (need("#talk-hear"));
    this.next = /** @type {HTMLButtonElement} */ (need("#talk-next"));
    this.language = /** @type {HTMLSelectElement} */ (need("#talk-language"));
    fillSelect(this.language, languages.map(({ code, name }) => ({ value: code, label: name })));
    this.language.value = preferred(languages);
    this.language.addEventListener("change", () => {
      for (const line of this.lines) {
        line.showVoices();
        line.outdate();
      }
      this.edited();
    });
    this.audio = new Audio();
    /** @type {AbortController | null} */
    this.playing = null;
    need("#talk-add").addEventListener("click", () => this.add(this.following(), true));
    this.hearAll.addEventListener("click", () => (this.playing ? this.stop() : void this.play(this.lines)));
    this.next.addEventListener("click", async () => {
      this.stop();
      if (await this.send()) onReady();
    });
  }

  get voices() {
    return this.languages.find((one) => one.code === this.language.value)?.voices ?? [];
  }

  get done() {
    return this.lines.length > 0 && this.lines.every((line) => line.done);
  }

  /** The faces that speak may have changed: lines of those who do not any more go to somebody who does. */
  refresh() {
    for (const line of this.lines) line.showPeople();
    if (this.lines.length === 0 && this.people().length > 0) {
      for (const person of this.people().slice(0, 2)) this.add(this.draftFor(person.index), false);
    }
  }

  /** @param {number} face */
  draftFor(face) {
    const said = this.lines.find((line) => line.faceIndex === face);
    const place = this.people().findIndex((one) => one.index === face);
    return { face, text: "", voice: said?.voice.value ?? VOICES[Math.max(0, place) % VOICES.length], pause: PAUSE };
  }

  /** A line for whoever answers the last one. */
  following() {
    const people = this.people();
    const last = people.findIndex((one) => one.index === this.lines.at(-1)?.faceIndex);
    return this.draftFor(people[(last + 1) % people.length]?.index ?? 0);
  }

  /**
   * @param {LineDraft} draft
   * @param {boolean} byHand
   */
  add(draft, byHand) {
    const line = new TalkLine(
      {
        limits: this.limits,
        language: () => this.language.value,
        voices: () => this.voices,
        people: this.people,
        onEdit: (edited) => this.edited(edited),
        onMove: (moved, by) => this.move(moved, by),
        onRemove: (gone) => this.remove(gone),
        onHear: (heard) => (this.playing ? this.stop() : void this.play([heard])),
      },
      draft,
    );
    this.lines.push(line);
    this.list.append(line.element);
    this.number();
    if (byHand) line.text.focus();
    this.edited();
  }

  /**
   * @param {TalkLine} line
   * @param {number} by
   */
  move(line, by) {
    const from = this.lines.indexOf(line);
    const to = from + by;
    if (to < 0 || to >= this.lines.length) return;
    this.lines.splice(from, 1);
    this.lines.splice(to, 0, line);
    this.list.replaceChildren(...this.lines.map((one) => one.element));
    this.number();
    const button = by < 0 ? line.up : line.down;
    (button.disabled ? (by < 0 ? line.down : line.up) : button).focus();
    announce(`Now line ${to + 1} of ${this.lines.length}`);
    this.edited();
  }

  /** @param {TalkLine} line */
  remove(line) {
    const place = this.lines.indexOf(line);
    this.lines.splice(place, 1);
    line.dropSound();
    line.element.remove();
    this.number();
    (this.lines[place] ?? this.lines.at(-1))?.text.focus();
    announce("Line removed");
    this.edited();
  }

  number() {
    this.lines.forEach((line, place) => line.place(place, this.lines.length));
  }

  /** @param {TalkLine} [line] */
  edited(line) {
    this.stop();
    clearError(this.errors);
    // One person has one voice: it is the same in all of their lines.
    for (const other of line ? this.lines : []) {
      if (other === line || other.faceIndex !== line?.faceIndex || other.voice.value === line.voice.value) continue;
      other.voice.value = line.voice.value;
      if (!other.sound) other.outdate();
    }
    this.onChange();
  }

  /**
   * Plays lines one after the other, with their pauses; typed ones as far as the preview goes.
   * @param {TalkLine[]} lines
   */
  async play(lines) {
    const missing = lines.find((line) => !line.validate());
    if (missing) return;
    const playing = new AbortController();
    this.playing = playing;
    this.show(lines.length > 1);
    try {
      for (const [place, line] of lines.entries()) {
        line.element.classList.add("speaking");
        const sound = line.sound ?? (await requestFile("/api/speech/preview/", line.body, playing.signal));
        if (place > 0) await this.wait(Math.max(0, line.pauseSeconds), playing.signal);
        await this.playOne(sound, playing.signal);
        line.element.classList.remove("speaking");
      }
      this.stop();
    } catch (error) {
      if (playing.signal.aborted) return;
      this.stop();
      const told = error instanceof ApiError ? words(error) : { message: "This browser cannot play it.", hint: "" };
      this.state.textContent = `${told.message} ${told.hint}`.trim();
    }
  }

  /**
   * @param {number} seconds
   * @param {AbortSignal} signal
   */
  wait(seconds, signal) {
    return new Promise((resolve, reject) => {
      window.setTimeout(resolve, seconds * 1000);
      signal.addEventListener("abort", () => reject(new DOMException("Stopped", "AbortError")));
    });
  }

  /**
   * @param {Blob} sound
   * @param {AbortSignal} signal
   */
  async playOne(sound, signal) {
    signal.throwIfAborted();
    const url = URL.createObjectURL(sound);
    this.audio.src = url;
    try {
      const ended = new Promise((resolve, reject) => {
        this.audio.addEventListener("ended", resolve, { once: true, signal });
        this.audio.addEventListener("error", reject, { once: true, signal });
        signal.addEventListener("abort", () => reject(new DOMException("Stopped", "AbortError")));
      });
      await this.audio.play();
      await ended;
    } finally {
      URL.revokeObjectURL(url);
    }
  }

  stop() {
    this.playing?.abort();
    this.playing = null;
    this.audio.pause();
    this.audio.removeAttribute("src");
    for (const line of this.lines) line.element.classList.remove("speaking");
    this.show(false);
  }

  /** @param {boolean} playing */
  show(playing) {
    need("#talk-hear-play").hidden = playing;
    need("#talk-hear-stop").hidden = !playing;
    this.state.textContent = "";
  }

  /**
   * Makes sure that the server has every line, checked.
   * @returns {Promise<boolean>}
   */
  async send() {
    clearError(this.errors);
    for (const line of this.lines) {
      if (line.recorder.recorder?.state === "recording") line.recorder.stop();
    }
    if (this.lines.some((line) => !line.validate())) return false;
    setBusy(this.next, true);
    this.progress.hidden = false;
    try {
      for (const [place, line] of this.lines.entries()) {
        this.progress.textContent = `Preparing line ${place + 1} of ${this.lines.length}…`;
        if (!(await line.send())) return false;
      }
      this.onChange();
      return true;
    } catch (error) {
      showError(this.errors, error);
      return false;
    } finally {
      this.progress.hidden = true;
      setBusy(this.next, false);
    }
  }

  /** What the API takes. */
  get body() {
    return this.lines.map((line) => ({ face: line.faceIndex, speech: line.speech?.id, pause_s: line.pauseSeconds }));
  }

  /** Names and words, for the last look. */
  get script() {
    const names = new Map(this.people().map((one) => [one.index, one.name]));
    return this.lines.map((line) =>
      h("p", {}, h("strong", {}, `${names.get(line.faceIndex) ?? ""}: `), line.text.value.trim() || "a recording"),
    );
  }

  /** Seconds of all sounds, null while typed words are among them. */
  get seconds() {
    const lengths = this.lines.map((line) => line.speech?.duration_s ?? null);
    return lengths.includes(null) ? null : lengths.reduce((sum, one) => (sum ?? 0) + (one ?? 0), 0);
  }

  /** What a draft keeps. */
  get draft() {
    return { language: this.language.value, lines: this.lines.map((line) => line.draft) };
  }

  /** @param {{language: string, lines: LineDraft[]}} draft */
  async restore(draft) {
    if (this.languages.some((one) => one.code === draft.language)) this.language.value = draft.language;
    for (const line of [...this.lines]) line.element.remove();
    this.lines = [];
    for (const line of draft.lines) this.add(line, false);
    this.refresh();
    await Promise.all(this.lines.map((line, place) => draft.lines[place].sound && line.restoreSound(draft.lines[place].sound ?? "")));
  }
}
