/**
 * A websocket that comes back by itself. The server sends the present state on connect, so nothing needs replaying.
 * Where no websocket gets through (some offices and hotels), the state is asked for every few seconds instead.
 */

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15000;
const ASK_EVERY_MS = 4000;
/** Close codes after which another try cannot help: signed out, not yours. */
const FINAL_CODES = new Set([4403, 4404]);

export class LiveSocket {
  /**
   * @param {string} path
   * @param {{onMessage: (message: any) => void, onState?: (state: "live" | "waiting" | "refused") => void,
   *   ask: () => Promise<any>}} handlers `ask` fetches what the socket sends on connect
   */
  constructor(path, { onMessage, onState, ask }) {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    this.address = `${scheme}//${location.host}${path}`;
    this.onMessage = onMessage;
    this.onState = onState ?? (() => {});
    this.ask = ask;
    this.failures = 0;
    this.timer = 0;
    this.asking = window.setInterval(() => void this.askInstead(), ASK_EVERY_MS);
    this.closed = false;
    /** @type {WebSocket | null} */
    this.socket = null;
    this.wake = () => {
      if (document.visibilityState === "visible") this.reconnectNow();
    };
    window.addEventListener("online", this.wake);
    document.addEventListener("visibilitychange", this.wake);
    this.connect();
  }

  connect() {
    this.timer = 0;
    const socket = new WebSocket(this.address);
    this.socket = socket;
    socket.addEventListener("open", () => {
      this.failures = 0;
      this.onState("live");
    });
    socket.addEventListener("message", (event) => this.onMessage(JSON.parse(event.data)));
    socket.addEventListener("close", (event) => {
      if (this.closed || this.socket !== socket) return;
      this.socket = null;
      if (FINAL_CODES.has(event.code)) {
        this.close();
        this.onState("refused");
        return;
      }
      this.onState("waiting");
      this.timer = window.setTimeout(() => this.connect(), this.nextWait());
    });
  }

  /** Doubling, with half of it drawn at random so that many browsers do not return in the same instant. */
  nextWait() {
    const most = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.failures);
    this.failures += 1;
    return most / 2 + (Math.random() * most) / 2;
  }

  async askInstead() {
    if (this.socket?.readyState === WebSocket.OPEN || document.visibilityState !== "visible") return;
    try {
      const message = await this.ask();
      if (!this.closed && this.socket?.readyState !== WebSocket.OPEN) this.onMessage(message);
    } catch {
      // the site is away altogether: the line about the connection says so already
    }
  }

  reconnectNow() {
    if (this.closed || this.socket || !this.timer) return;
    window.clearTimeout(this.timer);
    this.connect();
  }

  close() {
    this.closed = true;
    window.clearTimeout(this.timer);
    window.clearInterval(this.asking);
    window.removeEventListener("online", this.wake);
    document.removeEventListener("visibilitychange", this.wake);
    this.socket?.close();
    this.socket = null;
  }
}
