/** Making and finding elements, and speaking to screen readers. */

/**
 * Finds one element and fails loudly when the page lacks it.
 * @template {HTMLElement} T
 * @param {string} selector
 * @param {ParentNode} [root]
 * @returns {T}
 */
export function need(selector, root = document) {
  const element = root.querySelector(selector);
  if (!element) throw new Error(`The page has no ${selector}`);
  return /** @type {T} */ (element);
}

/**
 * Makes an element. Strings become text nodes, never markup, so nothing a user typed can turn into HTML.
 * @param {string} tag
 * @param {Record<string, unknown>} [attributes] `on...` are listeners; false, null and undefined are left out
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElement}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on") && typeof value === "function") {
      element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/**
 * One icon of the site's own set.
 * @param {string} name
 * @returns {SVGSVGElement}
 */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("focusable", "false");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `${document.documentElement.dataset.icons}#${name}`);
  svg.append(use);
  return svg;
}

/**
 * A notice as the templates make it.
 * @param {"good" | "warn" | "bad" | "info"} tone
 * @param {string} title
 * @param {...(Node | string | null | undefined | false)} body
 */
export function notice(tone, title, ...body) {
  const names = { good: "check-circle", warn: "warning", bad: "error", info: "info" };
  const lines = body.filter(Boolean).map((line) => (typeof line === "string" ? h("p", {}, line) : line));
  return h("div", { class: `notice notice-${tone}` }, icon(names[tone]), h("div", {}, h("strong", {}, title), ...lines));
}

/**
 * Says something to a screen reader without moving the focus.
 * @param {string} text
 */
export function announce(text) {
  const region = document.getElementById("announcer");
  if (!region) return;
  region.textContent = "";
  window.setTimeout(() => {
    region.textContent = text;
  }, 60);
}

/**
 * A short message at the foot of the page that goes away by itself.
 * @param {string} text
 */
export function toast(text) {
  const area = document.getElementById("toasts");
  if (!area) return;
  const line = h("p", { class: "toast" }, text);
  area.append(line);
  window.setTimeout(() => line.remove(), 6000);
}

/**
 * The data a template handed over with `json_script`.
 * @param {string} id
 * @returns {any} null when the page has none
 */
export function pageData(id) {
  const element = document.getElementById(id);
  return element ? JSON.parse(element.textContent || "null") : null;
}

/**
 * Marks a button as working. It keeps the focus, and site.js swallows every further press (`aria-disabled`).
 * @param {HTMLButtonElement} button
 * @param {boolean} busy
 */
export function setBusy(button, busy) {
  button.classList.toggle("busy", busy);
  if (busy) button.setAttribute("aria-disabled", "true");
  else button.removeAttribute("aria-disabled");
}
