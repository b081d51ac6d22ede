/** What the video shows of the photo: a rectangle over the picture follows the choice. */

import { request } from "../lib/api.js";
import { h, need } from "../lib/dom.js";

/** @typedef {{framing: string, title: string, box: [number, number, number, number], width: number,
 *   height: number, possible: boolean}} Framing */

export class FramingChoice {
  /** @param {{onChange: () => void}} options */
  constructor({ onChange }) {
    this.onChange = onChange;
    this.list = need("#framing-list");
    this.cut = need("#framing-cut");
    this.told = need("#framing-told");
    this.chosen = "whole";
    /** @type {Framing[]} */
    this.framings = [];
    this.asked = "";
  }

  /**
   * @param {string} photo
   * @param {number[]} faces those that move
   */
  async about(photo, faces) {
    const address = `/api/photos/${photo}/framings/?faces=${faces.join()}`;
    if (address === this.asked) {
      this.show();
      return;
    }
    this.asked = address;
    const answer = await request("GET", address).catch(() => null);
    if (address !== this.asked) return;
    if (!answer) this.asked = ""; // without an answer the choice works, without its picture
    this.framings = answer?.framings ?? [];
    this.fill();
  }

  fill() {
    if (!this.framings.some((one) => one.framing === this.chosen && one.possible)) this.chosen = "whole";
    const radios = this.framings.map((one) => {
      const input = /** @type {HTMLInputElement} */ (h("input", { type: "radio", name: "framing", value: one.framing }));
      input.disabled = !one.possible;
      input.checked = one.framing === this.chosen;
      input.addEventListener("change", () => {
        this.chosen = one.framing;
        this.show();
        this.onChange();
      });
      const shape = h("span", { class: "framing-shape", "aria-hidden": "true" });
      shape.style.setProperty("aspect-ratio", `${one.width} / ${one.height}`);
      const facts = one.possible ? `${one.width} × ${one.height} pixels` : "The faces stand too far apart";
      return h("label", { class: one.possible ? "choice framing" : "choice framing disabled" }, input, shape, h("span", {}, h("strong", {}, one.title), h("small", {}, facts)));
    });
    this.list.replaceChildren(...radios);
    this.show();
  }

  show() {
    const now = this.framings.find((one) => one.framing === this.chosen) ?? this.framings[0];
    this.cut.hidden = !now || now.framing === "whole";
    this.told.textContent = now ? `The video shows: ${now.title.toLowerCase()}.` : "";
    if (!now) return;
    const [left, top, width, height] = now.box;
    for (const [name, value] of Object.entries({ left, top, width, height })) this.cut.style.setProperty(name, `${value * 100}%`);
  }
}
