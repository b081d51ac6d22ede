/** The studio: joins the four steps, keeps the draft, starts the job once. */

import { ApiError, request } from "./lib/api.js";
import { h, need, pageData, setBusy } from "./lib/dom.js";
import { clearDraft, readDraft, saveDraft } from "./lib/draft.js";
import { ignoreStrayDrops } from "./lib/dropzone.js";
import { clearError, showError } from "./lib/errors.js";
import { lengthInWords } from "./lib/format.js";
import { MotionPanel } from "./lib/motionpanel.js";
import { ConsentStep } from "./studio/consent.js";
import { Consents } from "./studio/consents.js";
import { FramingChoice } from "./studio/framing.js";
import { MovingPreview } from "./studio/moving.js";
import { PhotoStep } from "./studio/photo.js";
import { Steps } from "./studio/steps.js";
import { TalkStep } from "./studio/talk.js";
import { VoiceStep } from "./studio/voice.js";

const limits = pageData("limits");
const languages = pageData("languages");
let restoring = true;
/** The faces that move, as the later steps know them. */
let cast = "";
/** What happens: words, movement, or both. */
const choices = /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll('input[name="happen"]')]);

const photo = new PhotoStep({ limits, onChange: changed, isShown: () => steps?.current === "photo" });
const voice = new VoiceStep({ limits, languages, onChange: changed, onReady: toConsent, onStream: (stream) => (stream ? moving.follow(stream) : moving.rest()) });
const talk = new TalkStep({
  limits,
  languages,
  people: () => photo.roles.who("speaks"),
  onChange: changed,
  onReady: toConsent,
});
const motion = new MotionPanel({ box: need("#motion-panel"), offer: pageData("gestures"), onChange: changed });
const framing = new FramingChoice({ onChange: changed });
const consent = new ConsentStep({ onChange: changed, subject: who });
const moving = new MovingPreview({
  subject: () => (several() || happens() === "move" ? null : who()),
  pictureUrl: () => photo.pictureUrl,
  consent,
  speech: async () => ((await voice.send()) ? voice.speech : null),
});
const consents = new Consents({ step: consent, onChange: changed });
/** The photo whose faces were asked about. */
let asked = "";
/** Several faces take part. */
const several = () => photo.roles.several;
/** Nobody was chosen to speak: the faces can only move. */
const mute = () => several() && photo.roles.who("speaks").length === 0;
/** @returns {string} "speak", "move" or "both" */
const happens = () => (mute() ? "move" : (choices.find((one) => one.checked)?.value ?? "speak"));
/** @returns {number[]} the faces that move */
const movers = () => (several() ? photo.roles.moving.map((one) => one.index) : photo.face === null ? [] : [photo.face]);
/** The face whose consent is asked for, as the step knew it last. */
let subject = "";

/** Whose consent is asked for now. */
function who() {
  const face = several() ? consents.current : photo.face;
  return photo.photo && face !== null ? { photo: photo.photo.id, face } : null;
}

/** Whether step 2 has all it needs. */
function acted() {
  const said = several() ? talk.done : voice.done;
  return (happens() === "move" || said) && (happens() === "speak" || motion.moves);
}

function toConsent() {
  if (motion.validate()) steps.go("consent");
}

const steps = new Steps({
  isDone: (step) =>
    ({
      photo: photo.done,
      voice: acted(),
      consent: several() ? consents.done : consent.done,
      start: false,
    })[step] ?? false,
  onShow: (step) => {
    if (step !== "voice") moving.stop();
    if (step === "start") summarise();
  },
});

/** Anything changed in any step: the stepper and the draft follow. */
function changed() {
  if (restoring) return;
  recast();
  const now = JSON.stringify(who());
  if (now !== subject) {
    subject = now;
    consent.subjectChanged();
  }
  moving.refresh();
  steps.refresh();
  saveDraft({
    photo: photo.photo?.id,
    face: photo.face,
    speech: voice.speech?.id,
    tab: voice.kind,
    basis: consent.chosen?.value,
    roles: photo.roles.draft,
    talk: several() ? talk.draft : undefined,
    typed: voice.typed.draft,
    happens: choices.find((one) => one.checked)?.value,
    motion: movers().length ? motion.body : undefined,
    framing: framing.chosen,
  });
}

/** One speaks alone, or several talk: the later steps show what belongs to it. */
function recast() {
  if (asked !== (photo.photo?.id ?? "")) consents.forget();
  asked = photo.photo?.id ?? "";
  for (const one of choices) {
    one.disabled = mute() && one.value !== "move";
    if (mute()) one.checked = one.value === "move";
  }
  for (const one of choices) one.closest("label")?.classList.toggle("disabled", one.disabled);
  const panel = happens() === "move" ? "move" : several() ? "talk" : "one";
  for (const one of ["one", "talk", "move"]) need(`#voice-${one}`).hidden = one !== panel;
  // Movement stands just above the buttons that lead on.
  const actions = need(`#voice-${panel} > .step-actions`);
  if (need("#motion").nextElementSibling !== actions) actions.before(need("#motion"));
  for (const one of ["#motion-hint", "#motion-title"]) need(one).hidden = happens() === "speak";
  if (motion.mode !== happens()) motion.show(happens());
  const moving = `${photo.photo?.id}:${several()}:${movers().join()}`;
  if (moving === cast) return;
  cast = moving;
  motion.about(several() ? photo.roles.moving : movers().map((index) => ({ index, name: "The face" })));
  if (several()) talk.refresh();
  consents.about(photo.roles.moving);
}

/** What is seen of a movement, in words. */
function movement() {
  const titles = new Map(motion.offer.gestures.map((one) => [one.name, one.title.toLowerCase()]));
  const lines = motion.body.faces
    .filter((one) => one.gestures.length > 0)
    .map((one) => (several() ? `face ${one.face + 1}: ` : "") + one.gestures.map((name) => titles.get(name)).join(", "));
  return lines.join("; ");
}

/** The last look at what is said and done, for all kinds of videos. */
function summariseAction(/** @type {string} */ said) {
  const only = happens() === "move";
  need("#start-face-label").textContent = only ? "Moves" : "Speaks";
  need("#start-voice").textContent = [only ? "Movement without words" : said, motion.moves && happens() !== "speak" ? movement() : ""].filter(Boolean).join("; ");
  need("#start-words-label").hidden = only;
  need("#start-words").parentElement?.toggleAttribute("hidden", only);
  if (!only) return;
  const seconds = lengthInWords(motion.seconds);
  need("#start-length").textContent = motion.loop.checked ? `${seconds}, for ever in a loop` : seconds;
}

/** The last look at a conversation. */
function summariseTalk() {
  const names = (/** @type {import("./studio/roles.js").Person[]} */ people) => people.map((one) => one.name).join(", ");
  const listening = names(photo.roles.who("listens"));
  const language = languages.find((/** @type {{code: string}} */ one) => one.code === talk.language.value)?.name ?? "";
  need("#start-face").textContent = happens() === "move" ? names(photo.roles.moving) : names(photo.roles.who("speaks")) + (listening ? `; listening: ${listening}` : "");
  need("#start-words").replaceChildren(...talk.script);
  need("#start-length").textContent = talk.seconds ? lengthInWords(talk.seconds) : "Known when the voices are made";
  need("#start-consent").replaceChildren(...consents.titles);
  summariseAction(`A conversation of ${talk.lines.length} lines, ${language}`);
}

function summarise() {
  if (photo.photo) void framing.about(photo.photo.id, movers());
  if (several() && photo.photo) {
    /** @type {HTMLImageElement} */ (need("#start-photo")).src = photo.pictureUrl;
    need("#start-photo-name").textContent = photo.photo.name;
    summariseTalk();
    return;
  }
  const speech = happens() === "move" ? null : voice.speech;
  if (!photo.photo || (!speech && happens() !== "move")) return;
  const faces = photo.photo.faces;
  const place = faces.findIndex((one) => one.index === photo.face) + 1;
  const kinds = { typed: "Spoken by the site’s voice", recorded: "Your recording", uploaded: "Your sound file" };
  /** @type {HTMLImageElement} */ (need("#start-photo")).src = photo.pictureUrl;
  need("#start-photo-name").textContent = photo.photo.name;
  need("#start-face").textContent = faces.length === 1 ? "The face in the picture" : `Face ${place} of ${faces.length}`;
  need("#start-consent").textContent = consent.title;
  if (speech) {
    need("#start-words").textContent = shorten(speech.text || speech.transcript) || "We listen to the sound for them";
    /** @type {HTMLAnchorElement} */ (need("#start-edit")).href = `/speech/${speech.id}/edit/`;
    need("#start-length").textContent = speech.duration_s ? lengthInWords(speech.duration_s) : "Known when the voice is made";
  }
  const language = languages.find((/** @type {{code: string}} */ one) => one.code === speech?.language)?.name ?? speech?.language;
  summariseAction(speech ? `${kinds[speech.kind]}, ${language}` : "");
}

/** @param {string} text */
function shorten(text) {
  return text.length > 160 ? `${text.slice(0, 157)}…` : text;
}

/** What the API takes when one face speaks alone. */
function single() {
  const speech = happens() === "move" ? null : voice.speech?.id;
  return { photo: photo.photo?.id, face: photo.face, speech, consent: consent.body, ...manner() };
}

/** How it is done, whoever takes part. */
function manner() {
  return { motion: motion.body, framing: framing.chosen };
}

/** What the API takes when several take part. */
function conversation() {
  const listeners = photo.roles.who("listens").map((one) => one.index);
  const given = { photo: photo.photo?.id, consents: consents.bodies, ...manner() };
  return happens() === "move" ? given : { ...given, lines: talk.body, listeners };
}

const startButton = /** @type {HTMLButtonElement} */ (need("#start-button"));
const startErrors = need("#start-errors");

startButton.addEventListener("click", async () => {
  if (!photo.photo || (!several() && happens() !== "move" && !voice.speech)) return;
  setBusy(startButton, true);
  clearError(startErrors);
  try {
    const job = await request("POST", "/api/jobs/", several() ? conversation() : single());
    clearDraft();
    location.assign(`/jobs/${job.id}/`); // the button stays busy: a second press cannot make a second video
  } catch (error) {
    setBusy(startButton, false);
    const already = error instanceof ApiError && error.status === 409;
    showError(startErrors, error, already && h("a", { class: "button button-s", href: "/jobs/" }, "See my videos"));
  }
});

need("#photo-next").addEventListener("click", () => steps.go("voice"));
need("#consent-next").addEventListener("click", () => {
  if (!consents.several || consents.keep()) steps.go("start");
});
need("#motion-next").addEventListener("click", toConsent);
for (const one of choices) one.addEventListener("change", changed);
ignoreStrayDrops();

/** Back from the browser's cache after a start: the draft is gone, so begin afresh. */
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

/** Comes from “My consents”: the photo and face of a consent that a person gave. */
async function startFrom(/** @type {string} */ id) {
  const given = await request("GET", `/api/consents/${id}/`).catch(() => null);
  if (!given || given.state !== "valid") return;
  await photo.restore(given.photo, given.face);
  subject = JSON.stringify(who());
  consent.choose(given.basis);
}

async function restore() {
  const draft = readDraft();
  const from = new URLSearchParams(location.search).get("consent");
  if (draft.typed) voice.typed.restore(draft.typed);
  if (draft.tab) voice.tabs.choose(`panel-${draft.tab}`);
  if (from) await startFrom(from);
  else if (draft.photo) await photo.restore(draft.photo, draft.face);
  if (draft.speech) {
    const speech = await request("GET", `/api/speech/${draft.speech}/`).catch(() => null);
    if (speech?.state === "ready" && speech.kind === voice.kind) voice.restore(speech);
  }
  if (photo.photo && draft.roles) photo.roles.restore(draft.roles);
  if (several() && draft.talk) await talk.restore(draft.talk);
  for (const one of choices) one.checked = one.value === (draft.happens ?? "speak");
  framing.chosen = draft.framing ?? "whole";
  restoring = false;
  recast();
  if (draft.motion) motion.restore(draft.motion);
  changed();
  steps.show(location.hash.slice(1), false);
}

void restore();
