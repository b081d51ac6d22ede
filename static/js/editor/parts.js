/** Which words wait for their sounds, the stretch of sound that holds them, and putting the answer in its place. */

import { changed, rounded } from "./document.js";

/** @typedef {import("./document.js").Timeline} Timeline */

const SAME = 2e-4;
/** Longest stretch that the server aligns at once, seconds, with some room. */
const LONGEST = 29;

/**
 * Runs of neighbouring words that are stale.
 * @param {Timeline} timeline
 * @returns {[number, number][]} first word, and the one after the last
 */
export function stalePartsOf(timeline) {
  /** @type {[number, number][]} */
  const parts = [];
  timeline.words.forEach((word, index) => {
    if (!word.stale) return;
    const last = parts[parts.length - 1];
    const near = last && last[1] === index && stretchOf(timeline, last[0], index + 1).end - stretchOf(timeline, ...last).start < LONGEST;
    if (near) last[1] = index + 1;
    else parts.push([index, index + 1]);
  });
  return parts;
}

/**
 * The sound between the neighbours that stay, and the phones in it.
 * @param {Timeline} timeline
 * @param {number} first
 * @param {number} last the word after the last
 */
export function stretchOf(timeline, first, last) {
  const after = timeline.words[first - 1]?.end ?? 0;
  const before = timeline.words[last]?.start ?? timeline.duration;
  const from = timeline.phones.findIndex((phone) => phone.end > after + SAME);
  const to = timeline.phones.findLastIndex((phone) => phone.start < before - SAME);
  return { from, to: to + 1, start: timeline.phones[from]?.start ?? after, end: timeline.phones[to]?.end ?? before };
}

/**
 * @param {Timeline} timeline
 * @param {number} first
 * @param {number} last
 * @param {{words: import("./document.js").Word[], phones: import("./document.js").Phone[]}} found by the server
 * @returns {Timeline}
 */
export function withPart(timeline, first, last, found) {
  const stretch = stretchOf(timeline, first, last);
  const phones = found.phones
    .filter((phone) => phone.end > phone.start)
    .map(({ phone, start, end, stress }) => ({ phone, start: rounded(start), end: rounded(end), stress }));
  if (phones.length) {
    phones[0] = { ...phones[0], start: stretch.start };
    phones[phones.length - 1] = { ...phones[phones.length - 1], end: stretch.end };
  }
  const words = found.words.map(({ word, start, end, said }) => ({ word, start: rounded(start), end: rounded(end), said }));
  return changed(timeline, {
    words: timeline.words.toSpliced(first, last - first, ...words),
    phones: timeline.phones.toSpliced(stretch.from, stretch.to - stretch.from, ...phones),
  });
}

/**
 * Runs of equal viseme classes; a phone without a shape (h) takes the class of what follows it.
 * @param {Timeline} timeline
 * @param {Record<string, string>} classes
 * @returns {{viseme: string, start: number, end: number}[]}
 */
export function visemesOf(timeline, classes) {
  let following = "sil";
  const names = timeline.phones.map(() => "");
  for (let index = timeline.phones.length - 1; index >= 0; index -= 1) {
    following = classes[timeline.phones[index].phone] ?? following;
    names[index] = following;
  }
  /** @type {{viseme: string, start: number, end: number}[]} */
  const spans = [];
  timeline.phones.forEach(({ start, end }, index) => {
    const last = spans[spans.length - 1];
    if (last && last.viseme === names[index]) last.end = end;
    else spans.push({ viseme: names[index], start, end });
  });
  return spans;
}
