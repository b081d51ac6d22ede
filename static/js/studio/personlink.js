/** Asking a living person for their consent by a link of their own, and waiting for the answer. */

import { request } from "../lib/api.js";
import { announce, need, setBusy } from "../lib/dom.js";
import { clearError, showError } from "../lib/errors.js";

/**
 * @typedef {{id: string, person: string | null, face: number, state: string, given_by: string, scope: string[]}} Given
 * @typedef {{id: string, person: string, face: number, state: string, state_title: string, consent: string | null, link?: string}} Asked
 */

const EVERY_MS = 4000;

export class PersonLink {
  /** @param {{subject: () => {photo: string, face: number} | null, minor: () => boolean, onChange: () => void}} options */
  constructor({ subject, minor, onChange }) {
    this.subject = subject;
    this.minor = minor;
    this.onChange = onChange;
    /** @type {Given | null} the consent that the person gave */
    this.given = null;
    /** @type {Asked | null} */
    this.asked = null;
    this.timer = 0;
    this.errors = need("#person-errors");
    this.form = need("#person-form");
    this.button = /** @type {HTMLButtonElement} */ (need("#person-ask"));
    this.address = /** @type {HTMLInputElement} */ (need("#person-address"));
    this.button.addEventListener("click", () => void this.ask());
    need("#person-copy").addEventListener("click", () => void this.copy());
    need("#person-withdraw").addEventListener("click", () => void this.withdraw());
  }

  /** @param {string} id */
  value(id) {
    return /** @type {HTMLInputElement} */ (need(id)).value;
  }

  forget() {
    window.clearTimeout(this.timer);
    this.given = null;
    this.asked = null;
    this.address.value = "";
    this.show();
  }

  /** What there is for this face: a consent, or a question that waits. */
  async look() {
    window.clearTimeout(this.timer);
    const about = this.subject();
    if (!about) return;
    try {
      const { consents } = await request("GET", `/api/consents/?photo=${about.photo}`);
      const { requests } = await request("GET", `/api/consent-requests/?photo=${about.photo}`);
      const now = this.subject();
      if (!now || now.photo !== about.photo || now.face !== about.face) return;
      const was = this.given;
      this.given =
        consents.find((/** @type {Given} */ one) => one.face === about.face && one.given_by === "person" && one.state === "valid") ?? null;
      const latest = requests.find((/** @type {Asked} */ one) => one.face === about.face) ?? null;
      this.asked = latest && { ...latest, link: latest.id === this.asked?.id ? this.asked?.link : undefined };
      if (this.given && !was) announce(`${this.given.person} agreed.`);
    } catch (error) {
      showError(this.errors, error);
    }
    if (!this.given && this.waiting) this.timer = window.setTimeout(() => void this.look(), EVERY_MS);
    this.show();
    this.onChange();
  }

  get waiting() {
    return this.asked?.state === "open" || this.asked?.state === "checking";
  }

  async ask() {
    const about = this.subject();
    if (!about) return;
    clearError(this.errors);
    setBusy(this.button, true);
    try {
      this.asked = await request("POST", "/api/consent-requests/", {
        photo: about.photo,
        face: about.face,
        person: this.value("#person-name"),
        asker: this.value("#person-asker"),
        note: this.value("#person-note"),
        email: this.value("#person-email"),
        sharing: /** @type {HTMLInputElement} */ (need("#person-sharing")).checked,
        language: document.documentElement.lang.slice(0, 2) || "en",
        minor: this.minor(),
      });
      this.address.value = this.asked?.link ?? "";
      this.timer = window.setTimeout(() => void this.look(), EVERY_MS);
      announce("The link is ready. Copy it and send it.");
    } catch (error) {
      showError(this.errors, error);
    } finally {
      setBusy(this.button, false);
    }
    this.show();
    this.onChange();
    if (this.waiting) this.address.select();
  }

  async withdraw() {
    if (!this.asked) return;
    try {
      await request("DELETE", `/api/consent-requests/${this.asked.id}/`);
    } catch (error) {
      showError(this.errors, error);
    }
    this.address.value = "";
    await this.look();
  }

  async copy() {
    this.address.select();
    try {
      await navigator.clipboard.writeText(this.address.value);
      announce("Copied.");
      need("#person-copy-state").textContent = "Copied.";
    } catch {
      need("#person-copy-state").textContent = "Press Ctrl and C to copy it.";
    }
  }

  show() {
    const ended = !this.waiting && this.asked !== null && this.asked.state !== "agreed";
    this.form.hidden = this.given !== null || this.waiting;
    need("#person-waiting").hidden = this.given !== null || !this.waiting;
    need("#person-given").hidden = this.given === null;
    need("#person-ended").hidden = !ended || this.given !== null;
    need("#person-share").hidden = !this.address.value;
    need("#person-lost").hidden = Boolean(this.address.value);
    if (this.asked) need("#person-waiting-name").textContent = this.asked.person;
    if (ended && this.asked) need("#person-ended-text").textContent = `${this.asked.person}: ${this.asked.state_title}.`;
    if (this.given) need("#person-given-name").textContent = this.given.person ?? "";
  }
}
