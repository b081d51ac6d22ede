/** The overview of training: rows follow what workers tell. */

import { need } from "./lib/dom.js";
import { timeLeft } from "./lib/format.js";
import { follow } from "./lib/poll.js";

const page = need("#training");

/** @param {Element} row @param {string} name @param {string} text */
function fill(row, name, text) {
  const element = row.querySelector(`[data-field="${name}"]`);
  if (element && element.textContent !== text) element.textContent = text;
}

/** @param {string} kind @param {any[]} found whether all rows are there, in the state that is shown */
function same(kind, found) {
  const rows = page.querySelectorAll(`[data-${kind}]`);
  return rows.length === found.length && found.every((one) => page.querySelector(`[data-${kind}="${one.id}"]`)?.getAttribute("data-state") === one.state);
}

/** @param {any} state */
function show(state) {
  const marked = page.querySelector("input:checked, details[open]");
  if (!same("run", state.runs) || !same("data", state.data) || !same("evaluation", state.evaluations)) {
    // Whoever is choosing runs, or reading, is not interrupted.
    if (!marked) location.reload();
    return Boolean(marked);
  }
  for (const run of state.runs) {
    const row = page.querySelector(`[data-run="${run.id}"]`);
    if (!row) continue;
    fill(row, "title", run.title);
    fill(row, "steps", `${run.step} of ${run.steps}`);
    fill(row, "loss", run.loss === null ? "" : run.loss.toFixed(3));
    fill(row, "best", run.best === null ? "" : run.best.toFixed(3));
    fill(row, "eta", timeLeft(run.eta_s));
  }
  for (const data of state.data) {
    const row = page.querySelector(`[data-data="${data.id}"]`);
    if (row) fill(row, "batches", data.active && data.batches ? `${data.batches_done} of ${data.batches} batches` : "");
  }
  const unserved = /** @type {HTMLElement | null} */ (document.querySelector("[data-unserved]"));
  if (unserved) unserved.hidden = state.served;
  return true;
}

follow(page.dataset.address ?? "", show);
