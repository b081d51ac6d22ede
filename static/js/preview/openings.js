/**
 * Mouth and eyes: the strip over an opening, the skin that lies under it, and where closing lips and lids take their
 * colour from. The same sums as `gpu_worker/rendering/holes.py`.
 */

/** Numbers of one corner of a strip: place (2), below the upper and above the lower contour, along, place in the photo. */
export const STRIP_NUMBERS = 7;
/** Numbers of one corner of the skin: place, place in the photo. */
export const SKIN_NUMBERS = 4;

/**
 * @typedef {{upper: number[], lower: number[], flip: number, across: number[], ends: number[]}} Hole
 */

/** @param {Float32Array} where @param {Hole} hole @param {number} i @returns {[number, number]} across, from above to below */
function across(where, { upper, lower, flip }, i) {
  const before = Math.max(0, i - 1);
  const after = Math.min(upper.length - 1, i + 1);
  const along = [0, 1].map(
    (d) => where[2 * upper[after] + d] + where[2 * lower[after] + d] - where[2 * upper[before] + d] - where[2 * lower[before] + d],
  );
  const size = Math.hypot(along[0], along[1]) + 1e-6;
  return [(-along[1] / size) * flip, (along[0] / size) * flip];
}

/**
 * @param {Float32Array} screen @param {Float32Array} source all points in the frame and in the photo, pixels
 * @param {Hole} hole
 * @param {number} margin how far the strip reaches into the skin, pixels
 * @returns {Float32Array} two corners for each point of the contours
 */
export function buildStrip(screen, source, hole, margin) {
  const { upper, lower } = hole;
  const strip = new Float32Array(2 * STRIP_NUMBERS * upper.length);
  for (let i = 0; i < upper.length; i += 1) {
    const [u, low] = [2 * upper[i], 2 * lower[i]];
    const [nx, ny] = across(screen, hole, i);
    const [mx, my] = across(source, hole, i);
    const gap = (screen[low] - screen[u]) * nx + (screen[low + 1] - screen[u + 1]) * ny;
    const along = (2 * i) / (upper.length - 1) - 1;
    strip.set(
      [
        screen[u] - margin * nx, screen[u + 1] - margin * ny, -margin, gap + margin, along,
        source[u] - margin * mx, source[u + 1] - margin * my,
        screen[low] + margin * nx, screen[low + 1] + margin * ny, gap + margin, -margin, along,
        source[low] + margin * mx, source[low + 1] + margin * my,
      ],
      2 * STRIP_NUMBERS * i,
    );
  }
  return strip;
}

/**
 * The skin under an opening: its upper half has the colour of the upper contour, its lower half that of the lower one.
 * @param {Float32Array} screen @param {Float32Array} source
 * @param {Hole} hole
 * @returns {Float32Array} four corners for each point of the contours
 */
export function buildFill(screen, source, { upper, lower }) {
  const fill = new Float32Array(4 * SKIN_NUMBERS * upper.length);
  for (let i = 0; i < upper.length; i += 1) {
    const [u, low] = [2 * upper[i], 2 * lower[i]];
    const middle = [(screen[u] + screen[low]) / 2, (screen[u + 1] + screen[low + 1]) / 2];
    fill.set(
      [
        screen[u], screen[u + 1], source[u], source[u + 1], ...middle, source[u], source[u + 1],
        ...middle, source[low], source[low + 1], screen[low], screen[low + 1], source[low], source[low + 1],
      ],
      4 * SKIN_NUMBERS * i,
    );
  }
  return fill;
}

/** @param {number} count points of a contour @returns {Uint16Array} triangles over a strip's corners */
export function stripTriangles(count) {
  const found = [];
  for (let i = 0; i < count - 1; i += 1) found.push(2 * i, 2 * i + 1, 2 * i + 3, 2 * i, 2 * i + 3, 2 * i + 2);
  return Uint16Array.from(found);
}

/** @param {number} count points of a contour @returns {Uint16Array} triangles over a fill's corners */
export function fillTriangles(count) {
  const found = [];
  for (const a of [0, 2]) {
    for (let i = 0; i < count - 1; i += 1) {
      const first = 4 * i + a;
      found.push(first, first + 1, first + 5, first, first + 5, first + 4);
    }
  }
  return Uint16Array.from(found);
}

/**
 * Let both contours take their colour from further inside the skin, so that nothing of what lay between them sticks.
 * @param {Float32Array} measured @param {Hole} hole @param {number} share @param {Float32Array} out
 */
export function insetSource(measured, hole, share, out) {
  const { upper, lower, ends } = hole;
  const count = upper.length;
  for (let i = 1; i < count - 1; i += 1) {
    const [nx, ny] = across(measured, hole, i).map((one) => one * share);
    const [up, down] = [hole.across[i], hole.across[count + i]];
    const [u, low] = [2 * upper[i], 2 * lower[i]];
    out[u] = measured[u] - nx * up;
    out[u + 1] = measured[u + 1] - ny * up;
    out[low] = measured[low] + nx * down;
    out[low + 1] = measured[low + 1] + ny * down;
  }
  for (const end of [0, 1]) {
    const point = 2 * upper[end * (count - 1)];
    out[point] = measured[point] + ends[2 * end] * share;
    out[point + 1] = measured[point + 1] + ends[2 * end + 1] * share;
  }
}
