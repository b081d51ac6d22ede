/** What was chosen in the studio so far, kept for this tab only, so that a reload loses nothing. */

const KEY = "picturetalk-studio";

/**
 * @typedef {{photo?: string, face?: number | null, speech?: string, tab?: string, basis?: string,
 *   typed?: {text: string, language: string, voice: string, speed: string, pitch: string}}} Draft
 */

/** @returns {Draft} */
export function readDraft() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? "{}") ?? {};
  } catch {
    return {};
  }
}

/** @param {Draft} changes merged into what is there; undefined removes */
export function saveDraft(changes) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ ...readDraft(), ...changes }));
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
