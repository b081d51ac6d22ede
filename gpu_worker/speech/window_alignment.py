"""Forced alignment of one stretch of sound, short enough to be decoded at once: a chain of words through the decoder.

The chain is as strict as the caller wants it: every word, or words that were left out, or a beginning somewhere in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

from gpu_worker.errors import EngineError
from gpu_worker.schema import FloatArray, Phone
from gpu_worker.speech import decoder
from gpu_worker.speech.phone_map import acoustic
from gpu_worker.speech.pronunciation import Unit, enrich

#: Chance of the chain's leaving early after a word; small, so that it is taken only at the end of the sound.
_LEAVE = 1e-3
#: Chance of each word that the speaker left out, where leaving out is allowed, and the most in a row.
_SKIP = 1e-14
_MOST_SKIPPED = 4
#: Chance of beginning with another word than the first, where that is allowed.
_ENTER = 1e-14


class Chain(Enum):
    """What the speaker may have done with the words: said all of them, left some out, or begun later in the text."""

    STRICT = "strict"
    SKIPPING = "skipping"
    ENTERING = "entering"


@dataclass(frozen=True)
class AlignedUnit:
    """One spoken word in time. ``index`` is its place among the units; ``score`` as in :class:`decoder.Segment`."""

    index: int
    start: float
    end: float
    score: float
    phones: tuple[Phone, ...]


def align_window(
    samples: FloatArray, units: Sequence[Unit], whole: bool, chain: Chain = Chain.STRICT
) -> list[AlignedUnit]:
    """Align a stretch of 16 kHz sound; ``whole``: it goes on to the last unit, else any number of the first are in it.

    Raises :class:`EngineError` where words and sound do not fit together.
    """
    engine = decoder.aligner()

    def work() -> tuple[list[str], list[dict[str, Any]]]:
        names = [word_name(engine, unit) for unit in units]
        engine.add_fsg("chain", engine.create_fsg("chain", 0, len(names), _arcs(names, whole, chain)))
        engine.activate_search("chain")
        pcm = decoder.decoder_pcm(samples)
        decoder.decode(engine, pcm)
        engine.set_alignment()
        decoder.decode(engine, pcm)
        return names, [asdict(word) for word in decoder.aligned_words(engine) if not word.silent]

    try:
        names, told = decoder.run(work)
    except EngineError as problem:
        raise EngineError("The words do not fit the sound.") from problem
    words = [decoder.Segment.told(word) for word in told]
    places = _places([word.name.split("(")[0] for word in words], names, chain)
    if whole and chain is Chain.STRICT and len(places) < len(names):
        # The decoder can stop early without an error.
        raise EngineError(f"Only {len(places)} of {len(names)} words were found in the sound.")
    return [_aligned(place, word, units[place]) for place, word in zip(places, words, strict=True)]


def _arcs(names: Sequence[str], whole: bool, chain: Chain) -> list[tuple[int, int, float, str]]:
    """The arcs (from, to, chance, word) of the words in order: each leads from its place to the next."""
    count = len(names)
    arcs = [(place, place + 1, 1.0, name) for place, name in enumerate(names)]
    if not whole:
        arcs += [(place, count, _LEAVE, name) for place, name in enumerate(names[:-1])]
    if chain is Chain.SKIPPING:
        for left_out in range(1, _MOST_SKIPPED + 1):
            chance = _SKIP**left_out
            arcs += [(place - left_out, place + 1, chance, names[place]) for place in range(left_out, count)]
            if whole and count > left_out:  # the last words may be missing too
                arcs.append((count - left_out - 1, count, chance, names[count - left_out - 1]))
    if chain is Chain.ENTERING:
        arcs += [(0, place + 1, _ENTER, names[place]) for place in range(1, count)]
    return arcs


def _places(heard: Sequence[str], names: Sequence[str], chain: Chain) -> list[int]:
    """The place among ``names`` of each word the decoder returned. Raises EngineError when it is not in order.

    After a beginning somewhere in the text the words follow one another without a gap, which tells the place.
    """
    if chain is Chain.ENTERING:
        starts = [at for at in range(len(names) - len(heard) + 1) if list(names[at : at + len(heard)]) == list(heard)]
        if not starts or not heard:
            raise EngineError("The words do not fit the sound.")
        return list(range(starts[0], starts[0] + len(heard)))
    places: list[int] = []
    following = 0
    for name in heard:
        near = list(names[following : following + (_MOST_SKIPPED if chain is Chain.SKIPPING else 0) + 1])
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
