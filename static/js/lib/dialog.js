/** Accessible dialogs: the native element traps the focus, closes on Escape and gives the focus back. */

import { h } from "./dom.js";

let count = 0;

/**
 * Asks before something is done that cannot be undone.
 * @param {{title: string, text: string, confirm: string, keep?: string, danger?: boolean}} question
 * @returns {Promise<boolean>}
 */
export function confirmDialog({ title, text, confirm, keep = "Keep it", danger = false }) {
  count += 1;
  const titleId = `confirm-title-${count}`;
  const textId = `confirm-text-${count}`;
  const form = h(
    "form",
    { method: "dialog" },
    h("h2", { id: titleId }, title),
    h("p", { id: textId }, text),
    h(
      "div",
      { class: "actions" },
      h("button", { class: "button button-quiet", value: "no", autofocus: true }, keep),
      h("button", { class: danger ? "button button-danger" : "button", value: "yes" }, confirm),
    ),
  );
  const dialog = /** @type {HTMLDialogElement} */ (
    h("dialog", { class: "dialog", "aria-labelledby": titleId, "aria-describedby": textId }, form)
  );
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    closeOnBackdrop(dialog);
    dialog.showModal();
  });
}

/**
 * A press beside the dialog closes it, as people expect.
 * @param {HTMLDialogElement} dialog
 */
export function closeOnBackdrop(dialog) {
  dialog.addEventListener("mousedown", (event) => {
    if (event.target !== dialog) return;
    const box = dialog.getBoundingClientRect();
    const inside =
      event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside) dialog.close("no");
  });
}
