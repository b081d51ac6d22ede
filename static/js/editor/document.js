/**
 * The timeline as the editor holds it, and the corrections of it: the same rules as gpu_worker/timeline_edits.py, so that
 * a drag shows at once what the server will keep. Nothing here is changed in place; an edit returns another document.
 */

/**
 * @typedef {{word: string, start: number, end: number, said: string, stale?: boolean}} Word `stale`: its sounds are those
 *   of another spelling or pronunciation, until it is aligned or spoken anew
 * @typedef {{phone: string, start: number, end: number, stress: number}} Phone
 * @typedef {{state: "open" | "closed", start: number, end: number, ease: number}} MouthSpan
 * @typedef {{language: string, source: string, duration: number, words: Word[], phones: Phone[], mouth: MouthSpan[],
 *   score: number | null, reasons: string[], corrected: boolean}} Timeline
 */

const SAME = 2e-4;
const SHORTEST_PHONE = 0.01;
const SHORTEST_MOUTH = 0.02;
const MAX_WORD = 80;

/** A correction that makes no sense; the message is meant for people. */
export class EditError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   */
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/**
 * @param {any} form the compact form of the API
 * @returns {Timeline}
 */
export function fromCompact(form) {
  let at = 0;
  const phones = form.phones.map((/** @type {[string, number, number]} */ [phone, end, stress]) => {
    const entry = { phone, start: at, end, stress };
    at = end;
    return entry;
  });
  const words = form.words.map((/** @type {Word} */ word) => ({ ...word, said: word.said ?? "" }));
  return { ...form, phones, words };
}

/**
 * @param {Timeline} timeline
 * @returns {any} what the API takes
 */
export function toCompact(timeline) {
  return {
    ...timeline,
    words: timeline.words.map(({ word, start, end, said }) => ({ word, start, end, said })),
    phones: timeline.phones.map(({ phone, end, stress }) => [phone, end, stress]),
  };
}

/** @param {number} seconds */
export function rounded(seconds) {
  return Math.round(seconds * 1e4) / 1e4;
}

/**
 * @param {Timeline} timeline
 * @param {number} index
 * @param {"start" | "end"} edge
 * @param {number} wanted
 * @returns {Timeline}
 */
export function moveWordEdge(timeline, index, edge, wanted) {
  const word = wordAt(timeline, index);
  const at = word[edge];
  let to = rounded(wanted);
  const before = edge === "start" ? index - 1 : index;
  const after = edge === "start" ? index : index + 1;
  const first = phoneAt(timeline, at);
  const left = run(timeline, first - 1, -1, limit(timeline, before, at, -1));
  const right = run(timeline, first, 1, limit(timeline, after, at, 1));
  checkReach(
    to,
    left.end + SHORTEST_PHONE * (left.silent ? 0 : first - left.cut),
    right.end - SHORTEST_PHONE * (right.silent ? 0 : right.cut - first),
  );
  to = [left.end, right.end].find((end) => Math.abs(to - end) <= SAME) ?? to;
  const phones = [
    ...timeline.phones.slice(0, left.cut),
    ...stretched(timeline.phones.slice(left.cut, first), left.end, to),
    ...stretched(timeline.phones.slice(first, right.cut), to, right.end),
    ...timeline.phones.slice(right.cut),
  ];
  const words = timeline.words.map((entry, place) => (place === before || place === after ? withEdge(entry, at, to) : entry));
  return changed(timeline, { words, phones: filled(phones, timeline.duration) });
}

/**
 * The limits between which a word's edge may lie: where `moveWordEdge` does not refuse it.
 * @param {Timeline} timeline
 * @param {number} index
 * @param {"start" | "end"} edge
 * @returns {[number, number]}
 */
export function reachOfEdge(timeline, index, edge) {
  const at = wordAt(timeline, index)[edge];
  const first = phoneAt(timeline, at);
  const left = run(timeline, first - 1, -1, limit(timeline, edge === "start" ? index - 1 : index, at, -1));
  const right = run(timeline, first, 1, limit(timeline, edge === "start" ? index : index + 1, at, 1));
  return [
    left.end + SHORTEST_PHONE * (left.silent ? 0 : first - left.cut),
    right.end - SHORTEST_PHONE * (right.silent ? 0 : right.cut - first),
  ];
}

/**
 * @param {Timeline} timeline
 * @param {number} index the phone behind the boundary
 * @param {number} wanted
 * @returns {Timeline}
 */
export function movePhone(timeline, index, wanted) {
  if (!(index > 0 && index < timeline.phones.length)) {
    throw new EditError("no_such_phone", "There is no such boundary between two phones.");
  }
  const before = timeline.phones[index - 1];
  const after = timeline.phones[index];
  const to = rounded(wanted);
  checkReach(to, before.start + SHORTEST_PHONE, after.end - SHORTEST_PHONE);
  const phones = [...timeline.phones];
  phones[index - 1] = { ...before, end: to };
  phones[index] = { ...after, start: to };
  return changed(timeline, { phones, words: timeline.words.map((word) => withEdge(word, after.start, to)) });
}

/**
 * @param {Timeline} timeline
 * @param {number} index
 * @param {string} word
 */
export function spell(timeline, index, word) {
  return withWord(timeline, index, { ...wordAt(timeline, index), word: checkedLabel(word), stale: true });
}

/**
 * @param {Timeline} timeline
 * @param {number} index
 * @param {string} said a respelling, IPA between slashes, or nothing
 */
export function pronounce(timeline, index, said) {
  return withWord(timeline, index, { ...wordAt(timeline, index), said: said.trim(), stale: true });
}

/**
 * @param {Timeline} timeline
 * @param {number} index
 * @param {string} one
 * @param {string} two
 */
export function splitWord(timeline, index, one, two) {
  const word = wordAt(timeline, index);
  const [first, second] = [checkedLabel(one), checkedLabel(two)];
  const inside = timeline.phones.map((phone) => phone.start).filter((at) => at > word.start + SAME && at < word.end - SAME);
  if (!inside.length) throw new EditError("word_too_short", "This word has a single sound and cannot be split.");
  const wanted = word.start + ((word.end - word.start) * first.length) / (first.length + second.length);
  const at = inside.reduce((best, start) => (Math.abs(start - wanted) < Math.abs(best - wanted) ? start : best));
  const parts = [
    { word: first, start: word.start, end: at, said: "", stale: true },
    { word: second, start: at, end: word.end, said: "", stale: true },
  ];
  return changed(timeline, { words: timeline.words.toSpliced(index, 1, ...parts) });
}

/**
 * @param {Timeline} timeline
 * @param {number} index joined with the next
 * @param {string} word
 */
export function joinWords(timeline, index, word) {
  const [one, two] = [wordAt(timeline, index), wordAt(timeline, index + 1)];
  const joined = { word: checkedLabel(word || one.word + two.word), start: one.start, end: two.end, said: "", stale: true };
  return changed(timeline, { words: timeline.words.toSpliced(index, 2, joined) });
}

/**
 * @param {Timeline} timeline
 * @param {number} index
 */
export function removeWord(timeline, index) {
  wordAt(timeline, index);
  return changed(timeline, { words: timeline.words.toSpliced(index, 1) });
}

/**
 * @param {Timeline} timeline
 * @param {"open" | "closed"} state
 * @param {number} from
 * @param {number} to
 * @param {number} [easing]
 */
export function forceMouth(timeline, state, from, to, easing = 0.06) {
  const [start, end, ease] = [rounded(from), rounded(to), rounded(easing)];
  const inside = start >= 0 && end <= timeline.duration + SAME && end - start >= SHORTEST_MOUTH - SAME;
  if (!inside || !(ease >= 0 && ease <= 0.5)) {
    const message = "The mouth can be forced open or closed for 20 ms or longer, within the sound.";
    throw new EditError("bad_mouth_span", message);
  }
  const spans = [{ state, start, end: Math.min(end, timeline.duration), ease }];
  for (const span of timeline.mouth) {
    const pieces = [{ ...span, end: Math.min(span.end, start) }, { ...span, start: Math.max(span.start, end) }];
    spans.push(...pieces.filter((piece) => piece.end - piece.start >= SHORTEST_MOUTH - SAME));
  }
  return changed(timeline, { mouth: spans.sort((one, other) => one.start - other.start) });
}

/**
 * @param {Timeline} timeline
 * @param {number} index
 */
export function releaseMouth(timeline, index) {
  if (!timeline.mouth[index]) throw new EditError("no_such_mouth_span", "The mouth is not forced there.");
  return changed(timeline, { mouth: timeline.mouth.toSpliced(index, 1) });
}

/**
 * @param {Timeline} timeline
 * @param {Partial<Timeline>} changes
 * @returns {Timeline}
 */
export function changed(timeline, changes) {
  return { ...timeline, corrected: true, ...changes };
}

/**
 * @param {Timeline} timeline
 * @param {number} index
 * @param {Word} word
 */
function withWord(timeline, index, word) {
  return changed(timeline, { words: timeline.words.with(index, word) });
}

/**
 * @param {Word} word
 * @param {number} at
 * @param {number} to
 * @returns {Word}
 */
function withEdge(word, at, to) {
  const start = Math.abs(word.start - at) <= SAME ? to : word.start;
  const end = Math.abs(word.end - at) <= SAME ? to : word.end;
  return start === word.start && end === word.end ? word : { ...word, start, end };
}

/**
 * @param {Timeline} timeline
 * @param {number} index
 */
function wordAt(timeline, index) {
  const word = timeline.words[index];
  if (!word) throw new EditError("no_such_word", "There is no such word.");
  return word;
}

/** @param {string} word */
function checkedLabel(word) {
  const label = word.trim();
  if (!label || label.length > MAX_WORD) throw new EditError("bad_timeline", `A word has 1 to ${MAX_WORD} characters.`);
  return label;
}

/**
 * The phone that begins nearest to a time; as many as there are phones for the end of the sound.
 * @param {Timeline} timeline
 * @param {number} at
 */
function phoneAt(timeline, at) {
  const starts = [...timeline.phones.map((phone) => phone.start), timeline.duration];
  return starts.reduce((best, start, place) => (Math.abs(start - at) < Math.abs(starts[best] - at) ? place : best), 0);
}

/**
 * How far phones give way: to the far edge of a word that touches the boundary, else to the near edge of the next word.
 * @param {Timeline} timeline
 * @param {number} index
 * @param {number} at
 * @param {-1 | 1} step
 */
function limit(timeline, index, at, step) {
  const word = timeline.words[index];
  if (!word) return step < 0 ? 0 : timeline.duration;
  const [near, far] = step < 0 ? [word.end, word.start] : [word.start, word.end];
  return Math.abs(near - at) <= SAME ? far : near;
}

/**
 * The phones that give way on one side of a boundary, up to a limit or the next silence.
 * @param {Timeline} timeline
 * @param {number} from
 * @param {-1 | 1} step
 * @param {number} end
 * @returns {{cut: number, end: number, silent: boolean}}
 */
function run(timeline, from, step, end) {
  const { phones, duration } = timeline;
  let place = from;
  if (!phones[place]) return step < 0 ? { cut: 0, end: 0, silent: true } : { cut: phones.length, end: duration, silent: true };
  const silent = phones[place].phone === "SIL";
  while (!silent && phones[place + step]) {
    const edge = step < 0 ? phones[place].start : phones[place].end;
    if ((edge - end) * step >= -SAME || phones[place + step].phone === "SIL") break;
    place += step;
  }
  return step < 0
    ? { cut: place, end: phones[place].start, silent }
    : { cut: place + 1, end: phones[place].end, silent };
}

/**
 * @param {Phone[]} phones
 * @param {number} start
 * @param {number} end
 * @returns {Phone[]} scaled to fill the span; none where there is no room at all
 */
function stretched(phones, start, end) {
  if (!phones.length || end - start <= SAME) return [];
  const first = phones[0].start;
  const length = phones[phones.length - 1].end - first;
  const edges = [...phones.map((phone) => rounded(start + ((phone.start - first) * (end - start)) / length)), end];
  edges[0] = start;
  return phones.map((phone, place) => ({ ...phone, start: edges[place], end: edges[place + 1] }));
}

/**
 * @param {Phone[]} given
 * @param {number} duration
 * @returns {Phone[]} with silence where the sound's ends were left, neighbouring silences as one
 */
function filled(given, duration) {
  let phones = given;
  const silence = { phone: "SIL", stress: 0 };
  if (phones.length && phones[0].start > SAME) phones = [{ ...silence, start: 0, end: phones[0].start }, ...phones];
  const last = phones[phones.length - 1];
  if (last && last.end < duration - SAME) phones = [...phones, { ...silence, start: last.end, end: duration }];
  /** @type {Phone[]} */
  const found = [];
  for (const phone of phones) {
    const before = found[found.length - 1];
    if (before && before.phone === "SIL" && phone.phone === "SIL") found[found.length - 1] = { ...before, end: phone.end };
    else found.push(phone);
  }
  return found;
}

/**
 * @param {number} to
 * @param {number} low
 * @param {number} high
 */
function checkReach(to, low, high) {
  if (to >= low - SAME && to <= high + SAME) return;
  const message = `This boundary can lie between ${low.toFixed(2)} and ${high.toFixed(2)} s.`;
  throw new EditError("boundary_out_of_reach", message);
}
