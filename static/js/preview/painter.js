/** Draws a photo whose face moves: the photo, the skin over it, eyes and mouth in their openings, the label. */

import { buildFill, buildStrip, fillTriangles, insetSource, stripTriangles } from "./openings.js";
import { indices, Program, texture } from "./program.js";
import { smoothstep } from "./rig.js";
import { EYE_FRAGMENT, MOUTH_FRAGMENT, SKIN_FRAGMENT, SKIN_VERTEX, STRIP_VERTEX } from "./shaders.js";

/** Longest side of what is drawn, and of the photo's part that is read, pixels. */
const MOST_DRAWN = 640;
const MOST_READ = 1024;
/** Half width of an opening's edge, face heights; change of the lips' gap over which the drawn mouth fades in, millimetres. */
const EDGE = 0.0045;
const FADE_MM = 4;
const SKIN_LAYOUT = /** @type {[string, number][]} */ ([["place", 2], ["source", 2]]);
const STRIP_LAYOUT = /** @type {[string, number][]} */ ([["place", 2], ["across", 3], ["source", 2]]);

export class Painter {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {import("./rig.js").Rig} rig
   * @param {{photo: HTMLImageElement, upper: ImageBitmap, lower: ImageBitmap, tongue: ImageBitmap, own: ImageBitmap | null}} pictures
   * @param {string} label what is written into every frame
   * @throws {Error} where there is no WebGL
   */
  constructor(canvas, rig, pictures, label) {
    this.rig = rig;
    this.view = rig.head.view;
    const shrink = Math.min(1, MOST_DRAWN / Math.max(this.view[2], this.view[3]));
    const grow = Math.max(shrink, Math.min(2, 360 / this.view[2])); // a small face is drawn larger
    canvas.width = Math.round(this.view[2] * grow);
    canvas.height = Math.round(this.view[3] * grow);
    const gl = canvas.getContext("webgl", { alpha: false, antialias: false });
    if (!gl) throw new Error("There is no WebGL");
    this.gl = gl;
    this.canvas = canvas;
    this.skin = new Program(gl, SKIN_VERTEX, SKIN_FRAGMENT, SKIN_LAYOUT);
    this.eye = new Program(gl, STRIP_VERTEX, EYE_FRAGMENT, STRIP_LAYOUT);
    this.mouth = new Program(gl, STRIP_VERTEX, MOUTH_FRAGMENT, STRIP_LAYOUT);
    this.photo = texture(gl, partOf(pictures.photo, rig));
    this.sprites = Object.fromEntries(["upper", "lower", "tongue", "own"].map((name) => [name, texture(gl, pictures[/** @type {"upper"} */ (name)])]));
    this.label = texture(gl, labelOf(label, canvas.width, canvas.height));
    this.triangles = indices(gl, rig.triangles);
    this.square = indices(gl, Uint16Array.from([0, 1, 2, 0, 2, 3]));
    this.holes = rig.head.holes.map((/** @type {import("./openings.js").Hole} */ hole) => {
      const [strip, fill] = [stripTriangles(hole.upper.length), fillTriangles(hole.upper.length)];
      return { hole, strip: indices(gl, strip), fill: indices(gl, fill), stripCount: strip.length, fillCount: fill.length };
    });
    this.gaps = gapsOf(rig.measured, this.holes[0].hole);
    for (const program of [this.skin, this.eye, this.mouth]) program.set({ view: this.view });
    gl.viewport(0, 0, canvas.width, canvas.height);
  }

  /** @param {Float32Array} controls all 0: the photo as it is */
  draw(controls) {
    const { gl, rig } = this;
    const head = rig.place(controls);
    const shares = [rig.mouthOpen ? rig.value(controls, "close") : 0, ...this.eyes.map(({ side }) => smoothstep(rig.value(controls, `blink_${side}`), 0, 0.6))];
    this.holes.forEach(({ hole }, at) => insetSource(rig.measured, hole, shares[at], rig.source));
    gl.disable(gl.BLEND); // edges are soft by themselves: no multisampling
    this.skin.bind({ photo: this.photo });
    const [x, y, width, height] = this.view;
    const corners = [[x, y], [x + width, y], [x + width, y + height], [x, y + height]];
    this.skin.draw(Float32Array.from(corners.flatMap((one) => [...one, ...one])), this.square, 6);
    for (const { hole, fill, fillCount } of this.holes) this.skin.draw(buildFill(rig.screen, rig.source, hole), fill, fillCount);
    this.skin.draw(this.skinCorners(), this.triangles, rig.triangles.length);
    gl.enable(gl.BLEND);
    gl.blendFuncSeparate(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA, gl.ONE, gl.ONE);
    this.eyes.forEach((eye, at) => this.drawEye(at, eye, controls, head));
    this.drawMouth(controls, head);
    this.drawLabel();
  }

  /** @returns {{side: string, iris: number[], radius: number, anchor: number[]}[]} */
  get eyes() {
    return this.rig.head.eyes;
  }

  skinCorners() {
    const { count, screen, source } = this.rig;
    this.corners ??= new Float32Array(4 * count);
    for (let i = 0; i < count; i += 1) {
      this.corners[4 * i] = screen[2 * i];
      this.corners[4 * i + 1] = screen[2 * i + 1];
      this.corners[4 * i + 2] = source[2 * i];
      this.corners[4 * i + 3] = source[2 * i + 1];
    }
    return this.corners;
  }

  /**
   * @param {number} at @param {{side: string, iris: number[], radius: number, anchor: number[]}} eye
   * @param {Float32Array} controls @param {Float32Array} head
   */
  drawEye(at, eye, controls, head) {
    const { rig } = this;
    const { unit } = rig.head;
    const gaze = [rig.value(controls, "gaze_x"), rig.value(controls, "gaze_y")];
    const blink = Math.min(1, Math.max(0, rig.value(controls, `blink_${eye.side}`)));
    const change = Math.max(blink, Math.abs(rig.value(controls, `squint_${eye.side}`)), 0.7 * Math.hypot(...gaze));
    const softness = Math.max(0.6, 0.75 * EDGE * unit);
    this.eye.bind({ photo: this.photo });
    this.eye.set({
      to_photo: rig.skullPatch(eye.anchor, head).slice(6), iris: [...eye.iris, eye.radius], gaze: gaze.map((one) => one * eye.radius),
      blink, unit, softness, shown: smoothstep(change, 0, 0.12),
    });
    this.drawStrip(this.eye, at + 1, softness);
  }

  /** @param {Float32Array} controls @param {Float32Array} head */
  drawMouth(controls, head) {
    const { rig } = this;
    const { mouth, unit, gap } = rig.head;
    const perMm = unit / mouth.face_mm;
    const gaps = gapsOf(rig.screen, this.holes[0].hole);
    const moved = Math.max(...gaps.map((one, i) => Math.abs(one - this.gaps[i]))) / perMm;
    const softness = Math.max(0.6, EDGE * unit);
    const maps = rig.skullPatch(mouth.teeth, head);
    const close = rig.value(controls, "close");
    const drop = rig.value(controls, "jaw") * mouth.jaw_mm + gap * mouth.face_mm * 0.6 * (1 - 0.4 * close);
    const side = rig.value(controls, "jaw_side") * 0.03 * mouth.face_mm;
    const forward = rig.value(controls, "tongue_forward");
    this.mouth.bind({ photo: this.photo, ...this.sprites });
    this.mouth.set({
      to_mm: maps.slice(0, 6).map((one) => one * mouth.face_mm), to_photo: maps.slice(6),
      sprite: [mouth.sprite_scale, mouth.sprite_origin_mm[0] * mouth.sprite_scale - 0.5, mouth.sprite_origin_mm[1] * mouth.sprite_scale - 0.5, 0],
      sprite_size: mouth.sprite_size, own_box: mouth.own ?? [0, 0, 0, 0], jaw: [side, drop + 0.4],
      tongue_at: [0.62 * side, 0.62 * drop - 1 - 8 * rig.value(controls, "tongue_up"), 0.62 + 0.38 * Math.min(1, drop / 9) + 0.25 * forward, forward],
      cavity: mouth.cavity.map((/** @type {number} */ one) => one / 255), mucosa: mouth.mucosa.map((/** @type {number} */ one) => one / 255),
      per_mm: perMm, opening_mm: Math.max(...gaps) / perMm, softness, shown: rig.mouthOpen ? smoothstep(moved, 0.1, FADE_MM) : 1,
    });
    this.drawStrip(this.mouth, 0, softness);
  }

  /** @param {Program} program @param {number} at @param {number} softness */
  drawStrip(program, at, softness) {
    const { hole, strip, stripCount } = this.holes[at];
    program.draw(buildStrip(this.rig.screen, this.rig.measured, hole, 2 * softness + 1), strip, stripCount);
  }

  /** Every frame says what it is, wherever it may be copied to. */
  drawLabel() {
    const [x, y, width, height] = this.view;
    const corners = [[x, y], [x + width, y], [x + width, y + height], [x, y + height]];
    const { gl } = this;
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    this.stamp ??= new Program(gl, SKIN_VERTEX, LABEL_FRAGMENT, SKIN_LAYOUT);
    this.stamp.set({ view: this.view });
    this.stamp.bind({ photo: this.label });
    this.stamp.draw(Float32Array.from(corners.flatMap((one) => [...one, ...one])), this.square, 6);
  }

  /** Gives the graphics memory back. */
  release() {
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}

const LABEL_FRAGMENT = SKIN_FRAGMENT.replace("vec4(texture2D(photo, at).rgb, 1.0)", "texture2D(photo, at)");

/** @param {Float32Array} where @param {import("./openings.js").Hole} hole @returns {number[]} between the contours, pixels */
function gapsOf(where, { upper, lower }) {
  return upper.map((u, i) => Math.hypot(where[2 * lower[i]] - where[2 * u], where[2 * lower[i] + 1] - where[2 * u + 1]));
}

/** @param {HTMLImageElement} photo @param {import("./rig.js").Rig} rig @returns {HTMLCanvasElement} the part that is shown */
function partOf(photo, rig) {
  const [x, y, width, height] = rig.head.view;
  const { part } = rig.head;
  const [left, top] = [part[0] * photo.naturalWidth, part[1] * photo.naturalHeight];
  const [across, down] = [(part[2] * photo.naturalWidth) / rig.head.width, (part[3] * photo.naturalHeight) / rig.head.height];
  const scale = Math.min(1, MOST_READ / (Math.max(width, height) * across));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * across * scale);
  canvas.height = Math.round(height * down * scale);
  canvas.getContext("2d")?.drawImage(photo, left + x * across, top + y * down, width * across, height * down, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** @param {string} text @param {number} width @param {number} height @returns {HTMLCanvasElement} */
export function labelOf(text, width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const ink = canvas.getContext("2d");
  if (!ink) return canvas;
  const size = Math.max(12, Math.round(width / 26));
  ink.font = `600 ${size}px system-ui, sans-serif`;
  const box = ink.measureText(text).width + size;
  ink.fillStyle = "rgba(0, 0, 0, 0.62)";
  ink.fillRect(size / 2, height - 2.2 * size, box, 1.7 * size);
  ink.fillStyle = "#fff";
  ink.fillText(text, size, height - size);
  return canvas;
}
