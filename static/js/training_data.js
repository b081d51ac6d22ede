/** One data set while it is made. */

import { need, pageData } from "./lib/dom.js";
import { follow } from "./lib/poll.js";
import { setProgress } from "./lib/progressbar.js";

const page = need("#training-data");
const first = pageData("data");

/** @param {any} data */
function show(data) {
  if (data.state !== first.state || data.stopping !== first.stopping) {
    location.reload();
    return false;
  }
  const bar = document.querySelector("#training-bar");
  if (bar) setProgress(bar, data.batches ? (100 * data.batches_done) / data.batches : data.state === "queued" ? 0 : null);
  const told = page.querySelector('[data-field="batches"]');
  if (told && data.state === "running" && !data.batches) told.textContent = "The first batch is being made.";
  if (told && data.batches) told.textContent = `${data.batches_done} of ${data.batches} batches`;
  if (data.log) need("#training-log").textContent = data.log;
  const unserved = /** @type {HTMLElement | null} */ (document.querySelector("[data-unserved]"));
  if (unserved && data.served !== undefined) unserved.hidden = data.served;
  return data.active;
}

if (show(first)) follow(page.dataset.address ?? "", show);
