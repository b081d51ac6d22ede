/**
 * Addresses of private files are good for some minutes. When one has expired under a picture or a player, the file is
 * asked for by its name, which the site answers with a fresh address; a player goes on where it was.
 */

/** @type {WeakMap<Element, number>} when each element was last given a fresh address, milliseconds */
const renewed = new WeakMap();
/** An element that fails again within this time has another reason. */
const PAUSE = 20000;

/** @param {string | null} address @returns {string} without signature and expiry */
export function mediaName(address) {
  return (address ?? "").split("?")[0];
}

/** @param {Event} event */
function renew(event) {
  const element = event.target instanceof HTMLSourceElement ? event.target.parentElement : event.target;
  if (!(element instanceof HTMLImageElement || element instanceof HTMLMediaElement)) return;
  const address = new URL(element.currentSrc || element.getAttribute("src") || "", location.href);
  if (address.origin !== location.origin || !address.pathname.startsWith("/media/")) return;
  if (Date.now() - (renewed.get(element) ?? 0) < PAUSE) return;
  renewed.set(element, Date.now());
  if (element instanceof HTMLImageElement) {
    element.src = address.pathname;
    return;
  }
  const at = element.currentTime;
  const playing = !element.paused;
  element.src = address.pathname;
  element.load();
  element.addEventListener(
    "loadedmetadata",
    () => {
      element.currentTime = at;
      if (playing) element.play().catch(() => undefined);
    },
    { once: true },
  );
}

/** Errors of media do not bubble: they are caught on their way down. */
export function keepMediaFresh() {
  document.addEventListener("error", renew, true);
}
