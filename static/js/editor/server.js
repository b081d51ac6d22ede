/** What the editor asks of the site: the timeline, its parts aligned anew, the mouth drawn, words spoken. */

import { request, requestFile } from "../lib/api.js";
import { toCompact } from "./document.js";
import { stretchOf } from "./parts.js";

/**
 * @typedef {import("./document.js").Timeline} Timeline
 * @typedef {{speech: string, kind: "typed" | "recorded" | "uploaded", state: "measuring" | "ready" | "failed" | null,
 *   version: number, document: any, remarks: string[], sound_url: string | null, peaks: string, peaks_hz: number,
 *   files: Record<string, string>, error: {error: string, message: string, hint: string} | null}} Version
 */

export class Server {
  /** @param {{id: string, language: string, voice: string, speed: number, pitch: number}} speech */
  constructor(speech) {
    this.speech = speech;
    this.address = `/api/speech/${speech.id}/timeline/`;
  }

  /** @returns {Promise<Version>} the newest, once it has been measured */
  async load() {
    let answer = await request("POST", `${this.address}measure/`, {});
    for (let waited = 0; answer.state === "measuring"; waited += 1) {
      await new Promise((resume) => window.setTimeout(resume, waited < 20 ? 250 : 1000));
      // A measurement whose worker died is begun anew by asking for it again.
      answer = waited % 20 === 19 ? await request("POST", `${this.address}measure/`, {}) : await request("GET", this.address);
    }
    return answer;
  }

  /** @returns {Promise<Version>} */
  newest() {
    return request("GET", this.address);
  }

  /**
   * @param {number} version
   * @param {Timeline} timeline
   * @returns {Promise<Version>}
   */
  save(version, timeline) {
    return request("POST", this.address, { version, document: toCompact(timeline) });
  }

  /**
   * @param {Timeline} timeline
   * @param {number} first
   * @param {number} last
   */
  align(timeline, first, last) {
    const { start, end } = stretchOf(timeline, first, last);
    const words = timeline.words.slice(first, last).map(({ word, said }) => ({ word, said }));
    return request("POST", `${this.address}align/`, { words, start, end });
  }

  /**
   * @param {number} version
   * @param {Timeline} timeline
   * @param {number} start
   * @param {number} end
   */
  async mouth(version, timeline, start, end) {
    const document = toCompact(timeline);
    const answer = await request("POST", `${this.address}mouth/`, { version, document, start, end });
    return { start, hz: answer.hz, values: bytes(answer.opening), stale: false };
  }

  /**
   * @param {string} word
   * @param {string} said
   * @returns {Promise<Blob>} the word as it would be said
   */
  hear(word, said) {
    const { language, voice, speed, pitch } = this.speech;
    return requestFile("/api/speech/preview/", { kind: "typed", text: word, said, language, voice, speed, pitch });
  }

  /**
   * @param {string} word
   * @param {string} said
   */
  remember(word, said) {
    return request("POST", "/api/dictionary/", { word, said, language: this.speech.language });
  }
}

/** @param {string} base64 */
export function bytes(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}
