/** One training run: where it is and its curves, followed while it goes on. */

import { announce, h, need, pageData } from "./lib/dom.js";
import { drawCurves, short } from "./lib/curves.js";
import { clock, timeLeft } from "./lib/format.js";
import { follow } from "./lib/poll.js";
import { setProgress } from "./lib/progressbar.js";

const page = need("#training-run");
const first = pageData("run");
let drawn = "";

/** @param {string} name @param {string} text */
function fill(name, text) {
  for (const element of page.querySelectorAll(`[data-field="${name}"]`)) {
    if (element.textContent !== text) element.textContent = text;
  }
}

/** @param {any} run */
function show(run) {
  const evaluations = (/** @type {any} */ one) => JSON.stringify(one.evaluations.map((/** @type {any} */ each) => each.state));
  if (run.state !== first.state || run.stopping !== first.stopping || evaluations(run) !== evaluations(first)) {
    announce(run.title);
    // What can be done now is another: the page is made anew.
    location.reload();
    return false;
  }
  setProgress(need("#training-bar"), run.state === "running" && !run.step ? null : run.percent);
  fill("steps", `${run.step} of ${run.steps}`);
  fill("loss", run.loss === null ? "–" : run.loss.toFixed(3));
  fill("best", run.best === null ? "–" : `${run.best.toFixed(3)} at ${run.best_step}`);
  fill("eta", timeLeft(run.eta_s) || "–");
  fill("trained", run.trained_s ? clock(run.trained_s) : "–");
  fill("worker", run.worker ? `${run.worker.slice(0, 8)}${run.attempts > 1 ? `, attempt ${run.attempts}` : ""}` : "–");
  const unserved = /** @type {HTMLElement | null} */ (document.querySelector("[data-unserved]"));
  if (unserved) unserved.hidden = run.served;
  showLog(run.log);
  const measured = `${run.metrics.length} ${run.metrics.at(-1)?.step ?? ""}`;
  if (measured !== drawn && run.metrics.length) {
    drawn = measured;
    drawCurves(need("#curves"), run.metrics, run.steps);
    showNumbers(run.metrics.filter((/** @type {any} */ row) => row.part === "validation"));
  }
  return run.active || run.evaluations.some((/** @type {any} */ one) => one.active);
}

/** @param {string} text */
function showLog(text) {
  const log = need("#training-log");
  if (!text || log.textContent === text) return;
  const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
  log.textContent = text;
  if (atEnd) log.scrollTop = log.scrollHeight;
}

/** @param {any[]} rows */
function showNumbers(rows) {
  if (!rows.length) return;
  const names = Object.keys(rows[0]).filter((name) => name !== "part");
  need("#numbers-head").replaceChildren(h("tr", {}, ...names.map((name) => h("th", { scope: "col" }, name.replaceAll("_", " ")))));
  need("#numbers").replaceChildren(
    ...rows.slice(-40).map((row) => h("tr", {}, ...names.map((name) => h("td", {}, name === "step" ? String(row[name]) : short(row[name]))))),
  );
}

if (show(first)) follow(page.dataset.address ?? "", show);
need("#training-log").scrollTop = need("#training-log").scrollHeight;
