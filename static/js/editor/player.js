/** Playing a span of the sound, once or in a loop, with a cursor that moves along. */

export class Player {
  /** @param {{audio: HTMLAudioElement, onMove: (time: number | null) => void, onError: (text: string) => void}} options */
  constructor({ audio, onMove, onError }) {
    this.onMove = onMove;
    this.onError = onError;
    this.audio = audio;
    this.url = "";
    this.start = 0;
    this.end = Infinity;
    this.loop = false;
    this.frame = 0;
    this.audio.addEventListener("ended", () => (this.loop ? this.again() : this.stop()));
  }

  /** @param {string} url */
  load(url) {
    if (this.url === url) return;
    this.stop();
    this.url = url;
    this.audio.src = url;
  }

  get playing() {
    return this.frame !== 0;
  }

  /**
   * @param {number} start
   * @param {number} end
   */
  async play(start, end) {
    this.stop();
    this.start = Math.max(start, 0);
    this.end = end;
    this.audio.currentTime = this.start;
    this.frame = requestAnimationFrame(() => this.tick());
    try {
      await this.audio.play();
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return; // stopped meanwhile
      this.stop();
      this.onError("This browser cannot play the sound.");
    }
  }

  tick() {
    const { currentTime } = this.audio;
    if (currentTime >= this.end && !this.audio.seeking) {
      if (!this.loop) {
        this.stop();
        return;
      }
      this.audio.currentTime = this.start;
    }
    this.onMove(this.audio.currentTime);
    this.frame = requestAnimationFrame(() => this.tick());
  }

  again() {
    this.audio.currentTime = this.start;
    void this.audio.play();
  }

  stop() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.audio.pause();
    this.onMove(null);
  }
}
