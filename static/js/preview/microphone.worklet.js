/**
 * Runs beside the sound: brings the microphone's samples, at whatever rate, to 16 kHz and 16 bits and hands them over in
 * pieces of 40 ms. A windowed-sinc low-pass of a millisecond on either side keeps out what 16 kHz cannot carry.
 */

const RATE = 16000;
const PIECE = 640;

class Microphone extends AudioWorkletProcessor {
  constructor() {
    super();
    this.step = sampleRate / RATE;
    this.half = Math.ceil(8 * Math.max(1, this.step));
    /** Samples that are still needed, the first of which has this number; the place of the next output among all. */
    this.held = new Float32Array(0);
    this.first = 0;
    this.next = 0;
    this.piece = new Int16Array(PIECE);
    this.filled = 0;
    this.port.onmessage = () => {
      this.over = true;
    };
    this.over = false;
  }

  /** @param {Float32Array[][]} inputs */
  process(inputs) {
    const channels = inputs[0];
    if (this.over) return false;
    if (!channels || channels.length === 0) return true;
    this.take(channels);
    while (this.next + this.half < this.first + this.held.length) {
      this.put(this.at(this.next));
      this.next += this.step;
    }
    const drop = Math.max(0, Math.floor(this.next) - this.half - this.first);
    this.held = this.held.slice(drop);
    this.first += drop;
    return true;
  }

  /** @param {Float32Array[]} channels mixed to one */
  take(channels) {
    const joined = new Float32Array(this.held.length + channels[0].length);
    joined.set(this.held);
    for (const channel of channels) {
      for (let i = 0; i < channel.length; i += 1) joined[this.held.length + i] += channel[i] / channels.length;
    }
    this.held = joined;
  }

  /** @param {number} place @returns {number} the sound at a place between two samples */
  at(place) {
    const cut = Math.min(1, 1 / this.step);
    let sum = 0;
    for (let i = Math.ceil(place - this.half); i <= place + this.half; i += 1) {
      const sample = this.held[i - this.first];
      if (sample === undefined) continue;
      const away = i - place;
      const x = Math.PI * away * cut;
      const sinc = Math.abs(x) < 1e-9 ? 1 : Math.sin(x) / x;
      sum += sample * sinc * cut * (0.5 + 0.5 * Math.cos((Math.PI * away) / (this.half + 1)));
    }
    return sum;
  }

  /** @param {number} sample */
  put(sample) {
    this.piece[this.filled] = Math.max(-32768, Math.min(32767, Math.round(sample * 32767)));
    this.filled += 1;
    if (this.filled < PIECE) return;
    this.port.postMessage(this.piece, [this.piece.buffer]);
    this.piece = new Int16Array(PIECE);
    this.filled = 0;
  }
}

registerProcessor("microphone", Microphone);
