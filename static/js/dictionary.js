/** The user's own dictionary: add, change, hear, remove. */

import { request, requestFile } from "./lib/api.js";
import { announce, h, need, pageData, setBusy, toast } from "./lib/dom.js";
import { clearError, showError } from "./lib/errors.js";

/** @typedef {{id: string, word: string, said: string, language: string}} Entry */

/** @type {Entry[]} */
let entries = pageData("entries");
/** @type {{code: string, name: string}[]} */
const languages = pageData("languages");
const errors = need("#dictionary-errors");
const word = /** @type {HTMLInputElement} */ (need("#entry-word"));
const said = /** @type {HTMLInputElement} */ (need("#entry-said"));
const language = /** @type {HTMLSelectElement} */ (need("#entry-language"));
const voice = new Audio();

/** @param {HTMLButtonElement} button @param {() => Promise<void>} work */
async function busy(button, work) {
  clearError(errors);
  setBusy(button, true);
  try {
    await work();
  } catch (error) {
    showError(errors, error);
  } finally {
    setBusy(button, false);
  }
}

/** @param {HTMLButtonElement} button @param {Omit<Entry, "id">} entry */
function hear(button, entry) {
  return busy(button, async () => {
    const body = { kind: "typed", text: entry.word, said: entry.said, language: entry.language || "en" };
    const sound = await requestFile("/api/speech/preview/", body);
    if (voice.src) URL.revokeObjectURL(voice.src);
    voice.src = URL.createObjectURL(sound);
    await voice.play().catch(() => toast("This browser cannot play the sound."));
  });
}

/** @param {Entry} entry */
function row(entry) {
  const name = languages.find((one) => one.code === entry.language)?.name ?? "Every language";
  const button = (/** @type {string} */ text, /** @type {(button: HTMLButtonElement) => void} */ action) => {
    const made = h("button", { type: "button", class: "button button-quiet button-s", "aria-label": `${text}: ${entry.word}` }, text);
    made.addEventListener("click", () => action(/** @type {HTMLButtonElement} */ (made)));
    return made;
  };
  return h(
    "tr",
    {},
    h("td", { "data-title": "Word" }, entry.word),
    h("td", { "data-title": "Said like", class: "said-cell" }, entry.said),
    h("td", { "data-title": "Language" }, name),
    h(
      "td",
      {},
      h(
        "div",
        { class: "actions" },
        button("Hear", (made) => void hear(made, entry)),
        button("Change", () => change(entry)),
        button("Remove", (made) => void remove(made, entry)),
      ),
    ),
  );
}

function show() {
  need("#dictionary-rows").replaceChildren(...entries.map(row));
  need("#dictionary-table").hidden = entries.length === 0;
  need("#dictionary-empty").hidden = entries.length > 0;
}

/** @param {Entry} entry */
function change(entry) {
  word.value = entry.word;
  said.value = entry.said;
  language.value = entry.language;
  said.focus();
  said.select();
}

/** @param {HTMLButtonElement} button @param {Entry} entry */
function remove(button, entry) {
  return busy(button, async () => {
    await request("DELETE", `/api/dictionary/${entry.id}/`);
    entries = entries.filter((one) => one.id !== entry.id);
    show();
    announce(`${entry.word} is removed`);
    need("#list-title").focus();
  });
}

need("#dictionary-form").addEventListener("submit", (event) => {
  event.preventDefault();
  void busy(need("#entry-keep"), async () => {
    const body = { word: word.value, said: said.value, language: language.value };
    const kept = await request("POST", "/api/dictionary/", body);
    entries = [...entries.filter((one) => one.id !== kept.id), kept].sort((a, b) => a.word.localeCompare(b.word));
    show();
    announce(`${kept.word} is kept`);
    /** @type {HTMLFormElement} */ (need("#dictionary-form")).reset();
    word.focus();
  });
});
need("#entry-hear").addEventListener("click", () => {
  const entry = { word: word.value, said: said.value, language: language.value };
  void hear(need("#entry-hear"), entry);
});

show();
