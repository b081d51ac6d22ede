/** What faces do besides speaking: gestures in order, how lively each face is, and how long a video without words is. */

import { h } from "./dom.js";
import { GestureList } from "./gesturelist.js";

/**
 * @typedef {{gestures: import("./gesturelist.js").Gesture[], overlap_s: number, still_s: number, most: number,
 *   longest_s: number}} Offer what the server says there is
 * @typedef {{index: number, name: string, thumb?: () => Element}} Person
 * @typedef {{gestures: string[], expression: number, head: number, blinks: number, gaze: number}} FaceMotion
 * @typedef {{length_s: number | null, loop: boolean, faces: (FaceMotion & {face: number})[]}} Motion
 */

/** @type {{name: "expression" | "head" | "blinks" | "gaze", label: string}[]} */
const STRENGTHS = [
  { name: "expression", label: "Expression" },
  { name: "head", label: "Head movement" },
  { name: "blinks", label: "Blinking" },
  { name: "gaze", label: "Eyes look around" },
];
const WORDS = ["none", "a little", "normal", "more", "a lot"];
const LENGTHS = [5, 10, 15, 30, 60];

let count = 0;

/** The controls of one face. */
class FaceBlock {
  /**
   * @param {Person} person
   * @param {{offer: Offer, alone: boolean, onChange: () => void}} options
   */
  constructor(person, { offer, alone, onChange }) {
    this.person = person;
    const key = `motion-${++count}`;
    this.list = new GestureList({ gestures: offer.gestures, most: offer.most, label: person.name, onChange });
    /** @type {Map<string, HTMLInputElement>} */
    this.sliders = new Map();
    const fields = STRENGTHS.map(({ name, label }) => {
      const id = `${key}-${name}`;
      const input = /** @type {HTMLInputElement} */ (h("input", { type: "range", id, min: 0, max: 2, step: 0.1, value: 1 }));
      const told = h("output", { for: id });
      const tell = () => (told.textContent = WORDS[Math.round(Number(input.value) * 2)]);
      input.addEventListener("input", () => {
        tell();
        onChange();
      });
      tell();
      this.sliders.set(name, input);
      return h("div", { class: "field" }, h("label", { for: id }, `${label} `, told), input);
    });
    this.more = h("details", { class: "disclosure" }, h("summary", {}, "More: how lively"), h("div", { class: "field-grid" }, ...fields));
    const head = alone ? null : h("h4", { class: "motion-who" }, person.thumb?.(), person.name);
    this.element = h("div", { class: "motion-face", role: alone ? null : "group", "aria-label": alone ? null : person.name }, head, this.list.element, this.more);
  }

  /** @returns {FaceMotion & {face: number}} */
  get value() {
    const strength = (/** @type {string} */ name) => Number(this.sliders.get(name)?.value ?? 1);
    return {
      face: this.person.index,
      gestures: this.list.element.hidden ? [] : [...this.list.names],
      expression: strength("expression"),
      head: strength("head"),
      blinks: strength("blinks"),
      gaze: strength("gaze"),
    };
  }

  /** @param {FaceMotion} value */
  set value(value) {
    this.list.names = value.gestures.filter((name) => this.list.gestures.some((one) => one.name === name));
    this.list.show();
    for (const { name } of STRENGTHS) {
      const input = this.sliders.get(name);
      if (!input) continue;
      input.value = String(value[name] ?? 1);
      input.dispatchEvent(new Event("input"));
    }
  }
}

export class MotionPanel {
  /**
   * @param {{box: HTMLElement, offer: Offer, onChange: () => void}} options
   */
  constructor({ box, offer, onChange }) {
    this.offer = offer;
    this.onChange = () => {
      this.tell();
      onChange();
    };
    /** @type {FaceBlock[]} */
    this.blocks = [];
    this.mode = "speak";
    const key = `motion-${++count}`;
    this.faces = h("div", { class: "motion-faces" });
    this.length = /** @type {HTMLSelectElement} */ (h("select", { id: `${key}-length` }));
    this.length.append(new Option("As long as the gestures take", ""), ...LENGTHS.map((one) => new Option(`${one} seconds`, String(one))));
    this.loop = /** @type {HTMLInputElement} */ (h("input", { type: "checkbox", id: `${key}-loop`, checked: true }));
    this.silent = h(
      "div",
      { class: "motion-silent" },
      h("div", { class: "field" }, h("label", { for: this.length.id }, "Length"), this.length),
      h("div", { class: "check" }, this.loop, h("label", { for: this.loop.id }, "The end runs on into the beginning, so it can play for ever")),
    );
    this.told = h("p", { class: "hint", role: "status" });
    this.error = h("p", { class: "field-error", role: "alert" });
    for (const one of [this.length, this.loop]) one.addEventListener("input", this.onChange);
    box.replaceChildren(this.faces, this.silent, this.told, this.error);
  }

  /** @param {Person[]} people those who move; what was chosen for them before is kept */
  about(people) {
    const kept = new Map(this.blocks.map((block) => [block.person.index, block.value]));
    const first = this.blocks[0]?.value;
    this.blocks = people.map((person) => {
      const block = new FaceBlock(person, { offer: this.offer, alone: people.length === 1, onChange: this.onChange });
      const before = kept.get(person.index) ?? (people.length === 1 ? first : undefined);
      if (before) block.value = before;
      return block;
    });
    this.faces.replaceChildren(...this.blocks.map((block) => block.element));
    this.show(this.mode);
  }

  /** @param {string} mode "speak", "move" or "both" */
  show(mode) {
    this.mode = mode;
    for (const block of this.blocks) block.list.element.hidden = mode === "speak";
    this.silent.hidden = mode !== "move";
    this.tell();
  }

  tell() {
    this.error.textContent = "";
    const seconds = this.seconds;
    if (this.mode === "speak" || !this.moves) this.told.textContent = "";
    else if (this.mode === "both") this.told.textContent = "They are spread over the words; the mouth follows the words. Those for which there is no time are left out.";
    else this.told.textContent = `About ${seconds.toFixed(0)} seconds.`;
  }

  /** Whether anybody makes a gesture. */
  get moves() {
    return this.blocks.some((block) => block.value.gestures.length > 0);
  }

  /** @returns {boolean} whether something can be made; says what is missing */
  validate() {
    const missing = this.mode !== "speak" && !this.moves;
    this.error.textContent = missing ? "Choose at least one gesture." : "";
    if (missing) this.blocks[0]?.list.buttons[0].focus();
    return !missing;
  }

  /** Length of a video without words, as the server will reckon it. */
  get seconds() {
    const { overlap_s: overlap, still_s: still, gestures } = this.offer;
    const lengths = this.blocks.map((block) => {
      const own = block.value.gestures.map((name) => gestures.find((one) => one.name === name)?.seconds ?? 0);
      return own.length ? own.reduce((sum, one) => sum + one - overlap, overlap) : 0;
    });
    return Math.max(Math.max(0, ...lengths) + 2 * still, Number(this.length.value));
  }

  /** @returns {Motion} what the API takes */
  get body() {
    return {
      length_s: this.length.value ? Number(this.length.value) : null,
      loop: this.loop.checked,
      faces: this.blocks.map((block) => block.value),
    };
  }

  /** @param {Motion} body what a draft or a video kept */
  restore(body) {
    this.length.value = body.length_s && LENGTHS.includes(body.length_s) ? String(body.length_s) : "";
    this.loop.checked = body.loop;
    for (const block of this.blocks) {
      const kept = body.faces.find((one) => one.face === block.person.index);
      if (kept) block.value = kept;
    }
    this.tell();
  }
}
