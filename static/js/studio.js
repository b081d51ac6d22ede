/** The studio: joins the four steps, keeps the draft, starts the job once. */

import { ApiError, request } from "./lib/api.js";
import { h, need, pageData, setBusy } from "./lib/dom.js";
import { clearDraft, readDraft, saveDraft } from "./lib/draft.js";
import { ignoreStrayDrops } from "./lib/dropzone.js";
import { clearError, showError } from "./lib/errors.js";
import { lengthInWords } from "./lib/format.js";
import { ConsentStep } from "./studio/consent.js";
import { Consents } from "./studio/consents.js";
import { PhotoStep } from "./studio/photo.js";
import { Steps } from "./studio/steps.js";
import { TalkStep } from "./studio/talk.js";
import { VoiceStep } from "./studio/voice.js";

const limits = pageData("limits");
const languages = pageData("languages");
let restoring = true;
/** The faces that move, as the later steps know them. */
let cast = "";

const photo = new PhotoStep({ limits, onChange: changed, isShown: () => steps?.current === "photo" });
const voice = new VoiceStep({ limits, languages, onChange: changed, onReady: () => steps.go("consent") });
const talk = new TalkStep({
  limits,
  languages,
  people: () => photo.roles.who("speaks"),
  onChange: changed,
  onReady: () => steps.go("consent"),
});
const consent = new ConsentStep({ onChange: changed, subject: who });
const consents = new Consents({ step: consent, onChange: changed });
/** The photo whose faces were asked about. */
let asked = "";
/** Several faces take part. */
const several = () => photo.roles.several;
/** The face whose consent is asked for, as the step knew it last. */
let subject = "";

/** Whose consent is asked for now. */
function who() {
  const face = several() ? consents.current : photo.face;
  return photo.photo && face !== null ? { photo: photo.photo.id, face } : null;
}

const steps = new Steps({
  isDone: (step) =>
    ({
      photo: photo.done,
      voice: several() ? talk.done : voice.done,
      consent: several() ? consents.done : consent.done,
      start: false,
    })[step] ?? false,
  onShow: (step) => {
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
  });
}

/** One speaks alone, or several talk: the later steps show what belongs to it. */
function recast() {
  if (asked !== (photo.photo?.id ?? "")) consents.forget();
  asked = photo.photo?.id ?? "";
  need("#voice-one").hidden = several();
  need("#voice-talk").hidden = !several();
  const moving = photo.roles.moving.map((one) => one.index).join();
  if (moving === cast) return;
  cast = moving;
  if (several()) talk.refresh();
  consents.about(photo.roles.moving);
}

/** The last look at a conversation. */
function summariseTalk() {
  const names = (/** @type {import("./studio/roles.js").Person[]} */ people) => people.map((one) => one.name).join(", ");
  const listening = names(photo.roles.who("listens"));
  const language = languages.find((/** @type {{code: string}} */ one) => one.code === talk.language.value)?.name ?? "";
  need("#start-face").textContent = names(photo.roles.who("speaks")) + (listening ? `; listening: ${listening}` : "");
  need("#start-voice").textContent = `A conversation of ${talk.lines.length} lines, ${language}`;
  need("#start-words").replaceChildren(...talk.script);
  need("#start-length").textContent = talk.seconds ? lengthInWords(talk.seconds) : "Known when the voices are made";
  need("#start-consent").replaceChildren(...consents.titles);
}

function summarise() {
  if (several() && photo.photo) {
    /** @type {HTMLImageElement} */ (need("#start-photo")).src = photo.pictureUrl;
    need("#start-photo-name").textContent = photo.photo.name;
    summariseTalk();
    return;
  }
  const { speech } = voice;
  if (!photo.photo || !speech) return;
  const faces = photo.photo.faces;
  const place = faces.findIndex((one) => one.index === photo.face) + 1;
  const kinds = { typed: "Spoken by the site’s voice", recorded: "Your recording", uploaded: "Your sound file" };
  const language = languages.find((/** @type {{code: string}} */ one) => one.code === speech.language)?.name ?? speech.language;
  /** @type {HTMLImageElement} */ (need("#start-photo")).src = photo.pictureUrl;
  need("#start-photo-name").textContent = photo.photo.name;
  need("#start-face").textContent = faces.length === 1 ? "The face in the picture" : `Face ${place} of ${faces.length}`;
  need("#start-voice").textContent = `${kinds[speech.kind]}, ${language}`;
  need("#start-words").textContent = shorten(speech.text || speech.transcript) || "We listen to the sound for them";
  /** @type {HTMLAnchorElement} */ (need("#start-edit")).href = `/speech/${speech.id}/edit/`;
  need("#start-length").textContent = speech.duration_s ? lengthInWords(speech.duration_s) : "Known when the voice is made";
  need("#start-consent").textContent = consent.title;
}

/** @param {string} text */
function shorten(text) {
  return text.length > 160 ? `${text.slice(0, 157)}…` : text;
}

/** What the API takes when one face speaks alone. */
function single() {
  return { photo: photo.photo?.id, face: photo.face, speech: voice.speech?.id, consent: consent.body };
}

/** What the API takes when several take part. */
function conversation() {
  const listeners = photo.roles.who("listens").map((one) => one.index);
  return { photo: photo.photo?.id, lines: talk.body, listeners, consents: consents.bodies };
}

const startButton = /** @type {HTMLButtonElement} */ (need("#start-button"));
const startErrors = need("#start-errors");

startButton.addEventListener("click", async () => {
  if (!photo.photo || (!several() && !voice.speech)) return;
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
  if (several() && draft.talk) talk.restore(draft.talk);
  restoring = false;
  changed();
  steps.show(location.hash.slice(1), false);
}

void restore();
