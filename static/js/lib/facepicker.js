/** Who speaks? Radio buttons laid over the picture, one for each face: arrow keys, touch and mouse all work. */

import { h } from "./dom.js";

/**
 * @typedef {{code: string, message: string, hint: string}} Finding
 * @typedef {{index: number, box: [number, number, number, number], yaw: number, pitch: number, roll: number,
 *   findings: Finding[]}} Face
 */

/**
 * Fills `layer`, which covers the picture exactly, with one choice for each face.
 * @param {HTMLElement} layer a fieldset
 * @param {Face[]} faces boxes as fractions of the picture
 * @param {number | null} chosen
 * @param {(index: number) => void} onChoose
 */
export function showFaces(layer, faces, chosen, onChoose) {
  const choices = faces.map((face, place) => {
    const input = /** @type {HTMLInputElement} */ (
      h("input", { type: "radio", name: "face", value: face.index, class: "visually-hidden" })
    );
    input.checked = face.index === chosen;
    input.addEventListener("change", () => onChoose(face.index));
    const label = h(
      "label",
      { class: "face" },
      input,
      h("span", { class: "face-name" }, h("span", { class: "visually-hidden" }, "Face "), String(place + 1)),
      h("span", { class: "visually-hidden" }, describe(face, place, faces.length)),
    );
    const [x, y, width, height] = face.box;
    label.style.setProperty("left", `${x * 100}%`);
    label.style.setProperty("top", `${y * 100}%`);
    label.style.setProperty("width", `${width * 100}%`);
    label.style.setProperty("height", `${height * 100}%`);
    return label;
  });
  layer.replaceChildren(h("legend", { class: "visually-hidden" }, "Which face speaks?"), ...choices);
  layer.hidden = faces.length === 0;
}

/**
 * @param {Face} face
 * @param {number} place counted from the left, from 0
 * @param {number} count
 */
function describe(face, place, count) {
  const where = count === 1 ? "the only one" : `of ${count}, counted from the left`;
  return ` ${where}${face.findings.length ? ". " + face.findings.map((one) => one.message).join(" ") : ""}`;
}
