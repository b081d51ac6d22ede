"""Which way to time speech, chosen automatically: the best that works, with the reason for every step down.

    any              WhisperX, where it and its models are installed
    words known      forced alignment, else the same words warped from espeak-ng's voice
    English, none    recognition, then as above with the recognised words
    other, none      the sound-to-motion model, else phone decoding
    nothing worked   loudness alone

Whatever goes wrong on a rung is written into the timeline and the next one is tried. Only what the caller must know of
leaves the ladder: :class:`InputError`, :class:`Cancelled` and what the caller's own ``progress`` raises.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gpu_worker.errors import EngineError
from gpu_worker.languages import Language, find_language
from gpu_worker.media.sound import resample
from gpu_worker.schema import FloatArray, Phone, Timeline, TimelineSource, Waveform, Word
from gpu_worker.sound_motion.model import model_in_use
from gpu_worker.speech.agreement import confidence, disagreements, is_wrong
from gpu_worker.speech.alignment import Progress, align
from gpu_worker.speech.dictionary import PronunciationDictionary, as_dictionary
from gpu_worker.speech.dtw import warp_onto
from gpu_worker.speech.energy import syllables
from gpu_worker.speech.long_pauses import without_long_pauses
from gpu_worker.speech.phone_decoding import decode_phones, learned_phones
from gpu_worker.speech.pronunciation import Pronunciation, pronounce
from gpu_worker.speech.recognition import recognise
from gpu_worker.speech.refinement import reclaim_sound, snap_boundaries
from gpu_worker.speech.spectrum import RATE
from gpu_worker.speech.text import has_speech
from gpu_worker.speech.unmatched import filled, joined, loud_gaps, named_stretches
from gpu_worker.speech.whisperx_rung import Climb, climb
from gpu_worker.speech.window_alignment import AlignedUnit
from gpu_worker.visemes.spans import viseme_spans

#: Recognised words replace a transcript only if they share less than this part of themselves with it...
SHARED_WORDS = 0.5
#: ... and fit the sound at least this well.
SURE_SCORE = 0.68
#: Share of the time that goes into recognising where words have to be recognised first.
_RECOGNISING = 0.85


@dataclass(frozen=True)
class _Result:
    """What a rung found, before it becomes a timeline."""

    source: TimelineSource
    phones: Sequence[Phone]
    words: Sequence[Word]
    reason: str
    score: float | None = None
    #: Where something is said that the words do not have.
    unmatched: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class _Tongue:
    """How words are said: the language, and the user's own pronunciations."""

    language: Language
    dictionary: PronunciationDictionary


def time_speech(
    waveform: Waveform,
    transcript: str | None,
    language: str,
    progress: Progress | None = None,
    dictionary: Mapping[str, str] | PronunciationDictionary | None = None,
    engine: str = "embedded",
) -> Timeline:
    """Phones, words and visemes of ``waveform`` in time.

    ``progress`` is called with fractions in [0, 1]; what it raises (``Cancelled``) passes through. ``dictionary`` says
    how words of the transcript are pronounced. ``engine`` ``auto`` begins with WhisperX, ``embedded`` leaves it out
    without a word. Raises :class:`InputError` ``unsupported_language`` or ``bad_pronunciation``.
    """
    tongue = _Tongue(find_language(language), as_dictionary(dictionary))
    samples = resample(waveform, RATE).samples
    heard = without_long_pauses(samples)
    reasons: list[str] = []
    words = transcript.strip() if transcript else ""
    result: _Result | None = None
    source: TimelineSource = "forced"
    if words and not has_speech(words):
        reasons.append("The transcript holds no word; it was not used.")
        words = ""
    if not transcript:
        reasons.append("No transcript was given.")
    if engine != "embedded":
        climbed = climb(samples, words, tongue.language, tongue.dictionary, reasons, progress)
        words, tongue = climbed.words, replace(tongue, language=climbed.language)
        source, result = climbed.source, _of_whisperx(climbed)
    if result is None:
        result = _embedded(heard.samples, words, tongue, source, reasons, progress)
        if result is None:
            result = _Result("energy", syllables(heard.samples), (), "The mouth follows the loudness alone.")
        # Their times count without the long pauses.
        result = replace(result, phones=heard.phones(result.phones), words=heard.words(result.words))
        if result.unmatched:
            reasons.append(named_stretches(heard.spans(result.unmatched)))
    reasons.append(result.reason)
    found = covering(result.phones, waveform.duration)
    if result.source != "energy":
        found = reclaim_sound(samples, found)
    phones = covering(snap_boundaries(samples, found), waveform.duration)
    return Timeline(
        language=tongue.language.code,
        source=result.source,
        duration=waveform.duration,
        words=tuple(snapped_words(result.words, phones)),
        phones=tuple(phones),
        visemes=viseme_spans(phones),
        reasons=tuple(reasons),
        score=result.score,
    )


def _of_whisperx(found: Climb) -> _Result | None:
    return _Result(found.source, found.phones, found.timed, found.reason, found.score) if found.phones else None


def _embedded(
    samples: FloatArray,
    words: str,
    tongue: _Tongue,
    source: TimelineSource,
    reasons: list[str],
    progress: Progress | None,
) -> _Result | None:
    if words:
        return _with_words(samples, words, tongue, source, reasons, progress)
    return _without_words(samples, tongue, reasons, progress)


def _with_words(
    samples: FloatArray,
    words: str,
    tongue: _Tongue,
    source: TimelineSource,
    reasons: list[str],
    progress: Progress | None,
) -> _Result | None:
    pronunciation: Pronunciation | None = None
    aligned: _Result | None = None
    try:
        pronunciation = pronounce(words, tongue.language, tongue.dictionary)
    except EngineError as problem:
        reasons.append(f"The words could not be pronounced: {problem}")
    if pronunciation is not None and not pronunciation.units:
        reasons.append("Nothing in the transcript can be spoken.")
        return _without_words(samples, tongue, reasons, progress)
    if pronunciation is not None:
        aligned, fits = _aligned(samples, pronunciation, tongue.language, source, reasons, progress)
        if fits or source == "recognised":
            return aligned
    if source == "forced" and (heard := _other_words(samples, words, tongue, aligned, reasons, progress)):
        return heard
    # Words that fit nowhere are better than none, sounds without words better than loudness alone.
    return (
        aligned or _warped(samples, words, tongue, source, reasons) or _phones_alone(samples, tongue.language, reasons)
    )


def _aligned(
    samples: FloatArray,
    pronunciation: Pronunciation,
    language: Language,
    source: TimelineSource,
    reasons: list[str],
    progress: Progress | None,
) -> tuple[_Result | None, bool]:
    """The alignment, and whether the words belong to the sound. Where they do not fit, words may be left out."""
    try:
        found = align(samples, pronunciation, progress, language)
    except EngineError as problem:
        reasons.append(f"Forced alignment was left: {problem}")
        return None, False
    fits = not is_wrong(found.units, language)
    if fits:
        reasons += disagreements(found.units, pronunciation, language)
    phones, timed = phones_of(found.units, pronunciation, len(samples) / RATE)
    gaps = joined([*found.unmatched, *(loud_gaps(samples, found.units) if fits else ())])

    def hear(part: FloatArray) -> Sequence[Phone]:
        alone = _phones_alone(part, language, [])
        return alone.phones if alone else ()

    if gaps:
        phones = filled(samples, phones, gaps, hear)
    return _Result(source, phones, timed, _FORCED[source], confidence(found.units), tuple(gaps)), fits


def _other_words(
    samples: FloatArray,
    words: str,
    tongue: _Tongue,
    aligned: _Result | None,
    reasons: list[str],
    progress: Progress | None,
) -> _Result | None:
    """What is said in the sound, where that is clearly something else than ``words``; None to go on with them."""
    if not tongue.language.code.startswith("en"):
        reasons.append("The transcript or the language may not match the sound; please check both.")
        return None
    notes: list[str] = []
    try:
        heard = recognise(samples, progress)
    except EngineError:
        return None
    found = _with_words(samples, heard, tongue, "recognised", notes, progress) if heard else None
    shared = set(heard.lower().split()) & set(words.lower().split())
    different = len(shared) < SHARED_WORDS * len(set(heard.split()))
    better = (
        found is not None
        and found.score is not None
        and found.score > 0.01 + (aligned.score or 0.0 if aligned else 0.0)
    )
    if found is None or not better or not different or (found.score or 0.0) < SURE_SCORE:
        if aligned is not None:
            reasons.append("The transcript may not match the sound; please check it.")
        return None
    reasons.append("The transcript does not match the sound; the words that were heard are used instead.")
    return found


def _warped(
    samples: FloatArray, words: str, tongue: _Tongue, source: TimelineSource, reasons: list[str]
) -> _Result | None:
    try:
        warped, spoken = warp_onto(samples, words, tongue.language, tongue.dictionary)
    except EngineError as problem:
        reasons.append(f"Matching with a synthetic voice was left: {problem}")
        return None
    timed = [Word(word.label, word.groups[0][0].start, word.groups[-1][-1].end) for word in spoken]
    return _Result(source, warped, timed, "The words were matched with the same words from a synthetic voice.")


_FORCED = {
    "forced": "The words are known: each phone was aligned with the sound.",
    "recognised": "The words were recognised, then each phone was aligned with the sound.",
}


def _without_words(
    samples: FloatArray, tongue: _Tongue, reasons: list[str], progress: Progress | None
) -> _Result | None:
    if tongue.language.code.startswith("en"):
        try:
            heard = recognise(samples, _share(progress, 0.0, _RECOGNISING))
            if heard:
                align_progress = _share(progress, _RECOGNISING, 1.0)
                found = _with_words(samples, heard, tongue, "recognised", reasons, align_progress)
                if found is not None:
                    return found
            else:
                reasons.append("Recognition was left: no words were heard.")
        except EngineError as problem:
            reasons.append(f"Recognition was left: {problem}")
    else:
        reasons.append(
            f"There is no recogniser for {tongue.language.name}; a transcript would make the lips more exact."
        )
    return _phones_alone(samples, tongue.language, reasons, progress)


def _phones_alone(
    samples: FloatArray, language: Language, reasons: list[str], progress: Progress | None = None
) -> _Result | None:
    """Phones without words. Of languages it was not made for, the decoder hears less (docs/training.md)."""
    if not language.code.startswith("en"):
        try:
            model = model_in_use("full")
            heard = learned_phones(samples, progress, model)
            return _Result("phones", heard, (), f"Phones were heard by the learned model {model.title}, without words.")
        except EngineError as problem:
            reasons.append(f"The learned model was left: {problem}")
    try:
        return _Result("phones", decode_phones(samples, progress), (), "Phones were decoded without knowing the words.")
    except EngineError as problem:
        reasons.append(f"Phone decoding was left: {problem}")
    return None


def _share(progress: Progress | None, first: float, last: float) -> Progress | None:
    """Progress of a part of the work that lies between two fractions of the whole."""
    if progress is None:
        return None
    return lambda fraction: progress(first + (last - first) * fraction)


def phones_of(
    units: Sequence[AlignedUnit], pronunciation: Pronunciation, duration: float
) -> tuple[list[Phone], list[Word]]:
    """The phones of aligned units with silences between, and the transcript's words."""
    phones: list[Phone] = []
    spans: dict[int, tuple[float, float]] = {}
    for unit in units:
        at = phones[-1].end if phones else 0.0
        if unit.start > at + 1e-6:
            phones.append(Phone("SIL", at, unit.start))
        phones += unit.phones
        label = pronunciation.units[unit.index].label
        start = spans[label][0] if label in spans else unit.start
        spans[label] = (start, unit.end)
    if phones and phones[-1].end < duration:
        phones.append(Phone("SIL", phones[-1].end, duration))
    words = [Word(pronunciation.labels[label], start, end) for label, (start, end) in sorted(spans.items())]
    return phones, words


def covering(phones: Sequence[Phone], duration: float) -> list[Phone]:
    """The phones without gaps or overlaps from 0 to ``duration``; neighbouring silences are one."""
    covering: list[Phone] = []
    for phone in phones:
        at = covering[-1].end if covering else 0.0
        start, end = max(phone.start, at), min(phone.end, duration)
        if start > at + 1e-6:
            _extend(covering, Phone("SIL", at, start))
        if end > start:
            _extend(covering, replace(phone, start=start, end=end))
    at = covering[-1].end if covering else 0.0
    if duration > at + 1e-6:
        _extend(covering, Phone("SIL", at, duration))
    return covering


def _extend(phones: list[Phone], phone: Phone) -> None:
    if phones and phones[-1].phone == "SIL" == phone.phone:
        phones[-1] = replace(phones[-1], end=phone.end)
    else:
        phones.append(phone)


def snapped_words(words: Sequence[Word], phones: Sequence[Phone]) -> list[Word]:
    """Words moved to the nearest boundary of a phone, since those have been refined."""
    if not phones:
        return list(words)
    edges = np.array([phone.start for phone in phones] + [phones[-1].end])

    def nearest(at: float) -> float:
        return float(edges[int(np.abs(edges - at).argmin())])

    return [replace(word, start=nearest(word.start), end=max(nearest(word.end), nearest(word.start))) for word in words]
