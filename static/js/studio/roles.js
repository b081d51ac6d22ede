/** Who takes part: one face speaks alone, or several speak, listen or stay still. */

import { h, need } from "../lib/dom.js";
import { faceThumb } from "../lib/facethumb.js";

/**
 * @typedef {"speaks" | "listens" | "still"} Role
 * @typedef {import("./photo.js").Photo} Photo
 * @typedef {{index: number, name: string, thumb: () => SVGSVGElement}} Person
 */

/** @type {{value: Role, label: string}[]} */
const ROLES = [
  { value: "speaks", label: "Speaks" },
  { value: "listens", label: "Moves or listens" },
  { value: "still", label: "Stays still" },
];
/** So many faces speak unless somebody chooses otherwise. */
const SPEAKERS = 2;

export class Roles {
  /** @param {{onChange: () => void}} options */
  constructor({ onChange }) {
    this.onChange = onChange;
    this.box = need("#roles");
    this.list = need("#role-list");
    this.modes = /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll('input[name="cast"]')]);
    /** @type {Photo | null} */
    this.photo = null;
    this.url = "";
    /** @type {Map<number, Role>} */
    this.roles = new Map();
    for (const mode of this.modes) mode.addEventListener("change", () => this.refresh());
  }

  /** Whether several faces take part. */
  get several() {
    return !this.box.hidden && this.modes.some((one) => one.checked && one.value === "several");
  }

  /** @param {boolean} several */
  set several(several) {
    for (const mode of this.modes) mode.checked = (mode.value === "several") === several;
  }

  /**
   * @param {Photo} photo
   * @param {string} url
   */
  show(photo, url) {
    this.photo = photo;
    this.url = url;
    this.box.hidden = photo.faces.length < 2;
    this.several = false;
    this.roles = new Map(photo.faces.map((face, place) => [face.index, place < SPEAKERS ? "speaks" : "still"]));
    this.list.replaceChildren(...photo.faces.map((face) => this.row(this.person(face.index))));
    this.refresh();
  }

  hide() {
    this.photo = null;
    this.box.hidden = true;
    this.several = false;
  }

  /** @param {Person} person */
  row(person) {
    const select = /** @type {HTMLSelectElement} */ (h("select", { id: `role-${person.index}` }));
    select.append(...ROLES.map(({ value, label }) => new Option(label, value)));
    select.value = this.roles.get(person.index) ?? "still";
    select.addEventListener("change", () => {
      this.roles.set(person.index, /** @type {Role} */ (select.value));
      this.refresh();
    });
    return h("li", { class: "role" }, person.thumb(), h("label", { for: `role-${person.index}` }, person.name), h("div", { class: "field" }, select));
  }

  refresh() {
    this.list.hidden = !this.several;
    this.onChange();
  }

  /**
   * @param {number} index
   * @returns {Person}
   */
  person(index) {
    const { photo, url } = this;
    if (!photo) throw new Error("there is no photo");
    const place = photo.faces.findIndex((one) => one.index === index);
    return { index, name: `Face ${place + 1}`, thumb: () => faceThumb(url, photo, photo.faces[place].box) };
  }

  /**
   * @param {Role} role
   * @returns {Person[]} from left to right
   */
  who(role) {
    if (!this.photo || !this.several) return [];
    return this.photo.faces.filter((face) => this.roles.get(face.index) === role).map((face) => this.person(face.index));
  }

  /** Everybody who moves: each needs a consent of their own. */
  get moving() {
    return [...this.who("speaks"), ...this.who("listens")].sort((one, other) => one.index - other.index);
  }

  /** What a draft keeps. */
  get draft() {
    return this.several ? [...this.roles] : undefined;
  }

  /** @param {[number, Role][]} roles */
  restore(roles) {
    this.several = true;
    for (const [index, role] of roles) {
      const select = document.getElementById(`role-${index}`);
      if (!(select instanceof HTMLSelectElement) || !ROLES.some(({ value }) => value === role)) continue;
      select.value = role;
      this.roles.set(index, role);
    }
    this.refresh();
  }
}
