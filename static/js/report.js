/** The report dialog. */

import { request } from "./lib/api.js";
import { need, setBusy } from "./lib/dom.js";
import { closeOnBackdrop } from "./lib/dialog.js";
import { clearError, fieldError, showError } from "./lib/errors.js";

const dialog = /** @type {HTMLDialogElement | null} */ (document.querySelector("#report-dialog"));
let job = "";

/**
 * @param {Element | null} button opens the dialog
 * @param {string} id of the job that is reported
 */
export function wireReport(button, id) {
  button?.addEventListener("click", () => {
    job = id;
    dialog?.showModal();
    need("#report-reason").focus();
  });
}

/** @param {HTMLFormElement} form */
async function send(form) {
  const reason = /** @type {HTMLSelectElement} */ (need("#report-reason"));
  const statement = /** @type {HTMLTextAreaElement} */ (need("#report-statement"));
  const noWords = statement.value.trim() === "";
  fieldError(statement, need("#report-statement-error"), noWords ? "Please describe it in a sentence." : "");
  fieldError(reason, need("#report-reason-error"), reason.value === "" ? "Please choose what is the matter." : "");
  if (noWords || reason.value === "") return;
  const button = /** @type {HTMLButtonElement} */ (need("#report-send"));
  const errors = need("#report-errors");
  clearError(errors);
  setBusy(button, true);
  try {
    const body = { job, reason: reason.value, statement: statement.value.trim() };
    const report = await request("POST", "/api/reports/", body);
    need("#report-number").textContent = report.id;
    form.hidden = true;
    need("#report-thanks").hidden = false;
    need("#report-thanks h2").focus();
  } catch (error) {
    showError(errors, error);
  } finally {
    setBusy(button, false);
  }
}

if (dialog) {
  const form = /** @type {HTMLFormElement} */ (need("#report-form"));
  closeOnBackdrop(dialog);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void send(form);
  });
  for (const id of ["#report-close", "#report-done"]) need(id).addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    if (!form.hidden) return;
    form.reset();
    form.hidden = false;
    need("#report-thanks").hidden = true;
  });
}
