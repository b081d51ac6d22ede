/**
 * Shows a moving face on a page: the photo once there is a consent and a description, a drawn mouth before. Frames come
 * from whoever has them; the newest is drawn when the screen is ready for it, and lids blink by themselves.
 */

import { DrawnFace } from "./drawnface.js";
import { Painter } from "./painter.js";
import { Rig, smoothstep } from "./rig.js";

export const LABEL = "Preview · AI-animated";
/** How long a mouth takes to leave the photo's own state, and to come back to it, seconds. */
const EASE_S = 0.16;
const BLINK_S = 0.3;
const LIDS = ["blink_left", "blink_right"];

export class Stage {
  /**
   * @param {{canvas: HTMLCanvasElement, drawn: HTMLCanvasElement, calm: boolean}} parts `calm`: nothing moves that is not asked for
   */
  constructor({ canvas, drawn, calm }) {
    this.canvas = canvas;
    this.drawnFace = new DrawnFace(drawn);
    this.calm = calm;
    /** @type {Painter | null} */
    this.painter = null;
    /** @type {Rig | null} */
    this.rig = null;
    this.names = /** @type {string[]} */ ([]);
    this.values = new Float32Array(0);
    this.sample = -1;
    this.moving = false;
    this.fresh = false;
    this.share = 0;
    this.last = 0;
    this.frame = 0;
    this.nextBlink = 0;
    this.showWhich();
  }

  /** Whether the photo itself moves. */
  get hasPhoto() {
    return this.painter !== null;
  }

  /**
   * @param {ArrayBuffer} described @param {string} photoUrl
   * @throws {Error} where this browser cannot draw it
   */
  async load(described, photoUrl) {
    this.forget();
    const rig = new Rig(described);
    const photo = new Image();
    photo.src = photoUrl;
    await photo.decode();
    const [upper, lower, tongue, own] = await Promise.all(["upper", "lower", "tongue", "own"].map((name) => bitmap(rig.parts[name])));
    if (!upper || !lower || !tongue) throw new Error("The description is not whole");
    const fresh = /** @type {HTMLCanvasElement} */ (this.canvas.cloneNode());
    this.canvas.replaceWith(fresh); // a canvas whose context was given back makes no new one
    // The machine took its graphics memory back: the drawn mouth goes on.
    fresh.addEventListener("webglcontextlost", () => fresh === this.canvas && this.forget());
    this.canvas = fresh;
    this.painter = new Painter(fresh, rig, { photo, upper, lower, tongue, own }, LABEL);
    this.rig = rig;
    this.showWhich();
    this.paint();
  }

  /** The photo or the face is another: nothing of the old one stays. */
  forget() {
    this.painter?.release();
    this.painter = null;
    this.rig = null;
    this.showWhich();
  }

  showWhich() {
    this.canvas.hidden = !this.hasPhoto;
    this.drawnFace.canvas.hidden = this.hasPhoto;
    if (!this.hasPhoto) this.drawnFace.draw(() => 0);
  }

  /** @param {string[]} names of the controls that follow */
  begin(names) {
    this.names = names;
    this.values = new Float32Array(names.length);
    this.moving = true;
    this.nextBlink = performance.now() + 1500;
    if (!this.frame) this.frame = requestAnimationFrame((now) => this.tick(now));
  }

  /** @param {Float32Array} values one for each control @param {number} sample which sound they belong to */
  show(values, sample) {
    this.values = values;
    this.sample = sample;
    this.fresh = true;
  }

  /** Back to the photo. */
  end() {
    this.moving = false;
  }

  /** @param {number} now */
  tick(now) {
    const passed = Math.min(0.1, (now - this.last) / 1000);
    this.last = now;
    const before = this.share;
    this.share = Math.min(1, Math.max(0, before + (this.moving ? passed : -passed) / EASE_S));
    // Nothing new is not drawn again: a phone's battery is for more than this.
    if (this.fresh || this.share !== before || now > this.nextBlink) this.paint(now);
    this.fresh = false;
    this.frame = this.moving || this.share > 0 ? requestAnimationFrame((next) => this.tick(next)) : 0;
    if (!this.frame) this.sample = -1;
  }

  /** @param {number} [now] */
  paint(now = 0) {
    const of = (/** @type {string} */ name) => this.share * (this.values[this.names.indexOf(name)] ?? 0);
    if (!this.painter || !this.rig) {
      this.drawnFace.draw(of);
    } else {
      const controls = new Float32Array(this.rig.head.controls.map(of));
      if (this.share > 0) {
        this.rig.holdLips(controls, this.share);
        this.blink(controls, now);
      }
      this.painter.draw(controls);
    }
    // What is seen now belongs to this sample: tests and measurements read it.
    const shown = this.hasPhoto ? this.canvas : this.drawnFace.canvas;
    shown.dataset.sample = String(this.sample);
    shown.dataset.jaw = of("jaw").toFixed(3);
  }

  /**
   * Where nobody moves the lids, they blink every few seconds.
   * @param {Float32Array} controls changed @param {number} now
   */
  blink(controls, now) {
    const rig = /** @type {Rig} */ (this.rig);
    if (this.calm || LIDS.some((name) => rig.value(controls, name) > 0)) return;
    const at = (now - this.nextBlink) / 1000;
    if (at > BLINK_S) this.nextBlink = now + 2500 + 3500 * Math.random();
    if (at < 0 || at > BLINK_S) return;
    const closed = smoothstep(at, 0, 0.1) * (1 - smoothstep(at, 0.13, BLINK_S));
    for (const name of LIDS) controls[rig.column.get(name) ?? 0] = closed;
  }
}

/** @param {Uint8Array | undefined} png @returns {Promise<ImageBitmap | null>} its colours premultiplied */
async function bitmap(png) {
  if (!png) return null;
  return createImageBitmap(new Blob([/** @type {BlobPart} */ (png)], { type: "image/png" }), { premultiplyAlpha: "premultiply" });
}
