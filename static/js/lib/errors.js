/** Showing an error where it belongs: message, hint, and a way on. */

import { ApiError } from "./api.js";
import { announce, h, notice } from "./dom.js";

/**
 * @param {unknown} error
 * @returns {{message: string, hint: string, code: string}}
 */
export function words(error) {
  if (error instanceof ApiError) return { message: error.message, hint: error.hint, code: error.code };
  const given = /** @type {any} */ (error);
  if (given && typeof given.message === "string" && typeof given.error === "string") {
    return { message: given.message, hint: given.hint ?? "", code: given.error };
  }
  throw error; // a mistake of ours: let it be seen in the console
}

/**
 * @param {HTMLElement} place has role=alert, so that it is read out
 * @param {unknown} error an ApiError or an error object of the API
 * @param {...(Node | false | null | undefined)} extra links or buttons
 */
export function showError(place, error, ...extra) {
  const { message, hint, code } = words(error);
  const links = extra.filter(Boolean);
  if (code === "not_signed_in") {
    links.push(h("a", { class: "button button-s", href: `/accounts/login/?next=${location.pathname}` }, "Sign in"));
  }
  place.replaceChildren(
    notice("bad", message, hint, links.length > 0 && h("div", { class: "actions" }, .../** @type {Node[]} */ (links))),
  );
  place.dataset.code = code;
  place.scrollIntoView({ block: "nearest" });
}

/** @param {HTMLElement} place */
export function clearError(place) {
  place.replaceChildren();
  delete place.dataset.code;
}

/**
 * Puts a sentence under a field, ties it to the field and moves the focus there.
 * @param {HTMLElement} field
 * @param {HTMLElement} line the element that the field's aria-describedby names
 * @param {string} text empty: the field is fine
 */
export function fieldError(field, line, text) {
  line.textContent = text;
  if (!text) {
    field.removeAttribute("aria-invalid");
    return;
  }
  field.setAttribute("aria-invalid", "true");
  field.focus();
  announce(text);
}
