/** Which stretch of time the track shows, and where a time lies on it. */

const SHORTEST = 0.25;

export class Viewport {
  /** @param {() => void} onChange */
  constructor(onChange) {
    this.onChange = onChange;
    this.duration = 1;
    this.start = 0;
    this.length = 1;
    this.width = 300;
  }

  get end() {
    return this.start + this.length;
  }

  /** @param {number} time */
  x(time) {
    return ((time - this.start) / this.length) * this.width;
  }

  /** @param {number} x */
  time(x) {
    return this.start + (x / this.width) * this.length;
  }

  /**
   * @param {number} start
   * @param {number} length
   */
  show(start, length) {
    this.length = Math.min(Math.max(length, Math.min(SHORTEST, this.duration)), this.duration);
    this.start = Math.min(Math.max(start, 0), this.duration - this.length);
    this.onChange();
  }

  /**
   * @param {number} factor above 1 shows less, larger
   * @param {number} [around] a time that stays where it is
   */
  zoom(factor, around = this.start + this.length / 2) {
    const share = (around - this.start) / this.length;
    const length = Math.min(Math.max(this.length / factor, SHORTEST), this.duration);
    this.show(around - share * length, length);
  }

  /** @param {number} seconds */
  scroll(seconds) {
    this.show(this.start + seconds, this.length);
  }

  fit() {
    this.show(0, this.duration);
  }

  /**
   * Brings a span into view if it is not, with some room around it.
   * @param {number} start
   * @param {number} end
   */
  reveal(start, end) {
    if (start >= this.start && end <= this.end) return;
    const length = Math.max(this.length, (end - start) * 1.4);
    this.show((start + end) / 2 - length / 2, length);
  }
}
