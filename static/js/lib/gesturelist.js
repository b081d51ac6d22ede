/** Gestures of one face in their order: a row of buttons adds, each entry moves and goes by buttons of its own. */

import { announce, h, icon } from "./dom.js";

/** @typedef {{name: string, title: string, seconds: number}} Gesture */

export class GestureList {
  /**
   * @param {{gestures: Gesture[], most: number, label: string, onChange: () => void}} options
   */
  constructor({ gestures, most, label, onChange }) {
    this.gestures = gestures;
    this.most = most;
    this.onChange = onChange;
    /** @type {string[]} */
    this.names = [];
    this.buttons = gestures.map((one) =>
      h("button", { type: "button", class: "button button-quiet button-s", onclick: () => this.add(one.name) }, one.title),
    );
    this.list = h("ol", { class: "gesture-list", "aria-label": `Chosen: ${label}` });
    this.empty = h("p", { class: "hint" }, "None chosen yet.");
    this.element = h(
      "div",
      { class: "gestures" },
      h("div", { class: "gesture-palette", role: "group", "aria-label": `Add a gesture: ${label}` }, ...this.buttons),
      this.list,
      this.empty,
    );
    this.show();
  }

  /** @param {string} name */
  title(name) {
    return this.gestures.find((one) => one.name === name)?.title ?? name;
  }

  /** @param {string} name */
  add(name) {
    if (this.names.length >= this.most) return;
    this.names.push(name);
    announce(`${this.title(name)} added, number ${this.names.length}`);
    this.changed();
  }

  /**
   * @param {number} place
   * @param {number} by
   */
  move(place, by) {
    const [name] = this.names.splice(place, 1);
    this.names.splice(place + by, 0, name);
    announce(`${this.title(name)} is now number ${place + by + 1}`);
    this.changed();
    const tools = this.list.children[place + by].querySelectorAll("button");
    const [earlier, later] = /** @type {HTMLButtonElement[]} */ ([...tools]);
    const wanted = by < 0 ? earlier : later;
    (wanted.disabled ? (by < 0 ? later : earlier) : wanted).focus();
  }

  /** @param {number} place */
  remove(place) {
    const [name] = this.names.splice(place, 1);
    announce(`${this.title(name)} removed`);
    this.changed();
    const next = this.list.children[Math.min(place, this.names.length - 1)];
    const button = next ? next.querySelector("button:last-of-type") : this.buttons[0];
    if (button instanceof HTMLElement) button.focus();
  }

  changed() {
    this.show();
    this.onChange();
  }

  show() {
    this.empty.hidden = this.names.length > 0;
    for (const button of this.buttons) /** @type {HTMLButtonElement} */ (button).disabled = this.names.length >= this.most;
    this.list.replaceChildren(...this.names.map((name, place) => this.row(name, place)));
  }

  /**
   * @param {string} name
   * @param {number} place
   */
  row(name, place) {
    const title = this.title(name);
    const tool = (/** @type {string} */ sign, /** @type {string} */ label, /** @type {() => void} */ action, off = false) =>
      h(
        "button",
        { type: "button", class: "button button-plain button-icon", title: label, disabled: off, onclick: action },
        icon(sign),
        h("span", { class: "visually-hidden" }, `${label}: ${title}, number ${place + 1}`),
      );
    return h(
      "li",
      {},
      h("span", {}, title),
      tool("up", "Earlier", () => this.move(place, -1), place === 0),
      tool("down", "Later", () => this.move(place, 1), place === this.names.length - 1),
      tool("close", "Remove", () => this.remove(place)),
    );
  }
}
