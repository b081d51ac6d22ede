/** Undo and redo: every state is a document of its own, so that going back is taking an older one. */

/** @typedef {import("./document.js").Timeline} Timeline */

const LONGEST = 300;

export class History {
  /** @param {(timeline: Timeline) => void} onChange */
  constructor(onChange) {
    this.onChange = onChange;
    /** @type {Timeline[]} */
    this.states = [];
    this.place = -1;
    /** @type {Timeline | null} */
    this.saved = null;
    this.key = "";
  }

  /** @returns {Timeline} */
  get now() {
    return this.states[this.place];
  }

  get dirty() {
    return this.place >= 0 && this.now !== this.saved;
  }

  get canUndo() {
    return this.place > 0;
  }

  get canRedo() {
    return this.place < this.states.length - 1;
  }

  /** @param {Timeline} timeline as it came from the server */
  reset(timeline) {
    this.states = [timeline];
    this.place = 0;
    this.saved = timeline;
    this.key = "";
    this.onChange(timeline);
  }

  /**
   * @param {Timeline} timeline
   * @param {string} [key] a run of changes under one key (a boundary pushed along) is undone at once
   */
  push(timeline, key = "") {
    if (timeline === this.now) return;
    const joined = key !== "" && key === this.key && this.now !== this.saved && this.place > 0;
    this.states.splice(this.place + (joined ? 0 : 1), Infinity, timeline);
    if (this.states.length > LONGEST) this.states.shift();
    this.place = this.states.length - 1;
    this.key = key;
    this.onChange(timeline);
  }

  /** The present state is on the server; `timeline` is how the server says it. @param {Timeline} timeline */
  settle(timeline) {
    this.states[this.place] = timeline;
    this.saved = timeline;
    this.key = "";
    this.onChange(timeline);
  }

  /** A run of changes is over: the next one is undone by itself. */
  pause() {
    this.key = "";
  }

  undo() {
    if (!this.canUndo) return;
    this.place -= 1;
    this.key = "";
    this.onChange(this.now);
  }

  redo() {
    if (!this.canRedo) return;
    this.place += 1;
    this.key = "";
    this.onChange(this.now);
  }
}
