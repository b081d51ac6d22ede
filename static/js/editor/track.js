/** Drawing the track: sound, words, phones, visemes, and the opening of the mouth, for the stretch in view. */

/**
 * @typedef {import("./document.js").Timeline} Timeline
 * @typedef {{kind: "word", index: number, edge: "start" | "end"} | {kind: "phone", index: number}} Boundary
 * @typedef {{timeline: Timeline, visemes: {viseme: string, start: number, end: number}[], peaks: Uint8Array, peaksHz: number,
 *   curve: {start: number, hz: number, values: Uint8Array, stale: boolean} | null, word: number | null,
 *   span: [number, number] | null, boundary: Boundary | null, cursor: number | null}} Scene
 */

/** Rows from the top: name, height in pixels. */
export const ROWS = /** @type {const} */ ({ ruler: 20, sound: 72, words: 40, phones: 30, visemes: 26, mouth: 68 });
export const HEIGHT = Object.values(ROWS).reduce((sum, height) => sum + height, 0);
const COLOURS = ["ink", "ink-soft", "line", "line-strong", "accent", "accent-soft", "pine", "pine-soft", "gold", "card", "sunk", "warn", "warn-soft", "bad", "bad-soft"];

/**
 * @param {keyof typeof ROWS} row
 * @returns {number} its upper edge
 */
export function topOf(row) {
  let top = 0;
  for (const [name, height] of Object.entries(ROWS)) {
    if (name === row) return top;
    top += height;
  }
  return top;
}

/**
 * @param {number} y
 * @returns {keyof typeof ROWS}
 */
export function rowAt(y) {
  const names = /** @type {(keyof typeof ROWS)[]} */ (Object.keys(ROWS));
  return names.findLast((name) => topOf(name) <= y) ?? "ruler";
}

export class Track {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {import("./viewport.js").Viewport} view
   */
  constructor(canvas, view) {
    this.canvas = canvas;
    this.view = view;
    this.pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    this.scale = 1;
    /** @type {Record<string, string>} */
    this.colour = {};
    this.readColours();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.readColours());
  }

  readColours() {
    const style = getComputedStyle(document.documentElement);
    for (const name of COLOURS) this.colour[name] = style.getPropertyValue(`--${name}`).trim();
  }

  /** Fits the canvas to its place on the page. */
  resize() {
    this.scale = window.devicePixelRatio || 1;
    this.view.width = this.canvas.clientWidth;
    this.canvas.width = Math.round(this.view.width * this.scale);
    this.canvas.height = Math.round(HEIGHT * this.scale);
  }

  /** @param {Scene} scene */
  draw(scene) {
    const { pen, colour, view } = this;
    pen.setTransform(this.scale, 0, 0, this.scale, 0, 0);
    pen.fillStyle = colour.card;
    pen.fillRect(0, 0, view.width, HEIGHT);
    this.drawSpans(scene);
    this.drawRuler();
    this.drawSound(scene);
    this.drawWords(scene);
    this.drawPhones(scene);
    this.drawVisemes(scene);
    this.drawMouth(scene);
    this.drawBoundary(scene);
    if (scene.cursor !== null) this.line(scene.cursor, 0, HEIGHT, colour.bad, 2);
  }

  /** What is selected, and where the mouth is forced, behind everything. @param {Scene} scene */
  drawSpans({ timeline, span }) {
    const { colour } = this;
    for (const { state, start, end } of timeline.mouth) {
      this.block(start, end, topOf("mouth"), ROWS.mouth, state === "closed" ? colour["bad-soft"] : colour["pine-soft"]);
    }
    if (span) this.block(span[0], span[1], topOf("sound"), HEIGHT - ROWS.ruler, colour["accent-soft"], 0.55);
  }

  drawRuler() {
    const { pen, view, colour } = this;
    const wanted = (70 * view.length) / view.width;
    const step = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300].find((one) => one >= wanted) ?? 600;
    pen.fillStyle = colour["ink-soft"];
    pen.font = "11px system-ui, sans-serif";
    pen.textAlign = "left";
    pen.textBaseline = "middle";
    for (let count = Math.ceil(view.start / step); count * step <= view.end; count += 1) {
      const time = count * step;
      this.line(time, 0, ROWS.ruler, colour.line, 1);
      pen.fillStyle = colour["ink-soft"];
      pen.fillText(step < 1 ? `${time.toFixed(2)} s` : `${time} s`, view.x(time) + 3, ROWS.ruler / 2);
    }
  }

  /** @param {Scene} scene */
  drawSound({ peaks, peaksHz }) {
    const { pen, view, colour } = this;
    const [top, half] = [topOf("sound"), ROWS.sound / 2];
    pen.fillStyle = colour["line-strong"];
    for (let x = 0; x < view.width; x += 1) {
      const first = Math.floor(view.time(x) * peaksHz);
      const last = Math.max(first + 1, Math.floor(view.time(x + 1) * peaksHz));
      let peak = 0;
      for (let place = first; place < last && place < peaks.length; place += 1) peak = Math.max(peak, peaks[place]);
      const height = Math.max(0.5, (peak / 255) * (half - 4));
      pen.fillRect(x, top + half - height, 1, 2 * height);
    }
  }

  /** @param {Scene} scene */
  drawWords({ timeline, word }) {
    const { colour } = this;
    timeline.words.forEach(({ word: label, start, end, said, stale }, index) => {
      if (end < this.view.start || start > this.view.end) return;
      const chosen = index === word;
      const fill = chosen ? colour.accent : stale ? colour["warn-soft"] : colour.sunk;
      const text = stale ? `${label} *` : said ? `${label} ·` : label;
      this.cell(start, end, "words", fill, text, chosen ? colour.card : colour.ink, "600 14px");
    });
  }

  /** @param {Scene} scene */
  drawPhones({ timeline }) {
    for (const { phone, start, end } of timeline.phones) {
      if (end < this.view.start || start > this.view.end) continue;
      const silent = phone === "SIL";
      this.cell(start, end, "phones", silent ? "" : this.colour.card, silent ? "" : phone, this.colour["ink-soft"], "12px");
    }
  }

  /** @param {Scene} scene */
  drawVisemes({ visemes }) {
    for (const { viseme, start, end } of visemes) {
      if (end < this.view.start || start > this.view.end || viseme === "sil") continue;
      const shut = viseme === "PP";
      const fill = shut ? this.colour["bad-soft"] : this.colour["pine-soft"];
      this.cell(start, end, "visemes", fill, viseme, this.colour.ink, "11px");
    }
  }

  /** How far the mouth opens, upwards; where it is forced, in words. @param {Scene} scene */
  drawMouth({ timeline, curve }) {
    const { pen, view, colour } = this;
    const [top, height] = [topOf("mouth"), ROWS.mouth];
    if (curve) {
      pen.beginPath();
      const place = (/** @type {number} */ index) => view.x(curve.start + index / curve.hz);
      const first = Math.max(0, Math.floor((view.start - curve.start) * curve.hz) - 1);
      const last = Math.min(curve.values.length - 1, Math.ceil((view.end - curve.start) * curve.hz) + 1);
      for (let index = first; index <= last; index += 1) {
        pen.lineTo(place(index), top + height - 4 - (curve.values[index] / 255) * (height - 12));
      }
      pen.strokeStyle = colour.pine;
      pen.globalAlpha = curve.stale ? 0.35 : 1;
      pen.lineWidth = 2;
      pen.stroke();
      pen.globalAlpha = 1;
    }
    for (const { state, start, end } of timeline.mouth) {
      this.label(start, end, top + 10, state, state === "closed" ? colour.bad : colour.pine, "600 11px");
      for (const edge of [start, end]) this.line(edge, top, height, state === "closed" ? colour.bad : colour.pine, 1);
    }
  }

  /** The boundary that the arrow keys move. @param {Scene} scene */
  drawBoundary({ timeline, boundary }) {
    if (!boundary) return;
    const at = boundary.kind === "word" ? timeline.words[boundary.index]?.[boundary.edge] : timeline.phones[boundary.index]?.start;
    if (at === undefined) return;
    const top = topOf(boundary.kind === "word" ? "words" : "phones");
    this.line(at, top, ROWS[boundary.kind === "word" ? "words" : "phones"], this.colour.gold, 5);
    this.line(at, ROWS.ruler, HEIGHT - ROWS.ruler, this.colour.gold, 1.5);
  }

  /**
   * @param {number} start
   * @param {number} end
   * @param {"words" | "phones" | "visemes"} row
   * @param {string} fill
   * @param {string} text
   * @param {string} ink
   * @param {string} font
   */
  cell(start, end, row, fill, text, ink, font) {
    const [top, height] = [topOf(row), ROWS[row]];
    if (fill) this.block(start, end, top + 2, height - 4, fill);
    this.line(start, top + 2, height - 4, this.colour["line-strong"], 1);
    this.line(end, top + 2, height - 4, this.colour["line-strong"], 1);
    this.label(start, end, top + height / 2, text, ink, font);
  }

  /**
   * @param {number} start
   * @param {number} end
   * @param {number} y
   * @param {string} text
   * @param {string} ink
   * @param {string} font
   */
  label(start, end, y, text, ink, font) {
    const { pen, view } = this;
    const [left, right] = [Math.max(view.x(start), 0), Math.min(view.x(end), view.width)];
    if (right - left < 7 || !text) return;
    pen.save();
    pen.beginPath();
    pen.rect(left + 1, 0, right - left - 2, HEIGHT);
    pen.clip();
    pen.fillStyle = ink;
    pen.font = `${font} system-ui, sans-serif`;
    pen.textBaseline = "middle";
    const wide = pen.measureText(text).width > right - left - 4;
    if (wide && y > topOf("phones")) {
      pen.restore(); // half a symbol is none
      return;
    }
    pen.textAlign = wide ? "left" : "center";
    pen.fillText(text, wide ? left + 3 : (left + right) / 2, y);
    pen.restore();
  }

  /**
   * @param {number} start
   * @param {number} end
   * @param {number} top
   * @param {number} height
   * @param {string} fill
   * @param {number} [alpha]
   */
  block(start, end, top, height, fill, alpha = 1) {
    const [left, right] = [this.view.x(start), this.view.x(end)];
    this.pen.globalAlpha = alpha;
    this.pen.fillStyle = fill;
    this.pen.fillRect(left, top, Math.max(right - left, 1), height);
    this.pen.globalAlpha = 1;
  }

  /**
   * @param {number} time
   * @param {number} top
   * @param {number} height
   * @param {string} ink
   * @param {number} width
   */
  line(time, top, height, ink, width) {
    const x = this.view.x(time);
    if (x < -width || x > this.view.width + width) return;
    this.pen.fillStyle = ink;
    this.pen.fillRect(x - width / 2, top, width, height);
  }
}
