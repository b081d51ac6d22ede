/** Recording from the microphone: level, time, a blob at the end. Knows nothing of the page. */

const TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus", "audio/webm"];

/** @returns {boolean} false in old browsers, and where the page is not served securely */
export function canRecord() {
  return typeof MediaRecorder !== "undefined" && Boolean(navigator.mediaDevices?.getUserMedia);
}

/**
 * What to tell someone whose microphone did not start.
 * @param {unknown} error
 * @returns {{message: string, hint: string}}
 */
export function explain(error) {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") {
    return {
      message: "The browser was not allowed to use the microphone.",
      hint: "Allow it in the address bar (the lock or microphone sign), then press Record again. Or upload a recording.",
    };
  }
  if (name === "NotFoundError") {
    return { message: "No microphone was found.", hint: "Plug one in and press Record again, or upload a recording." };
  }
  if (name === "NotReadableError") {
    return { message: "The microphone is in use.", hint: "Close the other program that listens, then try again." };
  }
  return { message: "The recording could not start.", hint: "Try again, or upload a recording instead." };
}

export class Recorder {
  /**
   * @param {{maxSeconds: number, onLevel: (level: number) => void, onTime: (seconds: number) => void}} options
   *   `onLevel` gets [0, 1] about 60 times a second while recording
   */
  constructor({ maxSeconds, onLevel, onTime }) {
    this.maxSeconds = maxSeconds;
    this.onLevel = onLevel;
    this.onTime = onTime;
    /** @type {MediaRecorder | null} */
    this.recorder = null;
    /** @type {MediaStream | null} */
    this.stream = null;
    /** @type {AudioContext | null} */
    this.audio = null;
    /** @type {Promise<{blob: Blob, seconds: number, peak: number}> | null} */
    this.finished = null;
    this.peak = 0;
    this.started = 0;
    this.frame = 0;
    this.clock = 0;
  }

  /**
   * Asks for the microphone and starts. `finished` then settles when the recording has stopped.
   * @returns {Promise<void>}
   * @throws {DOMException} see {@link explain}
   */
  async begin() {
    this.stream = await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    });
    const type = TYPES.find((one) => MediaRecorder.isTypeSupported(one));
    const recorder = new MediaRecorder(this.stream, type ? { mimeType: type, audioBitsPerSecond: 96000 } : {});
    this.recorder = recorder;
    this.watchLevel(this.stream);
    /** @type {Blob[]} */
    const parts = [];
    recorder.addEventListener("dataavailable", (event) => {
      if (event.data.size) parts.push(event.data);
    });
    this.finished = new Promise((resolve, reject) => {
      recorder.addEventListener("stop", () => {
        const seconds = (performance.now() - this.started) / 1000;
        this.release();
        resolve({ blob: new Blob(parts, { type: recorder.mimeType }), seconds, peak: this.peak });
      });
      recorder.addEventListener("error", () => {
        this.release();
        reject(new DOMException("Recording stopped", "NotReadableError"));
      });
    });
    this.started = performance.now();
    recorder.start(1000);
    this.clock = window.setInterval(() => this.tick(), 200);
  }

  tick() {
    const seconds = (performance.now() - this.started) / 1000;
    this.onTime(seconds);
    if (seconds >= this.maxSeconds) this.stop();
  }

  /** @param {MediaStream} stream */
  watchLevel(stream) {
    this.peak = 0;
    this.audio = new AudioContext();
    void this.audio.resume(); // Safari starts it asleep
    const analyser = this.audio.createAnalyser();
    analyser.fftSize = 1024;
    this.audio.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const look = () => {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, one) => sum + one * one, 0) / samples.length;
      const decibels = 10 * Math.log10(power + 1e-10);
      const level = Math.min(1, Math.max(0, (decibels + 60) / 54)); // -60 dBFS is nothing, -6 is full
      this.peak = Math.max(this.peak, level);
      this.onLevel(level);
      this.frame = requestAnimationFrame(look);
    };
    look();
  }

  stop() {
    if (this.recorder?.state === "recording") this.recorder.stop();
  }

  /** Gives the microphone back: its light goes out. */
  release() {
    window.clearInterval(this.clock);
    cancelAnimationFrame(this.frame);
    this.stream?.getTracks().forEach((track) => track.stop());
    void this.audio?.close();
    this.stream = null;
    this.audio = null;
    this.onLevel(0);
  }
}
