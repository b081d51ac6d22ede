/** The opening of the mouth, as the engine draws it for the stretch in view; asked for when nothing has changed for a while. */

import { ApiError } from "../lib/api.js";

/** Wait for the end of a run of changes, milliseconds. */
const REST = 300;
/** A longer stretch is not drawn: it could not be read. Seconds. */
const LONGEST = 100;

export class Curve {
  /**
   * @param {{server: import("./server.js").Server, view: import("./viewport.js").Viewport,
   *   state: () => {version: number, timeline: import("./document.js").Timeline},
   *   onReady: (curve: {start: number, hz: number, values: Uint8Array, stale: boolean} | null) => void}} options
   */
  constructor({ server, view, state, onReady }) {
    this.server = server;
    this.view = view;
    this.state = state;
    this.onReady = onReady;
    this.timer = 0;
    this.asking = false;
    /** @type {{timeline: unknown, start: number, end: number} | null} */
    this.have = null;
  }

  /** Something changed: draw again soon. */
  ask() {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.fetch(), REST);
  }

  async fetch() {
    const { version, timeline } = this.state();
    const { view } = this;
    if (!timeline || !version || view.length > LONGEST) return;
    const enough = this.have?.timeline === timeline && this.have.start <= view.start && this.have.end >= view.end;
    if (enough) return;
    if (this.asking) {
      this.ask();
      return;
    }
    const start = Math.max(0, view.start - view.length / 4);
    const end = Math.min(timeline.duration, view.end + view.length / 4, start + LONGEST);
    this.asking = true;
    try {
      const found = await this.server.mouth(version, timeline, start, end);
      const current = this.state().timeline === timeline;
      this.onReady({ ...found, stale: !current });
      this.have = { timeline, start, end };
      if (!current) this.ask();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.have = { timeline, start, end }; // without a curve the editor works as well
    } finally {
      this.asking = false;
    }
  }
}
