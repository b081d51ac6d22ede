/**
 * A face that can move: from controls to the places of all points of its mesh. The same sums as
 * `gpu_worker/rendering/deform.py` and `shapes.shape_weights`; `gpu_worker/rendering/preview_rig.py` makes the description.
 */

import { unpack } from "../lib/packed.js";

const CLOSED_GAP = 0.015;
const SPEECH_GAP = 0.01;
const TIGHT_FROM = 0.8;
/** Shapes whose gap `close` takes back, as many as there are `close_...` shapes for them. */
const CLOSING = "close_";
/** Of the controls, those that say that the mouth is doing something. */
const BUSY = ["jaw", "pucker", "stretch", "upper_raise", "lower_depress"];

/** @param {number} x @param {number} low @param {number} high */
export function smoothstep(x, low, high) {
  const t = Math.min(1, Math.max(0, (x - low) / (high - low)));
  return t * t * (3 - 2 * t);
}

/** @param {Int16Array} values @param {number} scale */
function real(values, scale) {
  return Float32Array.from(values, (one) => one * scale);
}

export class Rig {
  /** @param {ArrayBuffer} buffer @throws {TypeError} */
  constructor(buffer) {
    const { head, parts } = unpack(buffer);
    if (head.version !== 1) throw new TypeError("This script draws another description");
    this.head = head;
    this.parts = parts;
    this.count = head.points;
    /** @type {Map<string, number>} column of each control */
    this.column = new Map(head.controls.map((/** @type {string} */ name, /** @type {number} */ at) => [name, at]));
    this.rest = real(parts.rest, head.scales.rest);
    /** Where the photo shows each point, pixels: as measured, and as drawn while lips or lids close. */
    this.measured = real(parts.source, head.scales.source);
    this.source = this.measured.slice();
    this.triangles = parts.triangles;
    this.local = new Float32Array(3 * this.count);
    this.depth = new Float32Array(this.count);
    /** Where each point is in the frame, pixels of the photo. */
    this.screen = new Float32Array(2 * this.count);
    this.shapes = shapesOf(head, parts);
    this.mouthOpen = head.mouth.open;
  }

  /** @param {Float32Array} controls @param {string} name */
  value(controls, name) {
    return controls[this.column.get(name) ?? -1] ?? 0;
  }

  /**
   * Lips that the photo shows parted are drawn together between sounds, or the face would speak through a frozen smile.
   * @param {Float32Array} controls changed
   * @param {number} share 0 leaves the photo's own mouth, 1 closes it fully
   */
  holdLips(controls, share) {
    const gap = this.head.gap;
    const at = this.column.get("close") ?? -1;
    if (gap <= CLOSED_GAP || at < 0) return;
    const busy = Math.max(...BUSY.map((name) => this.value(controls, name)));
    const rest = 1 - smoothstep(busy, 0.02, 0.14);
    const spoken = Math.min(0.95, Math.max(0, 1 - SPEECH_GAP / gap)) * (1 - 0.15 * smoothstep(this.value(controls, "jaw"), 0, 0.9));
    controls[at] = Math.max(controls[at], share * (spoken * (1 - rest) + rest));
  }

  /** @param {Float32Array} controls @returns {Float32Array} the weight of each shape */
  weights(controls) {
    const weights = new Float32Array(this.shapes.length);
    const close = Math.min(1, Math.max(0, this.value(controls, "close")));
    const tight = smoothstep(close, TIGHT_FROM, 1);
    this.shapes.forEach(({ name }, at) => {
      if (name === "close_rest") weights[at] = close;
      else if (name.startsWith(CLOSING)) weights[at] = tight * this.value(controls, name.slice(CLOSING.length));
      else weights[at] = this.value(controls, name);
      if (name.startsWith("squint_")) {
        weights[at] *= 1 - Math.min(1, Math.max(0, this.value(controls, name.replace("squint", "blink"))));
      }
    });
    return weights;
  }

  /**
   * Put every point where the controls want it.
   * @param {Float32Array} controls
   * @returns {Float32Array} the head's matrix, four rows of three: p -> p · m[0..2] + m[3]
   */
  place(controls) {
    const { local, depth, screen, count } = this;
    local.set(this.rest);
    const weights = this.weights(controls);
    this.shapes.forEach(({ points, moves, scale }, at) => {
      const weight = weights[at] * scale;
      if (weight === 0) return;
      for (let k = 0; k < points.length; k += 1) {
        const to = 3 * points[k];
        local[to] += weight * moves[3 * k];
        local[to + 1] += weight * moves[3 * k + 1];
        local[to + 2] += weight * moves[3 * k + 2];
      }
    });
    const head = this.headMatrix(controls);
    const camera = this.head.camera;
    const follow = this.parts.follow;
    for (let i = 0; i < count; i += 1) {
      const x = local[3 * i];
      const y = local[3 * i + 1];
      const z = local[3 * i + 2];
      const f = follow[i] / 255;
      depth[i] = camera[8] * x + camera[9] * y + camera[10] * z;
      local[3 * i] = x + f * (x * head[0] + y * head[1] + z * head[2] + head[9] - x);
      local[3 * i + 1] = y + f * (x * head[3] + y * head[4] + z * head[5] + head[10] - y);
      local[3 * i + 2] = z + f * (x * head[6] + y * head[7] + z * head[8] + head[11] - z);
      const [sx, sy] = this.project(local[3 * i], local[3 * i + 1], local[3 * i + 2], depth[i]);
      screen[2 * i] = sx;
      screen[2 * i + 1] = sy;
    }
    return head;
  }

  /**
   * @param {number} x @param {number} y @param {number} z local
   * @param {number} before depth before the head turned, pixels
   * @returns {[number, number]} pixels of the photo
   */
  project(x, y, z, before) {
    const c = this.head.camera;
    const distance = this.head.distance;
    const zoom = (distance + before) / (distance + c[8] * x + c[9] * y + c[10] * z);
    return [(c[0] * x + c[1] * y + c[2] * z) * zoom + c[3], (c[4] * x + c[5] * y + c[6] * z) * zoom + c[7]];
  }

  /** @param {Float32Array} controls */
  headMatrix(controls) {
    const angle = (/** @type {string} */ name) => (this.value(controls, name) * Math.PI) / 180;
    const [sy, cy] = [Math.sin(-angle("yaw")), Math.cos(-angle("yaw"))];
    const [sp, cp] = [Math.sin(angle("pitch")), Math.cos(angle("pitch"))];
    const [sr, cr] = [Math.sin(angle("roll")), Math.cos(angle("roll"))];
    const grow = 1 + this.value(controls, "scale");
    // about z, times about y, times about x
    const turn = [
      cr * cy, cr * sy * sp - sr * cp, cr * sy * cp + sr * sp,
      sr * cy, sr * sy * sp + cr * cp, sr * sy * cp - cr * sp,
      -sy, cy * sp, cy * cp,
    ].map((one) => one * grow);
    const p = this.head.pivot;
    const shift = [this.value(controls, "shift_x"), this.value(controls, "shift_y"), 0];
    const moved = [0, 1, 2].map((row) => p[row] - (turn[3 * row] * p[0] + turn[3 * row + 1] * p[1] + turn[3 * row + 2] * p[2]) + shift[row]);
    return Float32Array.from([...turn, ...moved]);
  }

  /**
   * Affine maps around a point that is fixed to the skull (`deform.skull_patch`).
   * @param {number[]} anchor local
   * @param {Float32Array} head
   * @returns {number[]} twelve: pixel of the frame to local x and y relative to the point, and to the pixel of the photo
   */
  skullPatch(anchor, head) {
    const side = 0.1;
    const c = this.head.camera;
    const still = [];
    const moved = [];
    for (let k = 0; k < 3; k += 1) {
      const corner = anchor.slice();
      if (k > 0) corner[k - 1] += side;
      const turned = [0, 1, 2].map((i) => head[3 * i] * corner[0] + head[3 * i + 1] * corner[1] + head[3 * i + 2] * corner[2] + head[9 + i]);
      const before = c[8] * corner[0] + c[9] * corner[1] + c[10] * corner[2];
      still.push([0, 1].map((i) => c[4 * i] * corner[0] + c[4 * i + 1] * corner[1] + c[4 * i + 2] * corner[2] + c[4 * i + 3]));
      moved.push(this.project(turned[0], turned[1], turned[2], before));
    }
    const a = (moved[1][0] - moved[0][0]) / side;
    const b = (moved[2][0] - moved[0][0]) / side;
    const cc = (moved[1][1] - moved[0][1]) / side;
    const d = (moved[2][1] - moved[0][1]) / side;
    const size = a * d - b * cc;
    const [xx, xy, yx, yy] = [d / size, -b / size, -cc / size, a / size];
    const x0 = -(xx * moved[0][0] + xy * moved[0][1]);
    const y0 = -(yx * moved[0][0] + yy * moved[0][1]);
    const maps = [xx, xy, x0, yx, yy, y0];
    for (let k = 0; k < 2; k += 1) {
      const e = (still[1][k] - still[0][k]) / side;
      const f = (still[2][k] - still[0][k]) / side;
      maps.push(e * xx + f * yx, e * xy + f * yy, still[0][k] + e * x0 + f * y0);
    }
    return maps;
  }
}

/** @param {any} head @param {any} parts */
function shapesOf(head, parts) {
  let first = 0;
  return head.shapes.map((/** @type {{name: string, count: number, scale: number}} */ { name, count, scale }) => {
    const points = parts.shape_points.subarray(first, first + count);
    const moves = parts.shape_moves.subarray(3 * first, 3 * (first + count));
    first += count;
    return { name, points, moves, scale };
  });
}
