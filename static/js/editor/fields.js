/** The fields beside the track: the chosen word, the chosen span, the mouth. */

import { need } from "../lib/dom.js";

/**
 * @typedef {import("./document.js").Timeline} Timeline
 * @typedef {{onSpell: (word: string) => void, onSay: (said: string) => void, onEdge: (edge: "start" | "end", to: number) => void,
 *   onHear: (word: string, said: string) => void, onRemember: (word: string, said: string) => void,
 *   onSplit: (one: string, two: string) => void, onJoin: () => void, onRemove: () => void,
 *   onSpan: (start: number, end: number) => void, onForce: (state: "open" | "closed", ease: number) => void,
 *   onRelease: () => void}} Actions
 */

export class Fields {
  /** @param {Actions} actions */
  constructor(actions) {
    this.word = input("#word-text");
    this.said = input("#word-said");
    this.start = input("#word-start");
    this.end = input("#word-end");
    this.spanStart = input("#span-start");
    this.spanEnd = input("#span-end");
    this.ease = input("#mouth-ease");
    this.word.addEventListener("change", () => actions.onSpell(this.word.value));
    this.said.addEventListener("change", () => actions.onSay(this.said.value));
    this.start.addEventListener("change", () => actions.onEdge("start", Number(this.start.value)));
    this.end.addEventListener("change", () => actions.onEdge("end", Number(this.end.value)));
    for (const field of [this.spanStart, this.spanEnd]) {
      field.addEventListener("change", () => actions.onSpan(Number(this.spanStart.value), Number(this.spanEnd.value)));
    }
    press("#word-hear", () => actions.onHear(this.word.value, this.said.value));
    press("#word-remember", () => actions.onRemember(this.word.value, this.said.value));
    press("#word-split", () => {
      const [one, two] = halves(this.word.value);
      actions.onSplit(one, two);
    });
    press("#word-join", actions.onJoin);
    press("#word-remove", actions.onRemove);
    press("#mouth-closed", () => actions.onForce("closed", Number(this.ease.value) / 1000));
    press("#mouth-open", () => actions.onForce("open", Number(this.ease.value) / 1000));
    press("#mouth-release", actions.onRelease);
  }

  /**
   * @param {Timeline} timeline
   * @param {number | null} index
   * @param {[number, number] | null} span
   */
  show(timeline, index, span) {
    const word = index === null ? null : timeline.words[index];
    need("#word-none").hidden = word !== null && word !== undefined;
    need("#word-fields").hidden = !word;
    if (word) {
      fill(this.word, word.word);
      fill(this.said, word.said);
      fill(this.start, word.start.toFixed(3));
      fill(this.end, word.end.toFixed(3));
      need("#word-place").textContent = `Word ${Number(index) + 1} of ${timeline.words.length}`;
      /** @type {HTMLButtonElement} */ (need("#word-join")).disabled = index === timeline.words.length - 1;
    }
    fill(this.spanStart, span ? span[0].toFixed(3) : "");
    fill(this.spanEnd, span ? span[1].toFixed(3) : "");
    for (const name of ["#mouth-closed", "#mouth-open"]) {
      /** @type {HTMLButtonElement} */ (need(name)).disabled = !span;
    }
    const forced = span && timeline.mouth.some(({ start, end }) => start < span[1] && end > span[0]);
    /** @type {HTMLButtonElement} */ (need("#mouth-release")).disabled = !forced;
  }
}

/** @param {string} selector @returns {HTMLInputElement} */
function input(selector) {
  return need(selector);
}

/**
 * @param {string} selector
 * @param {() => void} action
 */
function press(selector, action) {
  need(selector).addEventListener("click", action);
}

/** What somebody is typing is left alone. @param {HTMLInputElement} field @param {string} value */
function fill(field, value) {
  if (field !== document.activeElement || field.type === "number") field.value = value;
  field.defaultValue = value;
}

/**
 * Where a space or a hyphen parts a word, there; else in its middle.
 * @param {string} word
 * @returns {[string, string]}
 */
export function halves(word) {
  const match = word.trim().match(/^(.+?)[\s-]+(.+)$/);
  if (match) return [match[1], match[2]];
  const letters = [...word.trim()];
  const middle = Math.max(1, Math.round(letters.length / 2));
  return [letters.slice(0, middle).join(""), letters.slice(middle).join("") || "…"];
}
