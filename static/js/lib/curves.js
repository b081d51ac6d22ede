/** Learning curves as small SVG panels: one for each number, a line for each part of the run. */

import { h } from "./dom.js";

const SPACE = "http://www.w3.org/2000/svg";
const WIDTH = 320;
const HEIGHT = 180;
const EDGE = { left: 58, right: 10, top: 10, bottom: 24 };
/** Drawn in this order: what matters most lies on top. */
const PARTS = ["step", "train", "validation"];
const FIRST = ["loss", "viseme_accuracy", "phone_accuracy", "visemes", "phones", "position", "velocity", "closure"];
const TITLES = new Map([
  ["loss", "Loss"],
  ["viseme_accuracy", "Rows in the right viseme"],
  ["phone_accuracy", "Rows in the right phone"],
  ["visemes", "Loss of visemes"],
  ["phones", "Loss of phones"],
  ["position", "Loss of position"],
  ["velocity", "Loss of velocity"],
  ["closure", "Loss of closures"],
  ["rate", "Learning rate"],
  ["gradient", "Size of the gradient"],
]);

/** @typedef {{step: number, part: string, [name: string]: number | string}} Row */
/** @typedef {Map<string, [number, number][]>} Lines */

/**
 * Draws all panels anew; what a pointer reads stays under it.
 * @param {Element} place
 * @param {Row[]} rows in order of their steps
 * @param {number} steps the last step that there will be
 */
export function drawCurves(place, rows, steps) {
  const panels = sorted(rows);
  place.replaceChildren(...[...panels].map(([name, lines]) => panel(name, lines, steps)));
}

/**
 * @param {Row[]} rows
 * @returns {Map<string, Lines>} by name, then by part
 */
function sorted(rows) {
  /** @type {Map<string, Lines>} */
  const found = new Map();
  for (const row of rows) {
    for (const [name, value] of Object.entries(row)) {
      if (name === "step" || name === "part" || typeof value !== "number" || !Number.isFinite(value)) continue;
      const lines = found.get(name) ?? new Map();
      found.set(name, lines);
      lines.set(row.part, [...(lines.get(row.part) ?? []), [row.step, value]]);
    }
  }
  const rank = (/** @type {string} */ name) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  return new Map([...found].sort(([a], [b]) => rank(a) - rank(b) || a.localeCompare(b)));
}

/**
 * @param {string} name
 * @param {Lines} lines
 * @param {number} steps
 */
function panel(name, lines, steps) {
  const values = [...lines.values()].flat().map(([, value]) => value);
  let low = Math.min(...values);
  let high = Math.max(...values);
  if (high - low < 1e-9) [low, high] = [low - 0.5 * Math.abs(low) - 1e-3, high + 0.5 * Math.abs(high) + 1e-3];
  const last = Math.max(steps, 1);
  const across = (/** @type {number} */ step) => EDGE.left + ((WIDTH - EDGE.left - EDGE.right) * step) / last;
  const down = (/** @type {number} */ value) =>
    EDGE.top + ((HEIGHT - EDGE.top - EDGE.bottom) * (high - value)) / (high - low);
  const svg = element("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": spoken(name, lines) });
  for (const value of [low, (low + high) / 2, high]) {
    svg.append(
      element("line", { class: "chart-line", x1: EDGE.left, x2: WIDTH - EDGE.right, y1: down(value), y2: down(value) }),
      element("text", { class: "chart-text chart-number", x: EDGE.left - 6, y: down(value) + 4 }, short(value)),
    );
  }
  svg.append(
    element("text", { class: "chart-text", x: EDGE.left, y: HEIGHT - 6 }, "0"),
    element("text", { class: "chart-text chart-number", x: WIDTH - EDGE.right, y: HEIGHT - 6 }, String(last)),
  );
  for (const part of PARTS) {
    const points = lines.get(part) ?? [];
    if (!points.length) continue;
    const path = points.map(([step, value]) => `${across(step).toFixed(1)},${down(value).toFixed(1)}`).join(" ");
    svg.append(element("polyline", { class: `training-line training-line-${part}`, points: path }));
    const [step, value] = points[points.length - 1];
    if (part !== "step") svg.append(element("circle", { class: `training-dot training-dot-${part}`, cx: across(step), cy: down(value), r: 3 }));
  }
  const reading = h("span", { class: "training-reading" }, latest(lines));
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const step = (((event.clientX - box.left) / box.width) * WIDTH - EDGE.left) / ((WIDTH - EDGE.left - EDGE.right) / last);
    reading.textContent = at(lines, step);
  });
  svg.addEventListener("pointerleave", () => (reading.textContent = latest(lines)));
  return h("figure", { class: "training-curve" }, h("figcaption", {}, h("strong", {}, TITLES.get(name) ?? name.replaceAll("_", " ")), reading), svg);
}

/** @param {string} tag @param {Record<string, string | number>} attributes @param {string} [text] */
function element(tag, attributes, text) {
  const made = document.createElementNS(SPACE, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  if (text !== undefined) made.textContent = text;
  return made;
}

/** @param {number} value */
export function short(value) {
  if (value === 0) return "0";
  return Math.abs(value) >= 1000 || Math.abs(value) < 0.001 ? value.toExponential(1) : String(Number(value.toPrecision(3)));
}

/** @param {Lines} lines */
function latest(lines) {
  const part = lines.has("validation") ? "validation" : lines.has("train") ? "train" : "step";
  const points = lines.get(part) ?? [];
  return points.length ? `${part} ${short(points[points.length - 1][1])}` : "";
}

/** What was measured nearest to a step. @param {Lines} lines @param {number} step */
function at(lines, step) {
  const told = PARTS.filter((part) => lines.has(part)).map((part) => {
    const points = lines.get(part) ?? [];
    const near = points.reduce((best, point) => (Math.abs(point[0] - step) < Math.abs(best[0] - step) ? point : best));
    return `${part} ${short(near[1])} (${near[0]})`;
  });
  return told.join(", ");
}

/** @param {string} name @param {Lines} lines */
function spoken(name, lines) {
  const told = PARTS.filter((part) => lines.has(part)).map((part) => {
    const points = lines.get(part) ?? [];
    return `${part} from ${short(points[0][1])} to ${short(points[points.length - 1][1])}`;
  });
  return `${TITLES.get(name) ?? name}: ${told.join(", ")}`;
}
