"""Typed speech whose words were corrected: spoken anew, with what was set by hand carried over to the new sound.

The text, its mark-up and its punctuation stay; the words that differ from it are put in their places. Boundaries and
orders to the mouth that somebody set keep their place relative to the words around them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import TypeVar

import numpy as np

from gpu_worker.config import EngineConfig
from gpu_worker.errors import InputError
from gpu_worker.schema import MouthSpan, Phone, Timeline, Waveform, Word
from gpu_worker.speech.dictionary import PronunciationDictionary, as_dictionary, how_said
from gpu_worker.speech.ladder import covering, snapped_words
from gpu_worker.speech.markup import parse_markup
from gpu_worker.speech.passage import Passage
from gpu_worker.speech.synthesis import synthesise_passages
from gpu_worker.speech.text import check_text
from gpu_worker.timeline_edits import marked_by_hand
from gpu_worker.timeline_json import MAX_MOUTH, SHORTEST_MOUTH, rounded
from gpu_worker.visemes.spans import viseme_spans

_SAME = 1e-3
#: A silence shorter than this is none, seconds.
_SLIVER = 0.008


@dataclass(frozen=True)
class TypedVoice:
    """Typed text and how it is spoken, as :func:`gpu_worker.speech.synthesis.synthesise` takes it."""

    text: str
    language: str = "en"
    voice: str | None = None
    speed: float = 1.0
    pitch: float = 1.0
    dictionary: Mapping[str, str] | PronunciationDictionary | None = None


def speak_words(
    voice: TypedVoice, words: Sequence[Word] | None = None, config: EngineConfig | None = None
) -> tuple[Waveform, Timeline]:
    """The text with ``words`` in place of its own, where they differ from them; None: as it stands.

    Raises what ``synthesise`` raises.
    """
    config = config or EngineConfig()
    passages: Sequence[Passage] = parse_markup(check_text(voice.text, config))
    if words is not None:
        own = _speak(voice, passages, config)[1].words
        passages = with_words(passages, own, words)
    sound, timeline = _speak(voice, passages, config)
    said = _matched(timeline.words, words or ())
    return sound, replace(
        timeline,
        words=tuple(
            replace(word, said=words[said[place]].said) if words is not None and place in said else word
            for place, word in enumerate(timeline.words)
        ),
    )


def respeak(
    voice: TypedVoice, timeline: Timeline, spoken: Sequence[Word], config: EngineConfig | None = None
) -> tuple[Waveform, Timeline]:
    """Speak the words of ``timeline`` (whose times are those of the sound of the words ``spoken``) and carry over what
    was moved or forced by hand.

    Raises what ``synthesise`` raises.
    """
    _, old = speak_words(voice, spoken, config)
    sound, new = speak_words(voice, timeline.words, config)
    old_place, new_place = _matched(timeline.words, old.words), _matched(timeline.words, new.words)
    words, phones = list(new.words), list(new.phones)
    knots: list[tuple[float, float]] = [(0.0, 0.0)]
    for place, word in enumerate(timeline.words):
        if place not in old_place or place not in new_place:
            continue
        before, after = old.words[old_place[place]], words[new_place[place]]
        knots += [(before.start, after.start), (before.end, after.end)]
        moved = _phones(timeline.phones, word)
        if _same(word, before) and _times(moved) == _times(_phones(old.phones, before)):
            continue
        phones = _laid_over(phones, [_warped(phone, before, after) for phone in moved], after)
        ends = _warped(word, before, after)
        words[new_place[place]] = replace(after, start=max(ends.start, 0.0), end=min(ends.end, new.duration))
    knots.append((old.duration, new.duration))
    whole = _without_slivers(covering(sorted(phones, key=lambda phone: phone.start), new.duration))
    carried = replace(
        new,
        words=_in_order(snapped_words(words, whole)),
        phones=whole,
        visemes=viseme_spans(whole),
        mouth=_mouth(timeline.mouth, knots, new.duration),
    )
    return sound, marked_by_hand(carried)


def with_words(passages: Sequence[Passage], own: Sequence[Word], words: Sequence[Word]) -> list[Passage]:
    """The passages of a text whose words are ``own``, with those that ``words`` have otherwise put in their places.

    Raises :class:`InputError` ``word_not_in_text`` where a word that is to change cannot be found in the text.
    """
    text = "".join(passage.text for passage in passages)
    places = _places(text, own)
    changes: list[tuple[int, int, list[Passage]]] = []
    labels = [word.word for word in own], [word.word for word in words]
    for kind, first, last, begin, end in SequenceMatcher(None, *labels, autojunk=False).get_opcodes():
        if kind == "equal":
            changes += [
                (*_found(places, place), [_passage(words[begin + place - first])])
                for place in range(first, last)
                if words[begin + place - first].said
            ]
            continue
        # Words that were put in go before the next word of the text, or after its last.
        start = _found(places, first)[0] if first < len(own) else len(text)
        stop = _found(places, last - 1)[1] if last > first else start
        fresh = [piece for word in words[begin:end] for piece in (_passage(word), Passage(" "))]
        changes.append((start, stop, fresh[:-1] if last > first else fresh))
    return _substituted(passages, changes)


def _speak(voice: TypedVoice, passages: Sequence[Passage], config: EngineConfig) -> tuple[Waveform, Timeline]:
    applied = as_dictionary(voice.dictionary).applied(passages)
    return synthesise_passages(applied, voice.language, voice.voice, voice.speed, voice.pitch, config)


def _passage(word: Word) -> Passage:
    respelled, ipa = how_said(word.said)
    return Passage(word.word, respelled=respelled, ipa=ipa)


def _places(text: str, words: Sequence[Word]) -> list[tuple[int, int] | None]:
    """First character and end of each word in the text, in order; None for one that is not found."""
    places: list[tuple[int, int] | None] = []
    at = 0
    for word in words:
        place = text.find(word.word, at)
        if place < 0 or place - at > 400:
            places.append(None)
            continue
        places.append((place, place + len(word.word)))
        at = place + len(word.word)
    return places


def _found(places: Sequence[tuple[int, int] | None], index: int) -> tuple[int, int]:
    place = places[index]
    if place is None:
        raise InputError("word_not_in_text", "This word cannot be found in the text.", "Change the text in the studio.")
    return place


def _substituted(passages: Sequence[Passage], changes: Sequence[tuple[int, int, list[Passage]]]) -> list[Passage]:
    """The passages with characters ``start`` to ``stop`` of their text replaced, in the manner of where they stood."""
    result: list[Passage] = []
    waiting = sorted(changes, key=lambda change: change[:2])
    at = 0
    skip = 0
    for passage in passages:
        end = at + len(passage.text)
        cursor = max(at, skip)
        if not passage.text:
            result.append(passage)
            continue
        while waiting and waiting[0][0] < end:
            start, stop, fresh = waiting.pop(0)
            if start > cursor:
                result.append(replace(passage, text=passage.text[cursor - at : start - at]))
            result += [
                replace(passage, text=one.text, respelled=one.respelled, ipa=one.ipa, spelled=None) for one in fresh
            ]
            cursor = skip = max(stop, cursor)
        if cursor < end:
            result.append(passage if cursor == at else replace(passage, text=passage.text[cursor - at :]))
        at = end
    for _, _, fresh in waiting:
        result += [Passage(" "), *fresh]
    return result


def _matched(words: Sequence[Word], others: Sequence[Word]) -> dict[int, int]:
    """The place among ``others`` of each word that is there too, in order."""
    labels = [word.word for word in words], [word.word for word in others]
    blocks = SequenceMatcher(None, *labels, autojunk=False).get_matching_blocks()
    return {block.a + place: block.b + place for block in blocks for place in range(block.size)}


def _phones(phones: Sequence[Phone], word: Word) -> list[Phone]:
    return [phone for phone in phones if word.start - _SAME <= (phone.start + phone.end) / 2 <= word.end + _SAME]


def _times(phones: Sequence[Phone]) -> list[tuple[str, int]]:
    return [(phone.phone, round(phone.start / _SAME)) for phone in phones]


def _same(one: Word, other: Word) -> bool:
    return abs(one.start - other.start) <= _SAME and abs(one.end - other.end) <= _SAME


Entry = TypeVar("Entry", Phone, Word)


def _warped(entry: Entry, before: Word, after: Word) -> Entry:
    """An entry at the same place relative to a word that now lies elsewhere."""
    scale = (after.end - after.start) / max(before.end - before.start, 1e-3)
    start, end = (rounded(after.start + (at - before.start) * scale) for at in (entry.start, entry.end))
    return replace(entry, start=start, end=end)


def _laid_over(phones: Sequence[Phone], moved: Sequence[Phone], word: Word) -> list[Phone]:
    """``phones`` with ``moved`` instead of those of ``word``; what they now overlap is cut back."""
    if not moved:
        return list(phones)
    own = _phones(phones, word)
    start, end = moved[0].start, moved[-1].end
    kept: list[Phone] = []
    for phone in phones:
        if phone in own or (phone.start >= start and phone.end <= end):
            continue
        if phone.start < start < phone.end or (phone.end <= start and abs(phone.end - word.start) <= _SAME):
            kept.append(replace(phone, end=start))
        elif phone.start < end < phone.end or (phone.start >= end and abs(phone.start - word.end) <= _SAME):
            kept.append(replace(phone, start=end))
        else:
            kept.append(phone)
    return [*kept, *moved]


def _without_slivers(phones: Sequence[Phone]) -> tuple[Phone, ...]:
    """The phones without silences that only rounding made: they go to the phone before."""
    kept: list[Phone] = []
    for phone in phones:
        if kept and phone.phone == "SIL" and phone.end - phone.start < _SLIVER:
            kept[-1] = replace(kept[-1], end=phone.end)
        else:
            kept.append(phone)
    return tuple(kept)


def _in_order(words: Sequence[Word]) -> tuple[Word, ...]:
    ordered: list[Word] = []
    for word in words:
        at = ordered[-1].end if ordered else 0.0
        start = max(word.start, at)
        ordered.append(replace(word, start=start, end=max(word.end, start)))
    return tuple(ordered)


def _mouth(spans: Sequence[MouthSpan], knots: Sequence[tuple[float, float]], duration: float) -> tuple[MouthSpan, ...]:
    """Orders to the mouth where their words are now."""
    ordered = sorted(set(knots))
    x, y = np.array([old for old, _ in ordered]), np.maximum.accumulate(np.array([new for _, new in ordered]))
    moved: list[MouthSpan] = []
    for span in spans[:MAX_MOUTH]:
        start, end = (rounded(min(float(np.interp(at, x, y)), duration)) for at in (span.start, span.end))
        start = max(start, moved[-1].end) if moved else start
        if end - start >= SHORTEST_MOUTH:
            moved.append(replace(span, start=start, end=end))
    return tuple(moved)
