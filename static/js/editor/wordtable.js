/** The words as a table with fields: the same corrections without the picture, for screen readers and small screens. */

import { h, need } from "../lib/dom.js";

/** @typedef {import("./document.js").Timeline} Timeline */

/** Rows shown at once. */
const PAGE = 50;

export class WordTable {
  /**
   * @param {{onSpell: (index: number, word: string) => void, onSay: (index: number, said: string) => void,
   *   onEdge: (index: number, edge: "start" | "end", to: number) => void, onPlay: (index: number) => void}} actions
   */
  constructor(actions) {
    this.actions = actions;
    this.body = need("#word-rows");
    this.page = 0;
    /** @type {Timeline | null} */
    this.timeline = null;
    need("#words-before").addEventListener("click", () => this.turn(-1));
    need("#words-after").addEventListener("click", () => this.turn(1));
    need("#word-list").addEventListener("toggle", () => this.draw());
  }

  /** @param {number} step */
  turn(step) {
    this.page += step;
    this.draw();
    need("#word-page").focus();
  }

  /** @param {Timeline} timeline @param {number | null} word */
  show(timeline, word) {
    this.timeline = timeline;
    if (word !== null && !this.body.contains(document.activeElement)) this.page = Math.floor(word / PAGE);
    this.draw();
  }

  draw() {
    const { timeline } = this;
    if (!timeline || !(/** @type {HTMLDetailsElement} */ (need("#word-list")).open)) return;
    const pages = Math.max(1, Math.ceil(timeline.words.length / PAGE));
    this.page = Math.min(Math.max(this.page, 0), pages - 1);
    const first = this.page * PAGE;
    const words = timeline.words.slice(first, first + PAGE);
    while (this.body.children.length > words.length) this.body.lastElementChild?.remove();
    words.forEach((word, place) => {
      const row = this.body.children[place] ?? this.addRow();
      this.fill(/** @type {HTMLElement} */ (row), first + place, word);
    });
    need("#word-page").textContent = `Words ${words.length ? first + 1 : 0} to ${first + words.length} of ${timeline.words.length}`;
    /** @type {HTMLButtonElement} */ (need("#words-before")).disabled = this.page === 0;
    /** @type {HTMLButtonElement} */ (need("#words-after")).disabled = this.page >= pages - 1;
  }

  addRow() {
    const cell = (/** @type {string} */ title, /** @type {Record<string, unknown>} */ attributes) =>
      h("td", { "data-title": title }, h("input", { ...attributes, autocomplete: "off", spellcheck: "false" }));
    const time = { type: "number", step: "0.01", min: "0", inputmode: "decimal" };
    const row = h(
      "tr",
      {},
      cell("Word", { type: "text", maxlength: 80 }),
      cell("Said", { type: "text", maxlength: 200, placeholder: "as written" }),
      cell("Start", time),
      cell("End", time),
      h("td", {}, h("button", { type: "button", class: "button button-quiet button-s" }, "Play")),
    );
    const index = () => Number(row.dataset.index);
    const [word, said, start, end] = row.querySelectorAll("input");
    word.addEventListener("change", () => this.actions.onSpell(index(), word.value));
    said.addEventListener("change", () => this.actions.onSay(index(), said.value));
    start.addEventListener("change", () => this.actions.onEdge(index(), "start", Number(start.value)));
    end.addEventListener("change", () => this.actions.onEdge(index(), "end", Number(end.value)));
    row.querySelector("button")?.addEventListener("click", () => this.actions.onPlay(index()));
    this.body.append(row);
    return row;
  }

  /**
   * @param {HTMLElement} row
   * @param {number} index
   * @param {import("./document.js").Word} entry
   */
  fill(row, index, entry) {
    row.dataset.index = String(index);
    row.classList.toggle("stale", Boolean(entry.stale));
    const values = [entry.word, entry.said, entry.start.toFixed(3), entry.end.toFixed(3)];
    const names = ["Word", "Pronunciation of word", "Start of word", "End of word"];
    row.querySelectorAll("input").forEach((field, place) => {
      field.value = values[place];
      field.setAttribute("aria-label", `${names[place]} ${index + 1}${place ? `, ${entry.word}` : ""}`);
    });
    row.querySelector("button")?.setAttribute("aria-label", `Play word ${index + 1}, ${entry.word}`);
  }
}
