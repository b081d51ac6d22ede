/** A progress bar as the templates make it: role=progressbar with one span inside. */

/**
 * @param {Element} bar
 * @param {number | null} percent null: it works, but how far is not known
 */
export function setProgress(bar, percent) {
  const unknown = percent === null;
  bar.classList.toggle("progress-waiting", unknown);
  const span = /** @type {HTMLElement} */ (bar.firstElementChild);
  if (unknown) {
    bar.removeAttribute("aria-valuenow");
    span.style.removeProperty("--value");
    return;
  }
  const whole = Math.round(Math.min(100, Math.max(0, percent)));
  bar.setAttribute("aria-valuenow", String(whole));
  span.style.setProperty("--value", `${whole}%`);
}
