/** The studio: joins the four steps, keeps the draft, starts the job once. */

import { ApiError, request } from "./lib/api.js";
import { h, need, pageData, setBusy } from "./lib/dom.js";
import { clearDraft, readDraft, saveDraft } from "./lib/draft.js";
import { ignoreStrayDrops } from "./lib/dropzone.js";
import { clearError, showError } from "./lib/errors.js";
import { lengthInWords } from "./lib/format.js";
import { ConsentStep } from "./studio/consent.js";
import { PhotoStep } from "./studio/photo.js";
import { Steps } from "./studio/steps.js";
import { VoiceStep } from "./studio/voice.js";

const limits = pageData("limits");
const languages = pageData("languages");
let restoring = true;

const photo = new PhotoStep({ limits, onChange: changed, isShown: () => steps?.current === "photo" });
const voice = new VoiceStep({ limits, languages, onChange: changed, onReady: () => steps.go("consent") });
const consent = new ConsentStep({ onChange: changed });
const steps = new Steps({
  isDone: (step) => ({ photo: photo.done, voice: voice.done, consent: consent.done, start: false })[step] ?? false,
  onShow: (step) => {
    if (step === "start") summarise();
  },
});

/** Anything changed in any step: the stepper and the draft follow. */
function changed() {
  if (restoring) return;
  steps.refresh();
  saveDraft({
    photo: photo.photo?.id,
    face: photo.face,
    speech: voice.speech?.id,
    tab: voice.kind,
    basis: consent.chosen?.value,
    typed: voice.typed.draft,
  });
}

function summarise() {
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
  need("#start-length").textContent = speech.duration_s ? lengthInWords(speech.duration_s) : "Known when the voice is made";
  need("#start-consent").textContent = consent.title;
}

/** @param {string} text */
function shorten(text) {
  return text.length > 160 ? `${text.slice(0, 157)}…` : text;
}

const startButton = /** @type {HTMLButtonElement} */ (need("#start-button"));
const startErrors = need("#start-errors");

startButton.addEventListener("click", async () => {
  if (!photo.photo || !voice.speech) return;
  setBusy(startButton, true);
  clearError(startErrors);
  try {
    const job = await request("POST", "/api/jobs/", {
      photo: photo.photo.id,
      face: photo.face,
      speech: voice.speech.id,
      consent: consent.body,
    });
    clearDraft();
    location.assign(`/jobs/${job.id}/`); // the button stays busy: a second press cannot make a second video
  } catch (error) {
    setBusy(startButton, false);
    const already = error instanceof ApiError && error.status === 409;
    showError(startErrors, error, already && h("a", { class: "button button-s", href: "/jobs/" }, "See my videos"));
  }
});

need("#photo-next").addEventListener("click", () => steps.go("voice"));
need("#consent-next").addEventListener("click", () => steps.go("start"));
ignoreStrayDrops();

/** Back from the browser's cache after a start: the draft is gone, so begin afresh. */
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

async function restore() {
  const draft = readDraft();
  if (draft.typed) voice.typed.restore(draft.typed);
  if (draft.tab) voice.tabs.choose(`panel-${draft.tab}`);
  if (draft.photo) await photo.restore(draft.photo, draft.face);
  if (draft.speech) {
    const speech = await request("GET", `/api/speech/${draft.speech}/`).catch(() => null);
    if (speech?.state === "ready" && speech.kind === voice.kind) voice.restore(speech);
  }
  restoring = false;
  changed();
  steps.show(location.hash.slice(1), false);
}

void restore();
