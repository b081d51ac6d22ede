/** The page of a person who is asked for their consent: recording the phrase, and waiting until it was listened to. */

import { request, upload } from "./lib/api.js";
import { announce, need, setBusy } from "./lib/dom.js";
import { clearError, showError } from "./lib/errors.js";
import { clock } from "./lib/format.js";
import { canRecord, explain, Recorder } from "./lib/recorder.js";

const MAX_SECONDS = 18;
const root = need("#agree");
const address = root.dataset.api ?? "";

/** Asks until the recording was listened to, then shows the page as it is now. */
async function untilHeard() {
  for (;;) {
    const answer = await request("GET", address);
    if (answer.state !== "checking") {
      location.reload();
      return;
    }
    await new Promise((resume) => window.setTimeout(resume, 700));
  }
}

class Speaking {
  constructor() {
    this.errors = need("#agree-errors");
    this.state = need("#say-state");
    this.form = /** @type {HTMLFormElement} */ (/** @type {unknown} */ (need("#agree-form")));
    this.button = /** @type {HTMLButtonElement} */ (need("#say-toggle"));
    this.send = /** @type {HTMLButtonElement} */ (need("#say-send"));
    this.audio = /** @type {HTMLAudioElement} */ (need("#say-audio"));
    this.level = need("#say-level");
    /** @type {File | null} */
    this.file = null;
    this.recorder = new Recorder({
      maxSeconds: MAX_SECONDS,
      onTime: (seconds) => {
        need("#say-time").textContent = clock(seconds);
      },
      onLevel: (level) => {
        this.level.setAttribute("aria-valuenow", String(Math.round(level * 100)));
        /** @type {HTMLElement} */ (this.level.firstElementChild).style.setProperty("--value", `${Math.round(level * 100)}%`);
      },
    });
    need("#say").hidden = !canRecord();
    need("#say-none").hidden = canRecord();
    this.button.addEventListener("click", () => void this.toggle());
    this.send.addEventListener("click", () => void this.agree());
    const picker = /** @type {HTMLInputElement} */ (need("#say-file"));
    picker.addEventListener("change", () => {
      if (picker.files?.[0]) this.keep(picker.files[0]);
    });
    window.addEventListener("pagehide", () => this.recorder.release());
  }

  async toggle() {
    if (this.recorder.recorder?.state === "recording") {
      this.recorder.stop();
      return;
    }
    clearError(this.errors);
    try {
      await this.recorder.begin();
    } catch (error) {
      this.recorder.release();
      showError(this.errors, { error: "microphone", ...explain(error) });
      return;
    }
    this.show(true);
    try {
      const taken = await /** @type {Promise<{blob: Blob}>} */ (this.recorder.finished);
      this.keep(new File([taken.blob], "phrase.webm", { type: taken.blob.type }));
    } catch (error) {
      showError(this.errors, { error: "microphone", ...explain(error) });
    } finally {
      this.show(false);
    }
  }

  /** @param {boolean} on */
  show(on) {
    need("#say-label").textContent = on ? "Stop" : "Record again";
    announce(on ? "Recording. Say the phrase." : "Recording stopped.");
  }

  /** @param {File} file */
  keep(file) {
    this.file = file;
    if (this.audio.src) URL.revokeObjectURL(this.audio.src);
    this.audio.src = URL.createObjectURL(file);
    this.audio.hidden = false;
    this.send.disabled = false;
  }

  async agree() {
    if (!this.file) return;
    clearError(this.errors);
    setBusy(this.send, true);
    const form = new FormData(this.form);
    form.append("file", this.file, this.file.name);
    try {
      await upload(address, form);
      this.state.textContent = "We listen whether it is the phrase. This takes a few seconds.";
      announce("We listen whether it is the phrase.");
      await untilHeard();
    } catch (error) {
      setBusy(this.send, false);
      showError(this.errors, error);
      this.errors.scrollIntoView({ block: "center" });
    }
  }
}

if (document.querySelector("#agree-form")) {
  const speaking = new Speaking();
  if (root.dataset.state === "checking") {
    setBusy(speaking.send, true);
    speaking.state.textContent = "We listen whether it is the phrase. This takes a few seconds.";
    void untilHeard();
  }
}
