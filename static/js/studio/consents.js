/** A consent for every face that moves: the same questions, one face after the other. */

import { announce, h, icon, need } from "../lib/dom.js";

/** @typedef {import("./roles.js").Person} Person */

export class Consents {
  /**
   * @param {{step: import("./consent.js").ConsentStep, onChange: () => void}} options `step` asks for one face
   */
  constructor({ step, onChange }) {
    this.step = step;
    this.onChange = onChange;
    this.list = need("#consent-faces");
    this.ask = need("#consent-ask");
    /** @type {Person[]} */
    this.people = [];
    /** @type {Map<number, {body: Record<string, unknown>, title: string}>} */
    this.given = new Map();
    /** @type {number | null} the face that is asked about */
    this.current = null;
  }

  /** @param {Person[]} people those who move; empty where one face speaks alone */
  about(people) {
    const before = this.people.map((one) => one.index).join();
    this.people = people;
    for (const index of [...this.given.keys()]) {
      if (!people.some((one) => one.index === index)) this.given.delete(index);
    }
    if (before !== people.map((one) => one.index).join()) this.current = this.open?.index ?? null;
    this.show();
  }

  /** Another photo: nobody of it has consented to anything. */
  forget() {
    this.given.clear();
    this.people = [];
    this.current = null;
    this.show();
  }

  get several() {
    return this.people.length > 0;
  }

  /** The first face without a consent. */
  get open() {
    return this.people.find((one) => !this.given.has(one.index)) ?? null;
  }

  get done() {
    return this.several && this.open === null;
  }

  /** @param {Person} person */
  choose(person) {
    this.current = person.index;
    this.given.delete(person.index);
    this.step.clear();
    this.show();
    need("#consent-title").focus();
    this.onChange();
  }

  /**
   * Keeps what was confirmed for this face and goes on to the next.
   * @returns {boolean} whether every face has its consent
   */
  keep() {
    if (this.current !== null && this.step.done) {
      this.given.set(this.current, { body: this.step.body, title: this.step.title });
      this.step.clear();
    }
    this.current = this.open?.index ?? null;
    this.show();
    this.onChange();
    if (this.open) {
      announce(`Now ${this.open.name}.`);
      need("#consent-title").focus();
    }
    return this.done;
  }

  show() {
    this.list.hidden = !this.several;
    // With every face confirmed there is nothing left to ask.
    this.ask.hidden = this.several && this.current === null;
    this.step.next.disabled = this.several && this.current === null ? false : !this.step.done;
    this.list.replaceChildren(...this.people.map((person) => this.row(person)));
  }

  /** @param {Person} person */
  row(person) {
    const given = this.given.get(person.index);
    const state = given ? given.title : person.index === this.current ? "Asked now" : "Comes next";
    const button = h(
      "button",
      { type: "button", class: "consent-row", "aria-current": person.index === this.current ? "step" : null, onclick: () => this.choose(person) },
      person.thumb(),
      h("span", {}, h("strong", {}, person.name), h("small", {}, state)),
      given && icon("check-circle"),
    );
    return h("li", {}, button);
  }

  /** What the API takes. */
  get bodies() {
    return [...this.given].map(([face, { body }]) => ({ face, ...body }));
  }

  /** For the last look. */
  get titles() {
    return this.people.map((person) => h("p", {}, `${person.name}: ${this.given.get(person.index)?.title ?? ""}`));
  }
}
