/** Step 1: a photo arrives (picked, dropped, pasted, taken), is checked, and a face is chosen. */

import { ApiError, request, untilChecked, upload } from "../lib/api.js";
import { announce, need, notice } from "../lib/dom.js";
import { dropzone } from "../lib/dropzone.js";
import { clearError, showError } from "../lib/errors.js";
import { showFaces } from "../lib/facepicker.js";
import { fileSize } from "../lib/format.js";
import { setProgress } from "../lib/progressbar.js";
import { Roles } from "./roles.js";

/**
 * @typedef {import("../lib/facepicker.js").Face} Face
 * @typedef {import("../lib/facepicker.js").Finding} Finding
 * @typedef {{id: string, state: "checking" | "ready" | "rejected", name: string, width: number, height: number,
 *   url: string, faces: Face[], findings: Finding[], held?: {message: string} | null, error: {error: string, message: string, hint: string} | null}} Photo
 */

export class PhotoStep {
  /** @param {{limits: {max_photo_bytes: number}, onChange: () => void, isShown: () => boolean}} options */
  constructor({ limits, onChange, isShown }) {
    this.limits = limits;
    this.onChange = onChange;
    /** @type {Photo | null} */
    this.photo = null;
    /** @type {number | null} */
    this.face = null;
    this.work = new AbortController();
    this.blobUrl = "";
    this.drop = need("#photo-drop");
    this.workArea = need("#photo-work");
    this.errors = need("#photo-errors");
    this.image = /** @type {HTMLImageElement} */ (need("#photo-image"));
    this.blank = need("#photo-blank");
    this.layer = need("#faces");
    this.findings = need("#photo-findings");
    this.progress = need("#photo-progress");
    this.next = /** @type {HTMLButtonElement} */ (need("#photo-next"));

    this.roles = new Roles({ onChange: () => this.recast() });
    dropzone(this.drop, (file) => void this.take(file));
    need("#photo-again").addEventListener("click", () => this.clear(true));
    this.image.addEventListener("error", () => this.showBlank(true));
    this.image.addEventListener("load", () => this.showBlank(false));
    document.addEventListener("paste", (event) => {
      const file = [...(event.clipboardData?.files ?? [])].find((one) => one.type.startsWith("image/"));
      if (!file || !isShown()) return;
      event.preventDefault();
      void this.take(file);
    });
  }

  get done() {
    if (this.photo?.state !== "ready") return false;
    return this.roles.several ? this.roles.moving.length > 0 : this.face !== null;
  }

  /** @param {boolean} blank */
  showBlank(blank) {
    this.blank.hidden = !blank;
    this.image.hidden = blank;
  }

  /** @param {File} file */
  async take(file) {
    this.clear(false);
    if (file.size > this.limits.max_photo_bytes) {
      const most = fileSize(this.limits.max_photo_bytes);
      const text = `The photo has ${fileSize(file.size)}, more than the ${most} we take.`;
      showError(this.errors, new ApiError(413, "file_too_large", text, "Save it smaller, or choose another one."));
      return;
    }
    const { signal } = this.work;
    this.openWork(file.name);
    this.blobUrl = URL.createObjectURL(file);
    this.image.src = this.blobUrl;
    const form = new FormData();
    form.append("file", file, file.name || "photo");
    try {
      this.tell("Sending the photo…", 0);
      const sent = await upload("/api/photos/", form, {
        signal,
        onProgress: (part) => (part < 1 ? this.tell("Sending the photo…", part * 100) : this.tell("Looking for faces…", null)),
      });
      await this.follow(sent, signal);
    } catch (error) {
      if (!signal.aborted) this.fail(error);
    }
  }

  /**
   * After a reload: the photo is on the server already.
   * @param {string} id
   * @param {number | null | undefined} face
   */
  async restore(id, face) {
    const { signal } = this.work;
    try {
      const photo = await request("GET", `/api/photos/${id}/`);
      if (signal.aborted) return;
      this.openWork(photo.name);
      await this.follow(photo, signal);
      if (this.photo && photo.faces.some((/** @type {Face} */ one) => one.index === face)) this.choose(face ?? null);
    } catch (error) {
      if (!signal.aborted && !(error instanceof ApiError && error.status === 404)) this.fail(error);
      else this.clear(false);
    }
  }

  /**
   * @param {Photo} photo
   * @param {AbortSignal} signal
   */
  async follow(photo, signal) {
    let checked = photo;
    if (photo.state === "checking") {
      this.tell("Looking for faces…", null);
      checked = await untilChecked(`/api/photos/${photo.id}/`, {
        signal,
        onSlow: () => this.tell("Still looking: the machine is busy…", null),
      });
    }
    signal.throwIfAborted();
    this.progress.hidden = true;
    if (checked.state === "rejected") {
      this.fail(checked.error);
      return;
    }
    this.photo = checked;
    if (this.blank.hidden === false || !this.blobUrl) this.image.src = checked.url;
    need("#photo-name").textContent = `${checked.name} · ${checked.width} × ${checked.height}`;
    const first = checked.faces.length === 1 ? checked.faces[0].index : null;
    showFaces(this.layer, checked.faces, first, (index) => this.choose(index));
    this.roles.show(checked, this.pictureUrl);
    this.choose(first);
    announce(checked.faces.length === 1 ? "One face found." : `${checked.faces.length} faces found. Choose who is animated.`);
  }

  /** @param {number | null} index */
  choose(index) {
    this.face = index;
    const radio = this.layer.querySelector(`input[value="${index}"]`);
    if (radio instanceof HTMLInputElement) radio.checked = true;
    this.showFindings();
    this.next.disabled = !this.done;
    this.onChange();
  }

  /** One speaks, or several: the frames on the picture follow. */
  recast() {
    if (!this.photo) return;
    const { several } = this.roles;
    for (const input of this.layer.querySelectorAll("input")) {
      input.disabled = several;
      const role = several ? this.roles.roles.get(Number(input.value)) : "";
      input.closest("label")?.setAttribute("data-role", role ?? "");
    }
    this.showFindings();
    this.next.disabled = !this.done;
    this.onChange();
  }

  /** Why the faces that take part may not talk well. */
  findingsOfSeveral() {
    const { faces } = /** @type {Photo} */ (this.photo);
    const speaking = this.roles.who("speaks");
    const lines = [];
    if (this.roles.moving.length === 0) lines.push(notice("info", "Nobody takes part", "Choose at least one face that speaks or moves."));
    else if (speaking.length === 0) lines.push(notice("info", "Nobody speaks", "Those who take part move without words."));
    for (const { index, name } of this.roles.moving) {
      const found = faces.find((one) => one.index === index)?.findings ?? [];
      lines.push(...found.map((one) => notice("warn", `${name}: ${one.message}`, one.hint)));
    }
    return lines;
  }

  showFindings() {
    if (!this.photo) return;
    if (this.roles.several) {
      this.findings.replaceChildren(...this.findingsOfSeveral());
      return;
    }
    const { faces, findings } = this.photo;
    const lines = [];
    if (this.face === null) {
      lines.push(notice("info", `${faces.length} faces found`, "Choose on the picture which one is animated."));
    } else {
      const place = faces.findIndex((one) => one.index === this.face);
      const found = [...findings, ...faces[place].findings].filter((one) => one.code !== "several_faces");
      const title = faces.length === 1 ? "Face found" : `Face ${place + 1} of ${faces.length} is animated`;
      if (found.length === 0) lines.push(notice("good", title, "It looks good for talking."));
      else {
        lines.push(notice("good", title));
        lines.push(...found.map((one) => notice("warn", one.message, one.hint)));
      }
    }
    if (this.photo.held) {
      lines.push(notice("warn", "A person looks at this photo first", `${this.photo.held.message} You can go on; the video waits until a moderator has looked.`));
    }
    this.findings.replaceChildren(...lines);
  }

  /** @param {string} name */
  openWork(name) {
    this.drop.hidden = true;
    this.workArea.hidden = false;
    need("#photo-name").textContent = name;
    this.showBlank(false);
  }

  /**
   * @param {string} text
   * @param {number | null} percent
   */
  tell(text, percent) {
    this.progress.hidden = false;
    need("#photo-progress-text").textContent = text;
    setProgress(need(".progress", this.progress), percent);
  }

  /** @param {unknown} error */
  fail(error) {
    this.clear(false);
    showError(this.errors, error);
    need("#photo-file").focus({ preventScroll: true });
  }

  /** @param {boolean} byHand the user asked for another photo: the one on the server is not needed any more */
  clear(byHand) {
    this.work.abort();
    this.work = new AbortController();
    if (byHand && this.photo) request("DELETE", `/api/photos/${this.photo.id}/`).catch(() => {});
    this.photo = null;
    this.face = null;
    this.roles.hide();
    clearError(this.errors);
    this.findings.replaceChildren();
    this.layer.replaceChildren();
    this.layer.hidden = true;
    this.progress.hidden = true;
    this.workArea.hidden = true;
    this.drop.hidden = false;
    this.image.removeAttribute("src");
    if (this.blobUrl) URL.revokeObjectURL(this.blobUrl);
    this.blobUrl = "";
    this.next.disabled = true;
    this.onChange();
    if (byHand) need("#photo-file").focus();
  }

  /** @returns {string} where the picture can be shown from */
  get pictureUrl() {
    return this.image.src;
  }
}
