/** On the result page: the same photo and words once more, with other movement or framing. */

import { request } from "./lib/api.js";
import { need, pageData, setBusy } from "./lib/dom.js";
import { clearError, showError } from "./lib/errors.js";
import { MotionPanel } from "./lib/motionpanel.js";

/** @param {string} job the id of the video; nothing happens on a page without the panel */
export function wireAgain(job) {
  if (!document.querySelector("#again-panel")) return;
  const made = pageData("job");
  /** @type {number[]} */
  const faces = pageData("moving-faces") ?? [];
  const panel = new MotionPanel({ box: need("#again-motion"), offer: pageData("gestures"), onChange: () => {} });
  panel.about(faces.map((index) => ({ index, name: `Face ${index + 1}` })));
  panel.show(made.speaks ? "both" : "move");
  if (made.motion) {
    const kept = Object.entries(made.motion.faces).map(([face, one]) => ({ face: Number(face), .../** @type {any} */ (one) }));
    panel.restore({ ...made.motion, faces: kept });
  }
  const button = /** @type {HTMLButtonElement} */ (need("#again-make"));
  const errors = need("#again-errors");
  button.addEventListener("click", async () => {
    clearError(errors);
    if (!made.speaks && !panel.validate()) return;
    setBusy(button, true);
    try {
      const framing = /** @type {HTMLSelectElement} */ (need("#again-framing")).value;
      const again = await request("POST", `/api/jobs/${job}/again/`, { motion: panel.body, framing });
      location.assign(`/jobs/${again.id}/`);
    } catch (error) {
      setBusy(button, false);
      showError(errors, error);
    }
  });
}
