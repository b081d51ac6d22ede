"""Aligning a part of a timeline anew: what a corrected word asks for, and nothing but it.

The sound between the neighbours that stay is aligned by itself, so that the work is bounded by the part's length and
every boundary outside stays as it is, bit for bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gpu_worker.errors import EngineError, InputError
from gpu_worker.languages import find_language
from gpu_worker.media.sound import resample
from gpu_worker.schema import FloatArray, Phone, Timeline, Waveform, Word
from gpu_worker.speech.alignment import align
from gpu_worker.speech.dictionary import PronunciationDictionary, as_dictionary, how_said
from gpu_worker.speech.ladder import covering, phones_of, snapped_words
from gpu_worker.speech.long_pauses import without_long_pauses
from gpu_worker.speech.passage import Passage
from gpu_worker.speech.pronunciation import Pronunciation, pronounce_passages
from gpu_worker.speech.refinement import reclaim_sound, snap_boundaries
from gpu_worker.speech.spectrum import RATE
from gpu_worker.timeline_edits import marked_by_hand
from gpu_worker.timeline_json import rounded
from gpu_worker.visemes.spans import viseme_spans

#: Longest part that is aligned at once, seconds; with it the time that an alignment may take.
LONGEST_PART = 30.0
#: Shortest part: a word has to fit into it.
SHORTEST_PART = 0.05
_SAME = 2e-4


@dataclass(frozen=True)
class Part:
    """What is aligned anew: words ``first`` to ``last`` (excluded) in the sound from ``start`` to ``end``, and the
    phones ``first_phone`` to ``last_phone`` (excluded) that give way."""

    first: int
    last: int
    start: float
    end: float
    first_phone: int
    last_phone: int


def part_between(timeline: Timeline, start: float, end: float) -> Part:
    """The part that a span touches: its words, and the sound up to the neighbours that stay.

    Raises :class:`InputError` ``bad_part`` for a span outside the sound or without words, ``part_too_long``.
    """
    if not 0.0 <= start <= end <= timeline.duration + _SAME:
        raise InputError("bad_part", "This span lies outside the sound.")
    # A word that only touches the span stays.
    inside = [
        index for index, word in enumerate(timeline.words) if word.end > start + _SAME and word.start < end - _SAME
    ]
    if not inside:
        raise InputError("bad_part", "There is no word in this span.", "Select at least one word.")
    first, last = inside[0], inside[-1] + 1
    after = timeline.words[first - 1].end if first else 0.0
    before = timeline.words[last].start if last < len(timeline.words) else timeline.duration
    phones = [
        index
        for index, phone in enumerate(timeline.phones)
        if phone.end > after + _SAME and phone.start < before - _SAME
    ]
    first_phone, last_phone = phones[0], phones[-1] + 1
    found = Part(
        first, last, timeline.phones[first_phone].start, timeline.phones[last_phone - 1].end, first_phone, last_phone
    )
    if found.end - found.start > LONGEST_PART:
        raise InputError(
            "part_too_long",
            f"At most {LONGEST_PART:.0f} seconds can be aligned anew at once.",
            "Select fewer words.",
        )
    return found


def realign(
    sound: Waveform,
    timeline: Timeline,
    start: float,
    end: float,
    dictionary: Mapping[str, str] | PronunciationDictionary | None = None,
) -> Timeline:
    """``timeline`` with the words that the span touches aligned anew with ``sound`` (the whole of it).

    Words are said as they themselves say (``Word.said``), else as ``dictionary`` does, else as the language does.
    Raises what :func:`part_between` raises, ``bad_pronunciation``, ``words_do_not_fit``.
    """
    part = part_between(timeline, start, end)
    samples = resample(sound, RATE).samples
    heard = samples[round(part.start * RATE) : round(part.end * RATE)]
    words, phones = align_part(
        heard, timeline.words[part.first : part.last], timeline.language, part.end - part.start, dictionary
    )
    return replaced(timeline, part, words, phones)


def align_part(
    samples: FloatArray,
    words: Sequence[Word],
    language: str,
    duration: float,
    dictionary: Mapping[str, str] | PronunciationDictionary | None = None,
) -> tuple[list[Word], list[Phone]]:
    """Words and phones (0 to ``duration``) of 16 kHz sound that holds just these words. Their times are not looked at.

    Raises :class:`InputError` ``words_do_not_fit`` and ``bad_pronunciation``.
    """
    if duration < SHORTEST_PART or len(samples) < SHORTEST_PART * RATE:
        raise _no_fit()
    spoken = said_by_words(words, language, dictionary)
    heard = without_long_pauses(samples)
    try:
        units = align(heard.samples, spoken).units
    except EngineError as problem:
        raise _no_fit() from problem
    found, timed = phones_of(units, spoken, len(heard.samples) / RATE)
    covered = covering(heard.phones(found), duration)
    phones = covering(snap_boundaries(samples, reclaim_sound(samples, covered)), duration)
    if len(timed) != len(words):
        raise _no_fit()
    snapped = snapped_words(heard.words(timed), phones)
    return [
        replace(word, start=found_.start, end=found_.end) for word, found_ in zip(words, snapped, strict=True)
    ], phones


def said_by_words(
    words: Sequence[Word],
    language: str,
    dictionary: Mapping[str, str] | PronunciationDictionary | None = None,
) -> Pronunciation:
    """How words are said, one label for each of them. Raises ``bad_pronunciation`` and ``words_do_not_fit`` for a word
    that is silent."""
    tongue, own = find_language(language), as_dictionary(dictionary)
    labels: list[str] = []
    units = []
    for place, word in enumerate(words):
        respelled, ipa = how_said(word.said)
        passages = [Passage(word.word, respelled=respelled, ipa=ipa)]
        spoken = pronounce_passages(own.applied(passages), tongue)
        if not spoken.units:
            raise _no_fit()
        labels.append(word.word)
        units += [replace(unit, label=place) for unit in spoken.units]
    return Pronunciation(tuple(labels), tuple(units))


def replaced(timeline: Timeline, part: Part, words: Sequence[Word], phones: Sequence[Phone]) -> Timeline:
    """The timeline with a part's words and phones, whose times count from the part's start, in place of the old."""

    def at(seconds: float) -> float:
        if abs(seconds - (part.end - part.start)) <= _SAME:
            return part.end
        return part.start if seconds <= _SAME else rounded(part.start + seconds)

    fresh = [replace(phone, start=at(phone.start), end=at(phone.end)) for phone in phones]
    spoken = [replace(word, start=at(word.start), end=at(word.end)) for word in words]
    whole = [
        *timeline.phones[: part.first_phone],
        *(phone for phone in fresh if phone.end > phone.start),
        *timeline.phones[part.last_phone :],
    ]
    return marked_by_hand(
        replace(
            timeline,
            words=(*timeline.words[: part.first], *spoken, *timeline.words[part.last :]),
            phones=tuple(whole),
            visemes=viseme_spans(whole),
        )
    )


def _no_fit() -> InputError:
    return InputError(
        "words_do_not_fit",
        "These words do not fit this stretch of sound.",
        "Check their spelling and pronunciation, or move the boundaries by hand.",
    )
