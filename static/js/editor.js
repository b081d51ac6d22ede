/** The timeline editor: joins document, track, fields and server. */

import { ApiError, request } from "./lib/api.js";
import { announce, h, need, pageData, setBusy, toast } from "./lib/dom.js";
import { clearError, showError } from "./lib/errors.js";
import * as edits from "./editor/document.js";
import { Curve } from "./editor/curve.js";
import { Fields } from "./editor/fields.js";
import { History } from "./editor/history.js";
import { pageKeys, trackKeys } from "./editor/keys.js";
import { stalePartsOf, visemesOf, withPart } from "./editor/parts.js";
import { Player } from "./editor/player.js";
import { Pointers } from "./editor/pointers.js";
import { bytes, Server } from "./editor/server.js";
import { HEIGHT, Track } from "./editor/track.js";
import { Viewport } from "./editor/viewport.js";
import { WordTable } from "./editor/wordtable.js";

/** @typedef {import("./editor/document.js").Timeline} Timeline */
/** @typedef {import("./editor/track.js").Boundary} Boundary */

const FRAME = 1 / 25;
const speech = pageData("speech");
const job = pageData("job");
const classes = pageData("visemes");
const server = new Server(speech);
const errors = need("#editor-errors");
const canvas = /** @type {HTMLCanvasElement} */ (need("#track"));
const snap = /** @type {HTMLInputElement} */ (need("#snap"));
const saveButton = /** @type {HTMLButtonElement} */ (need("#save"));
const alignButton = /** @type {HTMLButtonElement} */ (need("#align"));

/** @type {import("./editor/track.js").Scene} */
const scene = {
  timeline: { language: "en", source: "", duration: 1, words: [], phones: [], mouth: [], score: null, reasons: [], corrected: false },
  visemes: [], peaks: new Uint8Array(), peaksHz: 100, curve: null, word: null, span: null, boundary: null, cursor: null,
};
let version = 0;
let drawing = 0;
let working = false;

const view = new Viewport(() => {
  redraw();
  curve.ask();
});
const track = new Track(canvas, view);
const history = new History(showTimeline);
const curve = new Curve({
  server,
  view,
  state: () => ({ version, timeline: history.now }),
  onReady: (found) => {
    scene.curve = found;
    redraw();
  },
});
const player = new Player({
  audio: /** @type {HTMLAudioElement} */ (need("#editor-sound")),
  onMove: (time) => {
    scene.cursor = time;
    if (time !== null && (time < view.start || time > view.end)) view.show(time - view.length * 0.1, view.length);
    need("#play-word").hidden = time !== null;
    need("#stop").hidden = time === null;
    redraw();
  },
  onError: (text) => toast(text),
});
const voice = new Audio();
const fields = new Fields({
  onSpell: (word) => withWord((index) => edits.spell(history.now, index, word)),
  onSay: (said) => withWord((index) => edits.pronounce(history.now, index, said)),
  onEdge: (edge, to) => withWord((index) => edits.moveWordEdge(history.now, index, edge, to)),
  onHear: (word, said) => hear(word, said),
  onRemember: (word, said) => remember(word, said),
  onSplit: (one, two) => withWord((index) => edits.splitWord(history.now, index, one, two)),
  onJoin: () => withWord((index) => edits.joinWords(history.now, index, "")),
  onRemove: () => withWord((index) => edits.removeWord(history.now, index)),
  onSpan: (start, end) => chooseSpan(Math.min(start, end), Math.max(start, end)),
  onForce: force,
  onRelease: release,
});
const table = new WordTable({
  onSpell: (index, word) => edit(() => edits.spell(history.now, index, word)),
  onSay: (index, said) => edit(() => edits.pronounce(history.now, index, said)),
  onEdge: (index, edge, to) => edit(() => edits.moveWordEdge(history.now, index, edge, to)),
  onPlay: (index) => {
    chooseWord(index);
    playChosen();
  },
});

/** Draws with the browser's next frame, however often it is asked for. */
function redraw() {
  if (drawing) return;
  drawing = requestAnimationFrame(() => {
    drawing = 0;
    track.draw(scene);
  });
}

/** @param {Timeline} timeline */
function showTimeline(timeline) {
  scene.timeline = timeline;
  scene.visemes = visemesOf(timeline, classes);
  if (scene.word !== null && scene.word >= timeline.words.length) scene.word = timeline.words.length - 1;
  if (!timeline.words.length) scene.word = null;
  if (scene.curve) scene.curve = { ...scene.curve, stale: true };
  showState();
  curve.ask();
  redraw();
}

function showState() {
  const waiting = stalePartsOf(scene.timeline).length > 0;
  fields.show(scene.timeline, scene.word, scene.span);
  table.show(scene.timeline, scene.word);
  /** @type {HTMLButtonElement} */ (need("#undo")).disabled = !history.canUndo || working;
  /** @type {HTMLButtonElement} */ (need("#redo")).disabled = !history.canRedo || working;
  saveButton.disabled = !history.dirty;
  alignButton.disabled = !waiting;
  need("#stale-note").hidden = !waiting;
  need("#no-words").hidden = scene.timeline.words.length > 0;
  need("#state").textContent = history.dirty ? "Not saved" : `Saved, version ${version}`;
}

/**
 * Where words and sound do not match.
 * @param {string[]} remarks
 */
function showRemarks(remarks) {
  need("#noticed").hidden = remarks.length === 0;
  need("#noticed-list").replaceChildren(...remarks.map((text) => h("li", {}, text)));
}

/**
 * Carries out a correction, or says why it cannot be.
 * @param {() => Timeline} change
 * @param {string} [key] one for each run of small steps that belong together
 * @returns {boolean}
 */
function edit(change, key = "") {
  if (working) return false;
  clearError(errors);
  try {
    history.push(change(), key);
    return true;
  } catch (error) {
    if (!(error instanceof edits.EditError)) throw error;
    showError(errors, { error: error.code, message: error.message });
    showState();
    return false;
  }
}

/** @param {(index: number) => Timeline} change */
function withWord(change) {
  const { word } = scene;
  if (word !== null) edit(() => change(word));
}

/** @param {number} index */
function chooseWord(index) {
  const word = scene.timeline.words[index];
  if (!word) return;
  scene.word = index;
  scene.boundary = null;
  history.pause();
  view.reveal(word.start, word.end);
  chooseSpan(word.start, word.end);
  announce(`${word.word}, word ${index + 1}, from ${word.start.toFixed(2)} to ${word.end.toFixed(2)} seconds`);
}

/**
 * @param {number} start
 * @param {number} end
 */
function chooseSpan(start, end) {
  const low = Math.min(Math.max(start || 0, 0), scene.timeline.duration);
  const high = Math.min(Math.max(end || 0, 0), scene.timeline.duration);
  scene.span = high - low > 0.005 ? [low, high] : null;
  showState();
  redraw();
}

/** @param {number} time */
function snapped(time) {
  return snap.checked ? Math.round(time / FRAME) * FRAME : time;
}

/**
 * @param {Boundary} boundary
 * @param {number} time
 * @param {string} key
 */
function moveTo(boundary, time, key) {
  const to = snapped(time);
  if (boundary.kind === "phone") return edit(() => edits.movePhone(history.now, boundary.index, to), key);
  return edit(() => {
    const [low, high] = edits.reachOfEdge(history.now, boundary.index, boundary.edge);
    return edits.moveWordEdge(history.now, boundary.index, boundary.edge, Math.min(Math.max(to, low), high));
  }, key);
}

/** @param {Boundary} boundary @returns {number | undefined} */
function timeOf(boundary) {
  if (boundary.kind === "phone") return scene.timeline.phones[boundary.index]?.start;
  return scene.timeline.words[boundary.index]?.[boundary.edge];
}

/** @param {Boundary} boundary @param {number} seconds */
function nudge(boundary, seconds) {
  const at = timeOf(boundary);
  if (at === undefined) return;
  const step = snap.checked ? Math.sign(seconds) * FRAME : seconds;
  if (moveTo(boundary, at + step, `${boundary.kind} ${JSON.stringify(boundary)}`)) afterMove(boundary);
}

/** The chosen span follows the word whose boundary moved. @param {Boundary} boundary */
function afterMove(boundary) {
  const word = scene.word === null ? null : scene.timeline.words[scene.word];
  if (boundary.kind === "word" && word) chooseSpan(word.start, word.end);
  announce(`${(timeOf(boundary) ?? 0).toFixed(2)} seconds`);
}

/**
 * @param {number} time
 * @param {string} row
 * @param {number} reach
 * @returns {Boundary | null}
 */
function boundaryNear(time, row, reach) {
  /** @type {{boundary: Boundary | null, away: number}} */
  let best = { boundary: null, away: reach };
  const offer = (/** @type {Boundary} */ boundary, /** @type {number} */ at) => {
    if (Math.abs(at - time) < best.away) best = { boundary, away: Math.abs(at - time) };
  };
  if (row === "phones") scene.timeline.phones.forEach(({ start }, index) => index && offer({ kind: "phone", index }, start));
  if (row === "words") {
    scene.timeline.words.forEach(({ start, end }, index) => {
      offer({ kind: "word", index, edge: "start" }, start);
      offer({ kind: "word", index, edge: "end" }, end);
    });
  }
  return best.boundary;
}

/** @param {"start" | "end"} edge */
function chooseEdge(edge) {
  if (scene.word === null) return;
  setBoundary({ kind: "word", index: scene.word, edge }, `${edge} of the word`);
}

/** The boundaries between phones, one after the other. @param {number} step */
function choosePhone(step) {
  const { boundary, timeline, span } = scene;
  const from = boundary?.kind === "phone" ? boundary.index : timeline.phones.findIndex((one) => one.start >= (span?.[0] ?? 0)) - (step > 0 ? 1 : 0);
  const index = Math.min(Math.max(from + step, 1), timeline.phones.length - 1);
  if (timeline.phones[index]) setBoundary({ kind: "phone", index }, `before the sound ${timeline.phones[index].phone}`);
}

/** @param {Boundary} boundary @param {string} name */
function setBoundary(boundary, name) {
  scene.boundary = boundary;
  history.pause();
  const at = timeOf(boundary) ?? 0;
  view.reveal(at, at);
  announce(`Boundary ${name} at ${at.toFixed(2)} seconds. The arrow keys move it.`);
  redraw();
}

/** @param {"open" | "closed"} state @param {number} [ease] */
function force(state, ease = Number(/** @type {HTMLInputElement} */ (need("#mouth-ease")).value) / 1000) {
  const { span } = scene;
  if (!span) return;
  if (edit(() => edits.forceMouth(history.now, state, snapped(span[0]), snapped(span[1]), ease))) {
    announce(`The mouth is forced ${state} from ${span[0].toFixed(2)} to ${span[1].toFixed(2)} seconds`);
  }
}

function release() {
  const { span, timeline } = scene;
  if (!span) return;
  const index = timeline.mouth.findIndex(({ start, end }) => start < span[1] && end > span[0]);
  if (index >= 0 && edit(() => edits.releaseMouth(history.now, index))) announce("The mouth follows the sounds again");
}

function playChosen() {
  if (player.playing) {
    player.stop();
    return;
  }
  const [start, end] = scene.span ?? [view.start, view.end];
  void player.play(start, end);
}

/** @param {string} word @param {string} said */
async function hear(word, said) {
  const button = /** @type {HTMLButtonElement} */ (need("#word-hear"));
  await busy(button, async () => {
    const sound = await server.hear(word, said);
    if (voice.src) URL.revokeObjectURL(voice.src);
    voice.src = URL.createObjectURL(sound);
    await voice.play().catch(() => toast("This browser cannot play the sound."));
  });
}

/** @param {string} word @param {string} said */
async function remember(word, said) {
  if (!said.trim()) {
    showError(errors, { error: "bad_pronunciation", message: "Write first how the word is said." });
    fields.said.focus();
    return;
  }
  await busy(/** @type {HTMLButtonElement} */ (need("#word-remember")), async () => {
    await server.remember(word, said);
    toast(`“${word}” will always be said so. It is in your dictionary.`);
  });
}

/**
 * @param {HTMLButtonElement} button
 * @param {() => Promise<void>} work
 * @returns {Promise<boolean>}
 */
async function busy(button, work) {
  clearError(errors);
  setBusy(button, true);
  try {
    await work();
    return true;
  } catch (error) {
    showError(errors, error, ...waysOn(error));
    return false;
  } finally {
    setBusy(button, false);
  }
}

/** What somebody can do about an error, as buttons. @param {unknown} error */
function waysOn(error) {
  if (!(error instanceof ApiError)) return [];
  if (error.code === "timeline_changed") {
    return [
      h("button", { type: "button", class: "button button-s", onclick: () => void begin() }, "Load what was saved there"),
      h("button", { type: "button", class: "button button-quiet button-s", onclick: () => void saveOver() }, "Save mine over it"),
    ];
  }
  if (error.code === "words_do_not_fit") {
    return [h("button", { type: "button", class: "button button-quiet button-s", onclick: keepTimes }, "Keep the old times")];
  }
  return [];
}

/** The corrected words stay with the sounds that are there. */
function keepTimes() {
  const words = history.now.words.map((word) => (word.stale ? { ...word, stale: false } : word));
  edit(() => edits.changed(history.now, { words }));
}

/** Sounds for the words that were corrected, and for nothing else. */
async function alignStale() {
  if (speech.kind === "typed") return;
  const before = history.now;
  let timeline = before;
  // From the end, so that places in front stay what they are.
  for (const [first, last] of stalePartsOf(timeline).reverse()) {
    timeline = withPart(timeline, first, last, await server.align(timeline, first, last));
  }
  if (history.now === before) history.push(timeline);
}

/** @param {boolean} [over] on top of whatever was saved elsewhere */
async function save(over = false) {
  if (!history.dirty || working) return !history.dirty;
  working = true;
  const done = await busy(saveButton, async () => {
    await alignStale();
    const base = over ? (await server.newest()).version : version;
    take(await server.save(base, history.now), false);
    announce("Saved");
  });
  working = false;
  showState();
  return done;
}

async function saveOver() {
  await save(true);
}

/**
 * @param {import("./editor/server.js").Version} answer
 * @param {boolean} afresh forget what was done before
 */
function take(answer, afresh) {
  version = answer.version;
  const timeline = edits.fromCompact(answer.document);
  showRemarks(answer.remarks);
  scene.peaks = bytes(answer.peaks);
  scene.peaksHz = answer.peaks_hz;
  if (answer.sound_url) player.load(answer.sound_url);
  for (const name of ["srt", "vtt"]) {
    /** @type {HTMLAnchorElement} */ (need(`#download-${name}`)).href = `${answer.files[`subtitles_${name}`]}?download=1`;
  }
  view.duration = timeline.duration;
  if (afresh) history.reset(timeline);
  else history.settle(timeline);
}

async function begin() {
  clearError(errors);
  need("#editor-wait").hidden = false;
  try {
    const answer = await server.load();
    if (answer.state === "failed") {
      showError(errors, answer.error, h("button", { type: "button", class: "button button-s", onclick: () => void begin() }, "Try again"));
      return;
    }
    need("#editor").hidden = false;
    track.resize();
    take(answer, true);
    view.show(0, Math.min(view.duration, Math.max(2.5, view.width / 240)));
    chooseWord(0);
  } catch (error) {
    showError(errors, error);
  } finally {
    need("#editor-wait").hidden = true;
  }
}

/** Saves, then has the video made once more. */
async function makeAgain() {
  const button = /** @type {HTMLButtonElement} */ (need("#make-again"));
  if (history.dirty && !(await save())) return;
  await busy(button, async () => {
    const made = await request("POST", `/api/jobs/${job.id}/again/`, {});
    location.assign(made.url);
  });
}

canvas.style.height = `${HEIGHT}px`;
new ResizeObserver(() => {
  track.resize();
  redraw();
}).observe(canvas);
new Pointers(canvas, view, {
  boundaryNear,
  onGrip: (boundary) => {
    if (boundary.kind === "word") chooseWord(boundary.index);
    scene.boundary = boundary;
    history.pause();
    redraw();
  },
  onDrag: (boundary, time) => moveTo(boundary, time, "drag"),
  onDrop: () => {
    history.pause();
    if (scene.boundary) afterMove(scene.boundary);
  },
  onSpan: (start, end) => {
    scene.boundary = null;
    chooseSpan(snapped(start), snapped(end));
  },
  onPress: (time, row) => {
    const spans = row === "mouth" ? scene.timeline.mouth : row === "phones" ? scene.timeline.phones : [];
    const hit = spans.find(({ start, end }) => start <= time && end > time);
    const word = scene.timeline.words.findIndex(({ start, end }) => start <= time && end > time);
    if (hit) chooseSpan(hit.start, hit.end);
    else if (word >= 0) chooseWord(word);
  },
});
trackKeys(canvas, {
  step: (words) => chooseWord(Math.min(Math.max((scene.word ?? -1) + words, 0), scene.timeline.words.length - 1)),
  first: () => chooseWord(0),
  last: () => chooseWord(scene.timeline.words.length - 1),
  edge: chooseEdge,
  phone: choosePhone,
  leave: () => {
    scene.boundary = null;
    player.stop();
    redraw();
  },
  nudge: (seconds) => scene.boundary && nudge(scene.boundary, seconds),
  hasBoundary: () => scene.boundary !== null,
  play: playChosen,
  loop: () => need("#loop").click(),
  zoom: (factor) => view.zoom(factor, scene.span ? (scene.span[0] + scene.span[1]) / 2 : undefined),
  fit: () => view.fit(),
  force,
  release,
  edit: () => fields.word.focus(),
});
pageKeys({ undo: () => !working && history.undo(), redo: () => !working && history.redo(), save: () => void save() });
need("#play-word").addEventListener("click", playChosen);
need("#play-all").addEventListener("click", () => void player.play(view.start, scene.timeline.duration));
need("#stop").addEventListener("click", () => player.stop());
need("#loop").addEventListener("click", () => {
  player.loop = !player.loop;
  need("#loop").setAttribute("aria-pressed", String(player.loop));
});
need("#zoom-in").addEventListener("click", () => view.zoom(1.6));
need("#zoom-out").addEventListener("click", () => view.zoom(1 / 1.6));
need("#zoom-fit").addEventListener("click", () => view.fit());
need("#scroll-back").addEventListener("click", () => view.scroll(-view.length * 0.8));
need("#scroll-on").addEventListener("click", () => view.scroll(view.length * 0.8));
need("#undo").addEventListener("click", () => history.undo());
need("#redo").addEventListener("click", () => history.redo());
saveButton.addEventListener("click", () => void save());
alignButton.addEventListener("click", () => {
  if (speech.kind === "typed") void save();
  else void busy(alignButton, alignStale);
});
document.querySelector("#make-again")?.addEventListener("click", () => void makeAgain());
window.addEventListener("beforeunload", (event) => {
  if (history.dirty) event.preventDefault();
});

void begin();
