/** Mouse, pen and fingers on the track: drag a boundary, select a span, wheel and pinch to zoom, two fingers to scroll. */

import { rowAt } from "./track.js";

/** How near to a boundary a press takes hold of it, pixels. */
const GRIP = { mouse: 7, pen: 10, touch: 18 };
/** A shorter way is a press and no drag, pixels. */
const PRESS = 4;

/**
 * @typedef {import("./track.js").Boundary} Boundary
 * @typedef {{boundaryNear: (time: number, row: string, reach: number) => Boundary | null,
 *   onGrip: (boundary: Boundary) => void, onDrag: (boundary: Boundary, time: number) => void, onDrop: () => void,
 *   onSpan: (start: number, end: number) => void, onPress: (time: number, row: string) => void}} Actions
 */

export class Pointers {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {import("./viewport.js").Viewport} view
   * @param {Actions} actions
   */
  constructor(canvas, view, actions) {
    this.canvas = canvas;
    this.view = view;
    this.actions = actions;
    /** @type {Map<number, {x: number, y: number}>} */
    this.down = new Map();
    /** @type {Boundary | null} */
    this.held = null;
    /** @type {{x: number, time: number, row: string, moved: boolean} | null} */
    this.press = null;
    canvas.addEventListener("pointerdown", (event) => this.start(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const name of /** @type {const} */ (["pointerup", "pointercancel"])) {
      canvas.addEventListener(name, (event) => this.end(event, name === "pointercancel"));
    }
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
  }

  /** @param {MouseEvent} event */
  at(event) {
    const box = this.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  /** @param {PointerEvent} event @param {{x: number, y: number}} point */
  near({ pointerType }, { x, y }) {
    const grip = GRIP[/** @type {keyof typeof GRIP} */ (pointerType)] ?? GRIP.mouse;
    return this.actions.boundaryNear(this.view.time(x), rowAt(y), (grip / this.view.width) * this.view.length);
  }

  /** @param {PointerEvent} event */
  start(event) {
    const point = this.at(event);
    this.canvas.setPointerCapture(event.pointerId);
    this.down.set(event.pointerId, point);
    if (this.down.size === 2) {
      this.letGo();
      return;
    }
    this.held = this.near(event, point);
    if (this.held) this.actions.onGrip(this.held);
    this.press = { x: point.x, time: this.view.time(point.x), row: rowAt(point.y), moved: false };
  }

  /** @param {PointerEvent} event */
  move(event) {
    const point = this.at(event);
    const before = this.down.get(event.pointerId);
    if (!before) {
      this.canvas.style.cursor = this.near(event, point) ? "ew-resize" : "default";
      return;
    }
    if (this.down.size === 2) this.pinch(event.pointerId, before, point);
    this.down.set(event.pointerId, point);
    if (!this.press) return;
    if (Math.abs(point.x - this.press.x) > PRESS) this.press.moved = true;
    if (!this.press.moved) return;
    const time = Math.min(Math.max(this.view.time(point.x), 0), this.view.duration);
    if (this.held) this.actions.onDrag(this.held, time);
    else this.actions.onSpan(Math.min(this.press.time, time), Math.max(this.press.time, time));
  }

  /**
   * @param {PointerEvent} event
   * @param {boolean} cancelled
   */
  end(event, cancelled) {
    const press = this.press;
    this.down.delete(event.pointerId);
    const held = this.held;
    this.letGo();
    if (press && !press.moved && !held && !cancelled) this.actions.onPress(press.time, press.row);
  }

  letGo() {
    if (this.held) this.actions.onDrop();
    this.held = null;
    this.press = null;
  }

  /**
   * @param {number} id
   * @param {{x: number}} before
   * @param {{x: number}} now
   */
  pinch(id, before, now) {
    const other = [...this.down].find(([key]) => key !== id)?.[1];
    if (!other) return;
    const [old, fresh] = [Math.abs(before.x - other.x), Math.abs(now.x - other.x)];
    const middle = this.view.time((before.x + other.x) / 2);
    if (old > 12 && fresh > 12) this.view.zoom(fresh / old, middle);
    this.view.scroll(((before.x - now.x) / 2 / this.view.width) * this.view.length);
  }

  /** The wheel scrolls along time; with Ctrl, as a pinch on a touchpad comes, it zooms. @param {WheelEvent} event */
  wheel(event) {
    const sideways = event.deltaX + (event.shiftKey ? event.deltaY : 0);
    if (!event.ctrlKey && !event.metaKey && sideways === 0) return; // the page's own scrolling
    event.preventDefault();
    if (event.ctrlKey || event.metaKey) this.view.zoom(Math.exp(-event.deltaY / 300), this.view.time(this.at(event).x));
    else this.view.scroll((sideways / this.view.width) * this.view.length);
  }
}
