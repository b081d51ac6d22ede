/** Asking for the present state again and again, slower while the page is not looked at. */

import { request } from "./api.js";

const SEEN_MS = 2500;
const HIDDEN_MS = 15000;

/**
 * @param {string} address answers with JSON
 * @param {(state: any) => boolean} show whether to go on asking
 */
export function follow(address, show) {
  let going = true;
  /** @type {number | undefined} */
  let next;

  async function ask() {
    try {
      going = show(await request("GET", address));
    } catch {
      // The site is away for a moment, or the session ended: the next turn tells.
    }
    if (going) next = window.setTimeout(ask, document.hidden ? HIDDEN_MS : SEEN_MS);
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden || !going) return;
    window.clearTimeout(next);
    void ask();
  });
  next = window.setTimeout(ask, SEEN_MS);
}
