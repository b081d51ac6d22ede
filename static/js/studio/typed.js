/** Typed speech: the words, who says them, and how. */

import { need } from "../lib/dom.js";
import { fieldError } from "../lib/errors.js";
import { LanguageSuggestion } from "./language.js";
import { Preview } from "./preview.js";

/** Characters a second at normal speed, near enough for "about 12 seconds". */
const CHARACTERS_A_SECOND = 15;

/** @typedef {{id: string, name: string, engine?: string, licence?: string, pitch?: boolean}} Voice */
/** @typedef {{code: string, name: string, rtl?: boolean, voices: Voice[]}} Language */

/**
 * @param {HTMLSelectElement} select
 * @param {{value: string, label: string}[]} options
 */
export function fillSelect(select, options) {
  const kept = select.value;
  select.replaceChildren(...options.map(({ value, label }) => new Option(label, value)));
  if (options.some(({ value }) => value === kept)) select.value = kept;
}

export class TypedSpeech {
  /** @param {{languages: Language[], onEdit: () => void}} options */
  constructor({ languages, onEdit }) {
    this.languages = languages;
    this.onEdit = onEdit;
    this.text = /** @type {HTMLTextAreaElement} */ (need("#typed-text"));
    this.language = /** @type {HTMLSelectElement} */ (need("#typed-language"));
    this.voice = /** @type {HTMLSelectElement} */ (need("#typed-voice"));
    this.speed = /** @type {HTMLInputElement} */ (need("#typed-speed"));
    this.pitch = /** @type {HTMLInputElement} */ (need("#typed-pitch"));
    fillSelect(this.language, languages.map(({ code, name }) => ({ value: code, label: name })));
    this.language.value = preferred(languages);
    this.fillVoices();
    this.language.addEventListener("change", () => this.fillVoices());
    this.voice.addEventListener("change", () => this.showVoice());
    for (const control of [this.text, this.language, this.voice, this.speed, this.pitch]) {
      control.addEventListener("input", () => this.edited());
    }
    this.suggestion = new LanguageSuggestion({
      text: this.text, language: this.language, names: new Map(languages.map(({ code, name }) => [code, name])),
    });
    this.preview = new Preview({ body: () => this.body, valid: () => this.validate() });
    this.show();
  }

  fillVoices() {
    const voices = this.languages.find((one) => one.code === this.language.value)?.voices ?? [];
    fillSelect(this.voice, voices.map(({ id, name }) => ({ value: id, label: name })));
    this.voice.disabled = voices.length < 2;
    this.text.dir = this.languages.find((one) => one.code === this.language.value)?.rtl ? "rtl" : "auto";
    this.showVoice();
  }

  /** An installed voice has terms of its own, and perhaps a pitch that cannot be changed. */
  showVoice() {
    const language = this.languages.find((one) => one.code === this.language.value);
    const voice = language?.voices.find((one) => one.id === this.voice.value);
    this.pitch.disabled = voice?.pitch === false;
    need("#typed-voice-terms").textContent = voice?.licence ? `${voice.engine}, ${voice.licence}` : "";
  }

  edited() {
    fieldError(this.text, need("#typed-text-error"), "");
    this.preview.stop();
    this.show();
    this.onEdit();
  }

  show() {
    const length = [...this.text.value].length;
    const count = need("#typed-count");
    count.textContent = `${length} / ${this.text.maxLength}`;
    count.classList.toggle("over", length >= this.text.maxLength);
    const seconds = length / CHARACTERS_A_SECOND / Number(this.speed.value);
    need("#typed-length").textContent = length ? `About ${Math.max(1, Math.round(seconds))} s of speech` : "";
    need("#typed-speed-value").textContent = say(this.speed.value, "slower", "faster");
    need("#typed-pitch-value").textContent = say(this.pitch.value, "lower", "higher");
  }

  /** @returns {boolean} whether there is anything to say; tells the user when not */
  validate() {
    const empty = this.text.value.trim() === "";
    fieldError(this.text, need("#typed-text-error"), empty ? "Write what the picture should say." : "");
    return !empty;
  }

  /** What the API takes. */
  get body() {
    return {
      kind: "typed",
      text: this.text.value.trim(),
      language: this.language.value,
      voice: this.voice.value,
      speed: Number(this.speed.value),
      pitch: this.pitch.disabled ? 1 : Number(this.pitch.value),
    };
  }

  /** What a draft keeps. */
  get draft() {
    const { text, language, voice, speed, pitch } = this;
    return { text: text.value, language: language.value, voice: voice.value, speed: speed.value, pitch: pitch.value };
  }

  /** @param {NonNullable<import("../lib/draft.js").Draft["typed"]>} draft */
  restore(draft) {
    this.text.value = draft.text;
    if (this.languages.some((one) => one.code === draft.language)) this.language.value = draft.language;
    this.fillVoices();
    if ([...this.voice.options].some((one) => one.value === draft.voice)) this.voice.value = draft.voice;
    this.showVoice();
    this.speed.value = draft.speed;
    this.pitch.value = draft.pitch;
    this.show();
  }
}

/**
 * The browser's language when we speak it, else the first.
 * @param {Language[]} languages
 */
export function preferred(languages) {
  for (const wish of navigator.languages) {
    const exact = languages.find((one) => one.code.toLowerCase() === wish.toLowerCase());
    const near = languages.find((one) => one.code.split("-")[0] === wish.split("-")[0]);
    if (exact ?? near) return (exact ?? near)?.code ?? "";
  }
  return languages[0]?.code ?? "";
}

/**
 * @param {string} value a factor, 1 is normal
 * @param {string} less
 * @param {string} more
 */
function say(value, less, more) {
  const percent = Math.round((Number(value) - 1) * 100);
  if (percent === 0) return "normal";
  return percent < 0 ? `${-percent} % ${less}` : `${percent} % ${more}`;
}
