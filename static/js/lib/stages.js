/** The stages of a job and its states, in plain words. */

/** @type {{id: string, label: string}[]} */
export const STAGES = [
  { id: "inspect", label: "Looking at the face" },
  { id: "align", label: "Timing the words" },
  { id: "motion", label: "Planning lips, eyes and head" },
  { id: "render", label: "Drawing every frame" },
  { id: "encode", label: "Making the video" },
  { id: "check", label: "Checking the quality" },
  { id: "sign", label: "Labelling and sealing" },
];

/**
 * @param {string | null | undefined} stage
 * @returns {string}
 */
export function stageLabel(stage) {
  return STAGES.find((one) => one.id === stage)?.label ?? "Getting started";
}

/** @type {Record<string, {label: string, tone: string}>} */
export const STATES = {
  queued: { label: "In the queue", tone: "" },
  processing: { label: "Being made", tone: "badge-accent" },
  succeeded: { label: "Ready", tone: "badge-good" },
  failed: { label: "Did not work", tone: "badge-bad" },
  cancelled: { label: "Cancelled", tone: "" },
};

/**
 * @param {string} state
 * @returns {boolean} whether the job still moves
 */
export function isActive(state) {
  return state === "queued" || state === "processing";
}
