"""Was this phrase said? Recognition against a short list of words, the phrase's among them.

The decoder hears words of the list and nothing else, in any order and number, so that a right word has to beat every
other one. Speech of any other content is heard as words of the list too, but as those of the phrase in their order only
by a rare chance. Works in any language that espeak-ng pronounces, with the acoustic model that aligns it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gpu_worker.errors import EngineError, InputError
from gpu_worker.languages import find_language
from gpu_worker.media.sound import resample
from gpu_worker.schema import FloatArray, Waveform
from gpu_worker.speech import decoder
from gpu_worker.speech.pronunciation import pronounce
from gpu_worker.speech.spectrum import RATE
from gpu_worker.speech.window_alignment import word_name

#: Longest sound that is listened to, seconds.
LONGEST_S = 20.0
#: Words between those of the phrase that a stumble or a breath may be taken for.
_EXTRA = 2


@dataclass(frozen=True)
class HeardPhrase:
    """``transcript``: the words of the list that were heard. ``score``: the part of the phrase's words that were heard
    in their order and close together, in [0, 1]."""

    transcript: str
    score: float


def hear_phrase(waveform: Waveform, phrase: str, words: Sequence[str], language: str) -> HeardPhrase:
    """Listen for ``phrase`` among ``words``, which hold the phrase's own.

    Raises :class:`InputError` ``speech_too_long`` or ``unsupported_language``, :class:`EngineError` where the decoder
    breaks.
    """
    if waveform.duration > LONGEST_S:
        raise InputError(
            "speech_too_long",
            f"The recording lasts longer than {LONGEST_S:.0f} seconds.",
            "Say the words of the phrase only.",
        )
    heard = _recognise(resample(waveform, RATE).samples, words, language)
    return HeardPhrase(" ".join(heard), agreement(phrase.split(), heard))


def agreement(phrase: Sequence[str], heard: Sequence[str]) -> float:
    """The largest part of ``phrase`` that occurs in order within any stretch of ``heard`` a little longer than it."""
    span = len(phrase) + _EXTRA
    starts = range(max(1, len(heard) - span + 1))
    best = max(_common(phrase, heard[start : start + span]) for start in starts)
    return best / len(phrase)


def _common(first: Sequence[str], second: Sequence[str]) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(second) + 1)
    for one in first:
        diagonal = 0
        for place, other in enumerate(second, start=1):
            above = row[place]
            row[place] = diagonal + 1 if one == other else max(above, row[place - 1])
            diagonal = above
    return row[-1]


def _recognise(samples: FloatArray, words: Sequence[str], language: str) -> list[str]:
    tongue = find_language(language)
    engine = decoder.aligner()
    units = {word: pronounce(word, tongue).units for word in words}

    def work() -> list[str]:
        named = {word_name(engine, said[0]): word for word, said in units.items() if len(said) == 1}
        each = 1.0 / len(named)
        arcs: list[tuple[int, int, float, str] | tuple[int, int, float]] = [(0, 1, each, name) for name in named]
        arcs.append((1, 0, 1.0))  # and again
        engine.add_fsg("list", engine.create_fsg("list", 0, 1, arcs))
        engine.activate_search("list")
        decoder.decode(engine, decoder.decoder_pcm(samples))
        found = [segment.word.split("(")[0] for segment in engine.seg() or ()]
        return [named[name] for name in found if name in named]

    try:
        return list(decoder.run(work))
    except EngineError as problem:
        raise EngineError("The phrase could not be listened for.") from problem
