/** The dashboard: all of my jobs, live over one socket. */

import { request } from "./lib/api.js";
import { announce, need, pageData, setBusy, toast } from "./lib/dom.js";
import { confirmDialog } from "./lib/dialog.js";
import { clearError, showError } from "./lib/errors.js";
import { JobCard } from "./lib/jobcard.js";
import { LiveSocket } from "./lib/socket.js";
import { isActive } from "./lib/stages.js";

/** @typedef {import("./lib/jobcard.js").Job} Job */

/** @type {Map<string, JobCard>} */
const cards = new Map();
const list = need("#job-list");
let filter = "all";

/** @type {Record<string, (job: Job) => boolean>} */
const FILTERS = {
  all: () => true,
  active: (job) => isActive(job.state),
  succeeded: (job) => job.state === "succeeded",
  ended: (job) => job.state === "failed" || job.state === "cancelled",
};

/** @param {Job} job */
function put(job) {
  const card = cards.get(job.id);
  if (!card) {
    const made = new JobCard(job, { onCancel: cancel, onRetry: retry, onDelete: remove });
    cards.set(job.id, made);
    const newer = [...cards.values()].filter((one) => one.job.created_at > job.created_at).length;
    list.insertBefore(made.element, list.children[newer] ?? null);
    return;
  }
  const before = card.job.state;
  card.show(job);
  if (before !== job.state && job.state === "succeeded") announce(`${job.title} is ready.`);
  if (before !== job.state && job.state === "failed") announce(`${job.title} did not work.`);
}

/** @param {string} id */
function drop(id) {
  cards.get(id)?.element.remove();
  cards.delete(id);
}

function refresh() {
  const all = [...cards.values()];
  let visible = 0;
  for (const card of all) {
    const fits = FILTERS[filter](card.job);
    card.element.hidden = !fits;
    if (fits) visible += 1;
  }
  for (const chip of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-filter]"))) {
    const fits = FILTERS[chip.dataset.filter ?? "all"];
    need(".count", chip).textContent = String(all.filter((card) => fits(card.job)).length);
    chip.setAttribute("aria-pressed", String(chip.dataset.filter === filter));
  }
  need("#filters").hidden = all.length === 0;
  need("#jobs-empty").hidden = all.length > 0;
  need("#jobs-none").hidden = all.length === 0 || visible > 0;
}

/**
 * @param {HTMLButtonElement} button
 * @param {() => Promise<void>} action
 */
async function press(button, action) {
  const errors = need("#jobs-errors");
  clearError(errors);
  setBusy(button, true);
  try {
    await action();
  } catch (error) {
    showError(errors, error);
  } finally {
    setBusy(button, false);
    refresh();
  }
}

/** @param {Job} job @param {HTMLButtonElement} button */
function cancel(job, button) {
  return press(button, async () => {
    const text = "What was done so far is thrown away. You can start it again later.";
    const yes = await confirmDialog({ title: `Stop “${job.title}”?`, text, confirm: "Stop it", keep: "Let it go on" });
    if (yes) put(await request("POST", `/api/jobs/${job.id}/cancel/`));
  });
}

/** @param {Job} job @param {HTMLButtonElement} button */
function retry(job, button) {
  return press(button, async () => put(await request("POST", `/api/jobs/${job.id}/retry/`)));
}

/** @param {Job} job @param {HTMLButtonElement} button */
function remove(job, button) {
  return press(button, async () => {
    const text = "It is removed from our disks for good. Nobody can bring it back.";
    const yes = await confirmDialog({ title: `Delete “${job.title}”?`, text, confirm: "Delete it", danger: true });
    if (!yes) return;
    const item = cards.get(job.id)?.element;
    const neighbour = item?.nextElementSibling ?? item?.previousElementSibling;
    await request("DELETE", `/api/jobs/${job.id}/`);
    drop(job.id);
    const target = neighbour?.querySelector("a") ?? need("h1");
    /** @type {HTMLElement} */ (target).focus();
    toast("Deleted.");
  });
}

for (const chip of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-filter]"))) {
  chip.addEventListener("click", () => {
    filter = chip.dataset.filter ?? "all";
    refresh();
    announce(`${list.querySelectorAll("li:not([hidden])").length} videos shown`);
  });
}

/** @param {Job[]} jobs the whole truth: what is not in it is gone */
function putAll(jobs) {
  const ids = new Set(jobs.map((job) => job.id));
  for (const id of [...cards.keys()]) if (!ids.has(id)) drop(id);
  for (const job of [...jobs].sort((a, b) => (a.created_at < b.created_at ? -1 : 1))) put(job);
  refresh();
}

putAll(pageData("jobs") ?? []);
window.setInterval(() => cards.forEach((card) => card.showAge()), 30000);
new LiveSocket("/ws/jobs/", {
  onMessage: (message) => {
    if (message.type === "jobs") putAll(message.jobs);
    if (message.type === "job") put(message);
    if (message.type === "job_deleted") drop(message.id);
    refresh();
  },
  onState: (state) => {
    need("#link-state").hidden = state !== "waiting";
    if (state === "refused") request("GET", "/api/jobs/").catch((error) => showError(need("#jobs-errors"), error));
  },
  ask: async () => ({ type: "jobs", jobs: (await request("GET", "/api/jobs/")).jobs }),
});
