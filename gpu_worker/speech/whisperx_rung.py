"""WhisperX as the first rung of the ladder of :mod:`speech.ladder`: words recognised, timed, and their phones.

It needs its packages and, for what it does, its models: one that recognises, one for each language that aligns. What is
missing or fails is a sentence in the timeline's reasons, and the embedded engine takes over from there: with the words
that were recognised, if at least those are known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gpu_worker.errors import EngineError
from gpu_worker.languages import Language
from gpu_worker.schema import FloatArray, Phone, TimelineSource, Word
from gpu_worker.speech import whisperx_models as models
from gpu_worker.speech.alignment import Progress
from gpu_worker.speech.dictionary import PronunciationDictionary
from gpu_worker.speech.pronunciation import Pronunciation, pronounce
from gpu_worker.speech.spectrum import RATE
from gpu_worker.speech.text import has_speech
from gpu_worker.speech.whisperx_alignment import TimedWord, align_by_whisperx
from gpu_worker.speech.whisperx_phones import phones_inside
from gpu_worker.speech.whisperx_pieces import LONGEST_PIECE, WordsIn, one_piece, placed, widened
from gpu_worker.speech.whisperx_recognition import Heard, recognise_by_whisperx

#: Share of the words that the aligner must read in the sound by itself; with less they do not belong together.
WRONG = 0.2
#: Shares of the stage: until the words are recognised, until they are timed.
_RECOGNISED, _TIMED = 0.6, 0.9


@dataclass(frozen=True)
class Climb:
    """How far WhisperX came. ``words`` is what was recognised (or given), ``recognised`` says which; ``phones`` and
    ``timed`` are empty where the words could not be timed. ``language`` may be another than the one asked for."""

    language: Language
    words: str
    recognised: bool
    phones: tuple[Phone, ...] = ()
    timed: tuple[Word, ...] = ()
    score: float | None = None
    reason: str = ""

    @property
    def source(self) -> TimelineSource:
        return "recognised" if self.recognised else "forced"


def climb(
    samples: FloatArray,
    words: str,
    language: Language,
    dictionary: Mapping[str, str] | PronunciationDictionary | None,
    reasons: list[str],
    progress: Progress | None = None,
) -> Climb:
    """What WhisperX makes of 16 kHz sound whose words are ``words``, or not known (""). Never raises for a fault of its
    own: that is a sentence more in ``reasons``."""
    start = Climb(language, words, recognised=False)
    if missing := models.why_not():
        reasons.append(f"WhisperX was left: {missing}")
        return start
    heard = _heard(samples, words, language, reasons, _part(progress, 0.0, _RECOGNISED))
    if heard is not None and not words:
        reasons += heard.reasons
        if not has_speech(heard.text):
            reasons.append("WhisperX was left: no words were heard.")
            return start
        start = Climb(heard.language, heard.text, recognised=True)
    if not start.words:
        return start
    try:
        return _timed(samples, start, heard, dictionary, reasons, progress)
    except EngineError as problem:
        reasons.append(f"WhisperX's alignment was left: {problem}")
        return start


def _heard(
    samples: FloatArray, words: str, language: Language, reasons: list[str], progress: Progress | None
) -> Heard | None:
    """What the recogniser heard, where it is needed: without words, or to find the places of words in long sound."""
    if words and len(samples) <= LONGEST_PIECE * RATE:
        return None
    try:
        return recognise_by_whisperx(samples, language, progress)
    except EngineError as problem:
        reasons.append(f"WhisperX's recognition was left: {problem}")
        return None


def _timed(
    samples: FloatArray,
    found: Climb,
    heard: Heard | None,
    dictionary: Mapping[str, str] | PronunciationDictionary | None,
    reasons: list[str],
    progress: Progress | None,
) -> Climb:
    spoken, pieces = _pieces(samples, found, heard, dictionary)
    aligning = _part(progress, _RECOGNISED if heard is not None else 0.0, _TIMED)
    aligned = align_by_whisperx(samples, spoken.labels, pieces, found.language, aligning)
    if aligned.agreement < WRONG:
        raise EngineError(f"What it reads in the sound is not these words ({aligned.agreement:.2f}).")
    reasons += aligned.reasons
    phones = phones_inside(samples, aligned.words, spoken, _part(progress, _TIMED, 1.0))
    if not phones:
        raise EngineError("Nothing in these words can be spoken.")
    how = "The words were recognised and" if found.recognised else "The words are known: they were"
    return replace(
        found,
        phones=tuple(phones),
        timed=_as_words(aligned.words, spoken),
        score=aligned.agreement,
        reason=f"{how} aligned by WhisperX {models.version()}; each phone was found inside its word.",
    )


def _pieces(
    samples: FloatArray,
    found: Climb,
    heard: Heard | None,
    dictionary: Mapping[str, str] | PronunciationDictionary | None,
) -> tuple[Pronunciation, list[WordsIn]]:
    """What is spoken, and where in the sound. Raises :class:`EngineError`."""
    duration = len(samples) / RATE
    if not found.recognised or heard is None:
        spoken = pronounce(found.words, found.language, dictionary)
        if not spoken.labels:
            raise EngineError("Nothing in the transcript can be spoken.")
        if duration <= LONGEST_PIECE:
            return spoken, one_piece(len(spoken.labels), duration)
        if heard is None:
            raise EngineError("Long sound takes a recogniser to find the places of its words.")
        return spoken, widened(placed(spoken.labels, heard.pieces), duration)
    labels: list[str] = []
    units = []
    pieces = []
    for piece in heard.pieces:
        part = pronounce(piece.text, found.language, dictionary)
        if part.labels:
            pieces.append(WordsIn(len(labels), len(labels) + len(part.labels), piece.start, piece.end))
            units += [replace(unit, label=unit.label + len(labels)) for unit in part.units]
            labels += part.labels
    if not labels:
        raise EngineError("Nothing of what was recognised can be spoken.")
    return Pronunciation(tuple(labels), tuple(units)), widened(pieces, duration)


def _as_words(words: Sequence[TimedWord], spoken: Pronunciation) -> tuple[Word, ...]:
    return tuple(Word(spoken.labels[word.index], word.start, word.end) for word in words)


def _part(progress: Progress | None, low: float, high: float) -> Progress | None:
    """``progress`` for a piece of the work that is ``low`` to ``high`` of the whole."""
    if progress is None:
        return None
    tell = progress
    return lambda fraction: tell(low + (high - low) * fraction)
