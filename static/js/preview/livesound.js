/** Sound of a microphone to the site, controls of a face back, for as long as both sides like. Knows nothing of the page. */

/** Sound that may wait in the browser for the network, bytes: what comes on top is dropped, never queued. */
const MOST_WAITING = 8192;

/** Why a session ended, for people; by close code (`animator/live_consumer.py`). */
const REASONS = new Map([
  [4408, "The preview stops after two minutes. Your recording goes on."],
  [4409, "The preview goes on in another tab of yours. Your recording goes on."],
  [4403, "You are signed out. Your recording goes on; sign in in another tab before you send it."],
]);
const AWAY = "The live preview is not available at the moment. Your recording goes on.";

export class LiveSound {
  /**
   * @param {{onFrames: (frames: {sample: number, values: Float32Array}[]) => void, onBegin: (controls: string[]) => void,
   *   onEnd: (why: string) => void}} handlers `onEnd` is told once when it ends by itself
   */
  constructor({ onFrames, onBegin, onEnd }) {
    this.onFrames = onFrames;
    this.onBegin = onBegin;
    this.onEnd = onEnd;
    /** @type {WebSocket | null} */
    this.socket = null;
    /** @type {AudioContext | null} */
    this.audio = null;
    /** @type {AudioWorkletNode | null} */
    this.node = null;
    this.samples = 0;
    this.controls = 0;
  }

  /** @param {MediaStream} stream the microphone, which stays its owner's */
  async start(stream) {
    this.stop();
    this.samples = 0;
    this.controls = 0;
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/ws/live/`);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    socket.addEventListener("message", (event) => this.receive(event.data));
    socket.addEventListener("close", (event) => {
      if (this.socket === socket) this.fail(REASONS.get(event.code) ?? AWAY);
    });
    try {
      const audio = new AudioContext({ latencyHint: "interactive" });
      this.audio = audio;
      void audio.resume(); // Safari starts it asleep
      await audio.audioWorklet.addModule(new URL("./microphone.worklet.js", import.meta.url).href);
      if (this.audio !== audio) return;
      const node = new AudioWorkletNode(audio, "microphone", { numberOfOutputs: 0 });
      this.node = node;
      node.port.onmessage = ({ data }) => this.send(data);
      audio.createMediaStreamSource(stream).connect(node);
    } catch {
      // no worklets in this browser, or the stream has ended meanwhile
      if (this.socket === socket) this.fail("This browser cannot show a live preview. Your recording goes on.");
    }
  }

  /** @param {Int16Array} piece */
  send(piece) {
    const first = this.samples;
    const { socket } = this;
    // Before a worker is there nobody hears it; the count begins when one is.
    if (!socket || socket.readyState !== WebSocket.OPEN || this.controls === 0) return;
    this.samples += piece.length;
    if (socket.bufferedAmount > MOST_WAITING) return;
    const message = new ArrayBuffer(4 + piece.byteLength);
    new DataView(message).setUint32(0, first, true);
    new Int16Array(message, 4).set(piece);
    socket.send(message);
  }

  /** @param {string | ArrayBuffer} data */
  receive(data) {
    if (typeof data === "string") {
      const { controls } = JSON.parse(data);
      this.controls = controls.length;
      this.onBegin(controls);
      return;
    }
    const size = 4 * (1 + this.controls);
    const frames = [];
    for (let at = 0; at + size <= data.byteLength; at += size) {
      frames.push({ sample: new DataView(data).getUint32(at, true), values: new Float32Array(data, at + 4, this.controls) });
    }
    if (frames.length) this.onFrames(frames);
  }

  /** @param {string} why */
  fail(why) {
    this.stop();
    this.onEnd(why);
  }

  stop() {
    const { socket } = this;
    this.socket = null;
    socket?.close();
    this.node?.port.postMessage("over");
    this.node?.disconnect();
    this.node = null;
    void this.audio?.close();
    this.audio = null;
  }
}
