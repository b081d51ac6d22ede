"""Forced alignment: known words to known sound, for any language, through the phones of espeak-ng.

The words become a chain in which the speaker may stop after any word; long sound is worked through window by window,
each ending in a pause, and the next begins with the first word that the last did not surely contain. So memory is that
of one window, and a joint is never inside a word.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from gpu_worker.errors import EngineError
from gpu_worker.media.scratch import release
from gpu_worker.schema import FloatArray, Phone
from gpu_worker.speech import decoder
from gpu_worker.speech.apart import apart
from gpu_worker.speech.pauses import cut_after
from gpu_worker.speech.phone_map import acoustic
from gpu_worker.speech.pronunciation import Pronunciation, Unit, enrich
from gpu_worker.speech.spectrum import RATE

Progress = Callable[[float], None]

#: Chance of the chain's leaving early after a word; small, so that it is taken only at the end of the sound.
_LEAVE = 1e-3
#: Chance of each word that the speaker left out, where leaving out is allowed, and the most in a row.
_SKIP = 1e-14
_MOST_SKIPPED = 4
#: Words offered to a window for each that is expected in it.
_GENEROUS = 1.6
_SPARE_WORDS = 25


@dataclass(frozen=True)
class AlignedUnit:
    """One spoken word in time. ``index`` is its place among the units; ``score`` as in :class:`decoder.Segment`."""

    index: int
    start: float
    end: float
    score: float
    phones: tuple[Phone, ...]


def align(
    samples: FloatArray, pronunciation: Pronunciation, progress: Progress | None = None, skipping: bool = False
) -> tuple[AlignedUnit, ...]:
    """Find every unit in 16 kHz sound; with ``skipping``, words that were not spoken may be left out.

    Raises :class:`EngineError` where words and sound do not fit together.
    """
    units = pronunciation.units
    duration = len(samples) / RATE
    found: list[AlignedUnit] = []
    start, cursor = 0.0, 0
    while cursor < len(units) and start < duration - 0.05:
        end = cut_after(samples, start)
        last = end >= duration - 1e-6
        offered = units[cursor:] if last else units[cursor : cursor + _expected(units, cursor, start, end, duration)]
        part = samples[int(start * RATE) : int(end * RATE)]
        window = align_window(part, offered, whole=last, skipping=skipping)
        kept = window if last else _sure(window)
        if not kept:
            raise EngineError("The words do not fit the sound.")
        found += [_moved(unit, start, cursor) for unit in kept]
        cursor = found[-1].index + 1
        start = end if last else found[-1].end
        release(samples)
        if progress is not None:
            progress(min(start / duration, 1.0))
    if cursor < len(units) - (_MOST_SKIPPED if skipping else 0):
        raise EngineError(f"The sound ended {len(units) - cursor} words before the text.")
    return tuple(found)


def align_window(samples: FloatArray, units: Sequence[Unit], whole: bool, skipping: bool = False) -> list[AlignedUnit]:
    """Align a stretch of sound; ``whole``: all units must be in it, else any number of the first of them."""
    engine = decoder.aligner()

    def work() -> tuple[list[str], list[dict[str, Any]]]:
        names = [word_name(engine, unit) for unit in units]
        chain = _chain(names, whole, skipping)
        engine.add_fsg("chain", engine.create_fsg("chain", 0, len(names), chain))
        engine.activate_search("chain")
        pcm = decoder.decoder_pcm(samples)
        decoder.decode(engine, pcm)
        engine.set_alignment()
        decoder.decode(engine, pcm)
        return names, [asdict(word) for word in decoder.aligned_words(engine) if not word.silent]

    try:
        names, told = apart(work)
    except EngineError as problem:
        raise EngineError("The words do not fit the sound.") from problem
    words = [decoder.Segment.told(word) for word in told]
    places = _places([word.name.split("(")[0] for word in words], names, _MOST_SKIPPED if skipping else 0)
    if whole and not skipping and len(places) < len(names):
        # The decoder can stop early without an error.
        raise EngineError(f"Only {len(places)} of {len(names)} words were found in the sound.")
    return [_aligned(place, word, units[place]) for place, word in zip(places, words, strict=True)]


def _chain(names: Sequence[str], whole: bool, skipping: bool) -> list[tuple[int, int, float, str]]:
    """The arcs (from, to, chance, word) of the words in order: each leads from its place to the next."""
    count = len(names)
    arcs = [(place, place + 1, 1.0, name) for place, name in enumerate(names)]
    if not whole:
        arcs += [(place, count, _LEAVE, name) for place, name in enumerate(names[:-1])]
    if skipping:
        for left_out in range(1, _MOST_SKIPPED + 1):
            chance = _SKIP**left_out
            arcs += [(place - left_out, place + 1, chance, names[place]) for place in range(left_out, count)]
            if whole and count > left_out:  # the last words may be missing too
                arcs.append((count - left_out - 1, count, chance, names[count - left_out - 1]))
    return arcs


def _places(heard: Sequence[str], names: Sequence[str], most_skipped: int) -> list[int]:
    """The place among ``names`` of each word the decoder returned. Raises EngineError when it is not in order."""
    places: list[int] = []
    following = 0
    for name in heard:
        near = list(names[following : following + most_skipped + 1])
        if name not in near:
            raise EngineError("The words do not fit the sound.")
        places.append(following + near.index(name))
        following = places[-1] + 1
    return places


def word_name(engine: object, unit: Unit) -> str:
    """The dictionary's name for a unit, added to it when new."""
    if unit.entry is not None:
        return unit.entry
    phones = [acoustic(phone.phone) for phone in unit.phones]
    name = "_" + "_".join(phones).lower()
    if engine.lookup_word(name) is None:  # type: ignore[attr-defined]
        engine.add_word(name, " ".join(phones), False)  # type: ignore[attr-defined]
    return name


def _aligned(index: int, word: decoder.Segment, unit: Unit) -> AlignedUnit:
    named = enrich([phone.name for phone in word.phones], unit.phones)
    phones = tuple(
        Phone(mapped.phone, segment.start, segment.end, mapped.stress)
        for mapped, segment in zip(named, word.phones, strict=True)
    )
    return AlignedUnit(index, word.start, word.end, word.score, phones)


def _expected(units: Sequence[Unit], cursor: int, start: float, end: float, duration: float) -> int:
    """How many units to offer to a window: more than its share of those that are left."""
    share = (end - start) / max(duration - start, 1e-6)
    return int((len(units) - cursor) * share * _GENEROUS) + _SPARE_WORDS


def _sure(window: list[AlignedUnit]) -> list[AlignedUnit]:
    """The words up to the last pause but the end's: what the cut may have forced is left to the next window."""
    if len(window) < 4:
        return window[:-1]
    first = len(window) * 2 // 3
    gaps = [(window[place + 1].start - window[place].end, place) for place in range(first, len(window) - 1)]
    return window[: max(gaps)[1] + 1]


def _moved(unit: AlignedUnit, by: float, offset: int) -> AlignedUnit:
    phones = tuple(Phone(phone.phone, phone.start + by, phone.end + by, phone.stress) for phone in unit.phones)
    return AlignedUnit(unit.index + offset, unit.start + by, unit.end + by, unit.score, phones)
