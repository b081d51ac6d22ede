/** The page that answers whether a file was made here: send it, wait for the worker, say the three answers. */

import { untilChecked, upload } from "./lib/api.js";
import { h, icon, need } from "./lib/dom.js";
import { dropzone, ignoreStrayDrops } from "./lib/dropzone.js";
import { clearError, showError } from "./lib/errors.js";
import { setProgress } from "./lib/progressbar.js";

/**
 * @typedef {object} Check
 * @property {"checking" | "done" | "rejected"} state
 * @property {string} url
 * @property {string | null} report_url
 * @property {{state: "trusted" | "valid" | "invalid" | "absent", signer: string | null, generator: string | null}} manifest
 * @property {{state: "found" | "absent" | "unknown"}} watermark
 * @property {{state: "match" | "none" | "unknown", by: "bytes" | "likeness" | null}} fingerprint
 * @property {{on: string | null} | null} made_here
 * @property {{error: string, message: string, hint: string} | null} error
 */

/** @typedef {{tone: "good" | "warn" | "bad" | "info", state: string, text: string}} Words */

/** @param {Check["manifest"]} manifest @returns {Words} */
function manifestWords({ state, signer, generator }) {
  switch (state) {
    case "trusted":
      return { tone: "good", state: "Signed by this site", text: "The note is whole: the file is as it left us." };
    case "valid": {
      const who = signer ? `“${signer}”` : "somebody we do not know";
      const what = generator ? ` It names the program “${generator}”.` : "";
      return { tone: "warn", state: "Signed, but not by this site", text: `It is signed by ${who}.${what}` };
    }
    case "invalid":
      return {
        tone: "bad",
        state: "Does not fit the file",
        text: "There is a note, but the file was changed after it was signed, or the note was. We do not repeat what it claims.",
      };
    default:
      return { tone: "info", state: "Not there", text: "There is no signed note in the file. Messengers remove it." };
  }
}

/** @param {Check["watermark"]} watermark @param {boolean} ours @returns {Words} */
function watermarkWords({ state }, ours) {
  if (state === "found" && ours) {
    return { tone: "good", state: "Found", text: "The picture carries the hidden mark of one of our videos." };
  }
  if (state === "found") {
    return {
      tone: "warn",
      state: "Found, but unknown",
      text: "The picture carries a mark of our kind. We have no video with its number: it was deleted, or made elsewhere.",
    };
  }
  if (state === "absent") {
    return { tone: "info", state: "Not found", text: "The picture carries no mark of ours, or too little of it is left." };
  }
  return { tone: "warn", state: "Could not be looked for", text: "No picture in the file could be read." };
}

/** @param {Check["fingerprint"]} fingerprint @returns {Words} */
function fingerprintWords({ state, by }) {
  if (state === "match" && by === "likeness") {
    return {
      tone: "warn",
      state: "Looks like one of ours",
      text: "It shows the same picture as a video that we made. It may be a copy of it, or another video of the same portrait.",
    };
  }
  if (state === "match") {
    return { tone: "good", state: "The same file", text: "Byte for byte one of the videos that we made and keep." };
  }
  return { tone: "info", state: "No match", text: "Neither byte for byte a video that we keep, nor like one." };
}

/** @param {string} iso */
function day(iso) {
  return new Date(`${iso}T00:00:00Z`).toLocaleDateString("en-GB", { dateStyle: "long", timeZone: "UTC" });
}

/** @param {Check} check */
function headline(check) {
  if (check.made_here) return check.made_here.on ? `Yes, it was made here on ${day(check.made_here.on)}` : "Yes, it was made here";
  const other = check.watermark.state === "found" || check.manifest.state === "valid";
  return other ? "We cannot say that it was made here" : "We found no sign that it was made here";
}

/** @param {string} title @param {Words} words */
function trace(title, words) {
  const name = { good: "check-circle", warn: "warning", bad: "error", info: "info" }[words.tone];
  return h(
    "article",
    { class: "card trace" },
    h("h3", {}, title),
    h("p", { class: `badge${words.tone === "info" ? "" : ` badge-${words.tone}`}` }, icon(name), words.state),
    h("p", {}, words.text),
  );
}

/** @param {Check} check */
function show(check) {
  const title = need("#verify-title");
  title.textContent = headline(check);
  need("#verify-traces").replaceChildren(
    trace("Signed manifest", manifestWords(check.manifest)),
    trace("Watermark", watermarkWords(check.watermark, check.made_here !== null)),
    trace("Fingerprint", fingerprintWords(check.fingerprint)),
  );
  need("#verify-actions").replaceChildren(
    h("a", { class: "button button-quiet", href: check.report_url ?? "" }, icon("flag"), "Report this video"),
  );
  need("#verify-answer").hidden = false;
  title.focus();
}

const errors = need("#verify-errors");
const progress = need("#verify-progress");
const bar = need(".progress", progress);
const text = need("#verify-progress-text");
/** @type {AbortController | null} */
let running = null;

/** @param {number} fraction of the file that is sent */
function sent(fraction) {
  setProgress(bar, fraction < 1 ? 100 * fraction : null);
  if (fraction >= 1) text.textContent = "Looking for traces…";
}

/** @param {File} file */
async function check(file) {
  running?.abort();
  const mine = new AbortController();
  running = mine;
  clearError(errors);
  need("#verify-answer").hidden = true;
  text.textContent = "Sending the file…";
  sent(0);
  progress.hidden = false;
  const form = new FormData();
  form.set("file", file, "file");
  try {
    const begun = await upload("/api/verify/", form, { onProgress: sent, signal: mine.signal });
    sent(1);
    const slow = () => (text.textContent = "Still looking: other files are before yours…");
    const done = /** @type {Check} */ (await untilChecked(begun.url, { signal: mine.signal, onSlow: slow }));
    if (done.error) showError(errors, done.error);
    else show(done);
  } catch (error) {
    if (!(error instanceof DOMException && error.name === "AbortError")) showError(errors, error);
  } finally {
    if (running === mine) progress.hidden = true;
  }
}

dropzone(need("#verify-drop"), (file) => void check(file));
ignoreStrayDrops();
