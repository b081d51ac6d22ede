/** What was chosen in the studio so far, kept for this tab and this user only, so that a reload loses nothing. */

const KEY = "picturetalk-studio";

/**
 * @typedef {{photo?: string, face?: number | null, speech?: string, tab?: string, basis?: string,
 *   roles?: [number, "speaks" | "listens" | "still"][],
 *   talk?: {language: string, lines: import("../studio/talkline.js").LineDraft[]},
 *   happens?: string, motion?: import("./motionpanel.js").Motion, framing?: string,
 *   typed?: {text: string, language: string, voice: string, speed: string, pitch: string}}} Draft
 */

const owner = () => document.body.dataset.owner ?? "";

/** @returns {Draft} empty when somebody else left it */
export function readDraft() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "{}");
    return kept.owner === owner() ? kept.draft : {};
  } catch {
    return {};
  }
}

/** @param {Draft} changes merged into what is there; undefined removes */
export function saveDraft(changes) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ owner: owner(), draft: { ...readDraft(), ...changes } }));
  } catch {
    // storage may be switched off: then a reload starts afresh, nothing worse
  }
}

export function clearDraft() {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // as above
  }
}
