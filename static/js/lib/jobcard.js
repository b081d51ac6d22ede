/** One job on the dashboard. Built once, then only what changed is written, so that the focus stays where it is. */

import { h, icon } from "./dom.js";
import { ago, placeInQueue, timeLeft } from "./format.js";
import { mediaName } from "./media.js";
import { setProgress } from "./progressbar.js";
import { isActive, stageLabel, STATES } from "./stages.js";

/**
 * @typedef {{id: string, state: string, stage: string | null, percent: number | null, eta_s: number | null,
 *   queue_position: number | null, title: string, created_at: string, poster_url: string | null, photo_url?: string | null,
 *   removed?: boolean, held?: {code: string, message: string} | null,
 *   hidden?: boolean,
 *   erased?: {at: string, why: string, message: string} | null,
 *   can: {cancel: boolean, retry: boolean, delete: boolean},
 *   error: {error?: string, message: string, hint: string} | null}} Job
 * @typedef {(job: Job, button: HTMLButtonElement) => Promise<void>} Action
 */

export class JobCard {
  /**
   * @param {Job} job
   * @param {{onCancel: Action, onRetry: Action, onDelete: Action}} actions
   */
  constructor(job, { onCancel, onRetry, onDelete }) {
    this.job = job;
    this.badge = h("span", { class: "badge" });
    this.image = /** @type {HTMLImageElement} */ (h("img", { alt: "", loading: "lazy", hidden: true }));
    this.blank = h("span", { class: "job-card-blank" }, icon("photo"));
    this.play = h("span", { class: "job-card-play" }, icon("play"));
    this.link = h("a", { href: `/jobs/${job.id}/` });
    this.what = h("span");
    this.when = h("span");
    this.bar = h("div", { class: "progress progress-slim", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100 }, h("span"));
    this.error = h("p", { class: "job-card-error" });
    this.cancel = this.button("close", "Cancel", "button-quiet", onCancel);
    this.retry = this.button("again", "Try again", "button-quiet", onRetry);
    this.remove = this.button("trash", "Delete", "button-plain minor-danger", onDelete);
    this.element = h(
      "li",
      { class: "card job-card" },
      h("div", { class: "job-card-picture" }, this.blank, this.image, this.badge, this.play),
      h(
        "div",
        { class: "job-card-body" },
        h("h2", {}, this.link),
        h("p", { class: "job-card-line" }, this.what, this.when),
        this.bar,
        this.error,
        h("div", { class: "actions" }, this.cancel, this.retry, this.remove),
      ),
    );
    this.show(job);
  }

  /**
   * @param {string} sign
   * @param {string} text
   * @param {string} look
   * @param {Action} action
   */
  button(sign, text, look, action) {
    const name = h("span", { class: "visually-hidden" });
    const button = /** @type {HTMLButtonElement} */ (
      h("button", { type: "button", class: `button button-s ${look}` }, icon(sign), text, name)
    );
    button.addEventListener("click", () => void action(this.job, button));
    return button;
  }

  /** @param {Job} job */
  show(job) {
    this.job = job;
    const active = isActive(job.state);
    const gone = { label: job.erased ? "Erased" : job.hidden ? "Hidden for now" : "Taken down", tone: "badge-bad" };
    const waits = { label: "Waiting for a person", tone: "badge-warn" };
    const refused = { label: "Refused", tone: "badge-bad" };
    const failed = job.error?.error === "refused_by_moderator" ? refused : STATES[job.state];
    const state = job.removed ? gone : job.held ? waits : failed;
    this.element.classList.toggle("active", active);
    this.badge.className = `badge ${state.tone}`;
    this.badge.textContent = state.label;
    this.link.textContent = job.title;
    this.showPicture(job);
    this.play.hidden = job.state !== "succeeded" || Boolean(job.removed);
    this.what.textContent = this.sentence(job);
    this.showAge();
    this.bar.hidden = !active || Boolean(job.held);
    this.bar.setAttribute("aria-label", `Progress of ${job.title}`);
    if (active) setProgress(this.bar, job.state === "queued" ? null : (job.percent ?? 0));
    this.error.hidden = !job.error;
    this.error.textContent = job.error ? [job.error.message, job.error.hint].filter(Boolean).join(" ") : "";
    for (const [button, may] of /** @type {[HTMLButtonElement, boolean][]} */ ([
      [this.cancel, job.can.cancel],
      [this.retry, job.can.retry],
      [this.remove, job.can.delete],
    ])) {
      button.hidden = !may;
      /** @type {HTMLElement} */ (button.lastElementChild).textContent = ` ${job.title}`;
    }
  }

  /** @param {Job} job */
  showPicture(job) {
    const address = job.removed ? null : (job.poster_url ?? job.photo_url);
    this.image.hidden = !address;
    this.blank.hidden = Boolean(address);
    // Another signature of the same picture is no reason to fetch it again.
    if (address && mediaName(this.image.getAttribute("src")) !== mediaName(address)) this.image.src = address;
  }

  /** @param {Job} job */
  sentence(job) {
    if (job.held) return job.held.message;
    if (job.state === "queued") return placeInQueue(job.queue_position);
    if (job.state !== "processing") return "";
    const left = timeLeft(job.eta_s);
    return `${stageLabel(job.stage)}, ${Math.round(job.percent ?? 0)} %${left ? `, ${left}` : ""}`;
  }

  showAge() {
    this.when.textContent = isActive(this.job.state) ? "" : ago(this.job.created_at);
  }
}
