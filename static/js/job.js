/** One job: live progress, cancel, retry, delete; turns into the result without a reload. */

import { request } from "./lib/api.js";
import { announce, h, icon, need, pageData, setBusy } from "./lib/dom.js";
import { confirmDialog } from "./lib/dialog.js";
import { clearError, showError } from "./lib/errors.js";
import { placeInQueue, timeLeft } from "./lib/format.js";
import { setProgress } from "./lib/progressbar.js";
import { LiveSocket } from "./lib/socket.js";
import { isActive, stageLabel, STAGES } from "./lib/stages.js";
import { wireAgain } from "./again.js";
import { wireForms } from "./forms.js";
import { wireReport } from "./report.js";
import { wireShares } from "./share.js";

const first = pageData("job");
const address = `/api/jobs/${first.id}/`;
let shown = need("#job-view").dataset.state ?? "";
let spokenStage = "";
let swapping = false;
/** @type {any} the newest state heard of while the page was being taken over */
let waiting = null;

/** @param {any} job */
async function show(job) {
  if (swapping) {
    waiting = job;
    return;
  }
  const changed = isActive(shown) !== isActive(job.state) || (!isActive(job.state) && shown !== job.state);
  if (changed || (job.removed && !document.querySelector("[data-removed]") && !isActive(shown))) {
    await takeOver(job);
    return;
  }
  shown = job.state;
  need("#job-view").dataset.state = job.state;
  if (isActive(job.state)) showProgress(job);
}

/** @param {any} job */
function showProgress(job) {
  const queued = job.state === "queued";
  const held = Boolean(job.held);
  const label = held ? "Waiting for a person" : queued ? placeInQueue(job.queue_position) : stageLabel(job.stage);
  need("#job-stage").textContent = label;
  need("#job-percent").textContent = queued ? "" : `${Math.round(job.percent ?? 0)} %`;
  need("#job-lede").textContent =
    (held ? "A person looks at it before it is made." : queued ? "Your video is in the queue." : "Your video is being made.") + " You may leave this page; it goes on without you.";
  need("#job-held").hidden = !held;
  need("#job-held-reason").textContent = job.held?.message ?? "";
  need("#job-bar").hidden = held;
  setProgress(need("#job-bar"), queued ? null : (job.percent ?? 0));
  need("#job-eta").textContent = timeLeft(job.eta_s);
  need("#job-cancel").hidden = !job.can.cancel;
  document.title = held ? `Waiting for a person · ${job.title}` : queued ? `In the queue · ${job.title}` : `${Math.round(job.percent ?? 0)} % · ${job.title}`;
  showStages(queued ? -1 : STAGES.findIndex((one) => one.id === job.stage));
  if (label !== spokenStage) announce(label);
  spokenStage = label;
}

/** @param {number} current place in STAGES; -1 before the first */
function showStages(current) {
  const list = need("#job-stages");
  if (list.children.length === 0) {
    list.append(...STAGES.map(({ label }) => h("li", {}, h("span", { class: "stage-dot" }, icon("check")), label)));
  }
  [...list.children].forEach((item, place) => {
    item.classList.toggle("done", place < current);
    if (place === current) item.setAttribute("aria-current", "step");
    else item.removeAttribute("aria-current");
  });
}

/**
 * The job ended, or began again: fetch the page and take its middle, so that the words exist only in the templates.
 * @param {any} job
 */
async function takeOver(job) {
  swapping = true;
  try {
    const response = await fetch(location.pathname, { credentials: "same-origin" });
    if (!response.ok) throw new TypeError(`The page answered ${response.status}`);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const view = need("#job-view", page);
    need("#job-view").replaceWith(document.adoptNode(view));
    document.title = page.title;
    shown = view.dataset.state ?? job.state;
    spokenStage = "";
    wire();
    need("[data-focus]", view).focus();
    announceEnd(shown);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    window.setTimeout(() => void show(waiting ?? job), 2000); // the network went away for a moment
  } finally {
    swapping = false;
  }
  const next = waiting;
  waiting = null;
  if (next) await show(next);
  else if (isActive(shown)) showProgress(pageData("job"));
}

/** @param {string} state */
function announceEnd(state) {
  const texts = { succeeded: "Your video is ready.", failed: "The video could not be made.", cancelled: "Cancelled." };
  announce(texts[/** @type {"failed"} */ (state)] ?? "");
}

/**
 * @param {HTMLElement | null} button
 * @param {() => Promise<void>} action
 */
function onPress(button, action) {
  if (!(button instanceof HTMLButtonElement)) return;
  button.addEventListener("click", async () => {
    const errors = need("#job-errors");
    clearError(errors);
    setBusy(button, true);
    try {
      await action();
    } catch (error) {
      showError(errors, error);
    } finally {
      setBusy(button, false);
    }
  });
}

/** Ties the buttons of the present view. */
function wire() {
  onPress(document.querySelector("#job-cancel"), async () => {
    const text = "What was done so far is thrown away. You can start it again later.";
    if (!(await confirmDialog({ title: "Stop making this video?", text, confirm: "Stop it", keep: "Let it go on" }))) return;
    await show(await request("POST", `${address}cancel/`));
  });
  onPress(document.querySelector("#job-retry"), async () => {
    await show(await request("POST", `${address}retry/`));
  });
  onPress(document.querySelector("#job-delete"), async () => {
    const text = "The video is removed from our disks for good. Nobody can bring it back.";
    if (!(await confirmDialog({ title: "Delete this video?", text, confirm: "Delete it", danger: true }))) return;
    await request("DELETE", address);
    location.assign("/jobs/");
  });
  wireShares(first.id);
  wireForms(first.id);
  wireAgain(first.id);
  wireReport(document.querySelector("#report-open"), first.id);
}

wire();
if (isActive(shown)) showProgress(first);
new LiveSocket(`/ws/jobs/${first.id}/`, {
  onMessage: (message) => {
    if (message.type === "job" && message.id === first.id) void show(message);
    if (message.type === "job_deleted") location.assign("/jobs/");
  },
  onState: (state) => {
    const line = document.querySelector("#job-link");
    if (line instanceof HTMLElement) line.hidden = state !== "waiting";
    if (state === "refused") request("GET", address).catch((error) => showError(need("#job-errors"), error));
  },
  ask: () => request("GET", address),
});
