/** The keyboard on the track. Every key's purpose is written below the track, too. */

/**
 * @typedef {{step: (words: number) => void, first: () => void, last: () => void, edge: (edge: "start" | "end") => void,
 *   phone: (step: number) => void, leave: () => void, nudge: (seconds: number) => void, hasBoundary: () => boolean,
 *   play: () => void, loop: () => void, zoom: (factor: number) => void, fit: () => void, force: (state: "open" | "closed") => void,
 *   release: () => void, edit: () => void}} Commands
 */

const STEP = 0.01;
const LARGE = 0.05;

/**
 * @param {HTMLElement} track
 * @param {Commands} commands
 */
export function trackKeys(track, commands) {
  /** @type {Record<string, (event: KeyboardEvent) => void>} */
  const keys = {
    ArrowLeft: (event) => along(event, -1),
    ArrowRight: (event) => along(event, 1),
    Home: () => commands.first(),
    End: () => commands.last(),
    s: () => commands.edge("start"),
    e: () => commands.edge("end"),
    ",": () => commands.phone(-1),
    ".": () => commands.phone(1),
    Escape: () => commands.leave(),
    " ": () => commands.play(),
    l: () => commands.loop(),
    "+": () => commands.zoom(1.5),
    "=": () => commands.zoom(1.5),
    "-": () => commands.zoom(1 / 1.5),
    0: () => commands.fit(),
    o: () => commands.force("open"),
    c: () => commands.force("closed"),
    Delete: () => commands.release(),
    Backspace: () => commands.release(),
    Enter: () => commands.edit(),
  };

  /**
   * @param {KeyboardEvent} event
   * @param {number} direction
   */
  function along(event, direction) {
    if (commands.hasBoundary()) commands.nudge(direction * (event.shiftKey ? LARGE : STEP));
    else commands.step(direction);
  }

  track.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const action = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action) return;
    event.preventDefault();
    action(event);
  });
}

/**
 * Undo, redo and save, anywhere on the page but inside a field that has its own undo.
 * @param {{undo: () => void, redo: () => void, save: () => void}} commands
 */
export function pageKeys(commands) {
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const key = event.key.toLowerCase();
    const typing = event.target instanceof HTMLInputElement && event.target.type === "text";
    if (key === "s") commands.save();
    else if (typing) return;
    else if (key === "z" && !event.shiftKey) commands.undo();
    else if (key === "y" || (key === "z" && event.shiftKey)) commands.redo();
    else return;
    event.preventDefault();
  });
}
