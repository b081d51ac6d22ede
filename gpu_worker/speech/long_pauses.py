"""Long pauses taken out before words are looked for, and put back into what was found.

The acoustic model levels each stretch of sound by its own mean spectrum. Where most of a stretch is silence, that mean
is the silence's and speech no longer looks like speech: after a pause of five seconds words are lost, after a minute
all of them. So of every long pause a little is left at both ends and the rest is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gpu_worker.media import scratch
from gpu_worker.schema import FloatArray, Phone, Word
from gpu_worker.speech.spectrum import RATE

#: Quiet for longer than this is a long pause; this much of it stays at each end, seconds.
LONGEST_PAUSE, _LEFT = 1.6, 0.4
_HOP = 160
_BLOCK = _HOP * 10000
#: Quiet is what lies this far below loud speech, dB, or in the lowest part of the way from the floor to it.
_BELOW, _SHARE = 40.0, 0.25
_FLOOR, _LOUD = 0.05, 0.95
#: A click shorter than this does not end a pause, seconds.
_CLICK = 0.03


@dataclass(frozen=True)
class Shortened:
    """16 kHz sound without the inside of its long pauses. ``cuts``: at which second of it how many seconds are gone."""

    samples: FloatArray
    cuts: tuple[tuple[float, float], ...]

    def phones(self, phones: Sequence[Phone]) -> list[Phone]:
        """Phones of the shortened sound at their places in the whole; a sounding one never spans a cut."""
        return [replace(phone, start=start, end=end) for phone in phones for start, end in [self._span(phone)]]

    def words(self, words: Sequence[Word]) -> list[Word]:
        """The same for words."""
        return [replace(word, start=start, end=end) for word in words for start, end in [self._span(word)]]

    def spans(self, spans: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        """(start, end) of stretches in the whole; they may span cuts."""
        return [(self._whole(start, after=True), self._whole(end, after=False)) for start, end in spans]

    def _span(self, span: Phone | Word) -> tuple[float, float]:
        start, end = span.start, span.end
        if not (isinstance(span, Phone) and span.phone == "SIL"):
            for at, _ in self.cuts:
                if start < at < end:  # it belongs where more of it is
                    start, end = (start, at) if at - start >= end - at else (at, end)
        return self._whole(start, after=True), self._whole(end, after=False)

    def _whole(self, at: float, after: bool) -> float:
        return at + sum(gone for cut, gone in self.cuts if cut < at or (after and cut == at))


def without_long_pauses(samples: FloatArray) -> Shortened:
    """``samples`` (n,) at 16 kHz without the inside of pauses of more than :data:`LONGEST_PAUSE` seconds.

    The same array comes back where there is none.
    """
    quiet = _quiet(_levels(samples))
    edges = np.flatnonzero(np.diff(np.concatenate([[0], quiet.astype(np.int8), [0]])))
    kept: list[FloatArray] = []
    cuts: list[tuple[float, float]] = []
    at = length = 0
    for first, last in edges.reshape(-1, 2):
        start, end = int(first * _HOP + _LEFT * RATE), int(last * _HOP - _LEFT * RATE)
        if (last - first) * _HOP < LONGEST_PAUSE * RATE:
            continue
        kept.append(samples[at:start])
        length += start - at
        cuts.append((length / RATE, (end - start) / RATE))
        at = end
    if not cuts:
        return Shortened(samples, ())
    return Shortened(scratch.collect(_released(samples, [*kept, samples[at:]])), tuple(cuts))


def _released(samples: FloatArray, parts: Sequence[FloatArray]) -> Iterator[FloatArray]:
    """The parts of long ``samples`` one by one, in blocks, none of which stays in memory."""
    for part in parts:
        for _, block in scratch.blocks(part):
            yield block
        scratch.release(samples)


def _levels(samples: FloatArray) -> FloatArray:
    """Level of each hundredth of a second, dB of full scale, in blocks."""
    count = len(samples) // _HOP * _HOP
    powers = []
    for at in range(0, count, _BLOCK):
        part = samples[at : min(at + _BLOCK, count)].reshape(-1, _HOP).astype(np.float32)
        powers.append((part**2).mean(axis=1))
        scratch.release(samples)
    levels: FloatArray = 10.0 * np.log10(np.maximum(np.concatenate([*powers, np.zeros(0, np.float32)]), 1e-12))
    return levels


def _quiet(levels: FloatArray) -> NDArray[np.bool_]:
    """Which hundredths belong to no speech for sure."""
    if not len(levels):
        return np.zeros(0, bool)
    heard = levels[levels > -90.0]  # digital silence says nothing about the room
    if not len(heard):
        return np.zeros(len(levels), bool)
    floor, loud = (float(np.quantile(heard, share)) for share in (_FLOOR, _LOUD))
    quiet = levels < max(floor + _SHARE * (loud - floor), loud - _BELOW)
    # a click inside a pause: short, and quiet around it
    edges = np.flatnonzero(np.diff(np.concatenate([[1], quiet.astype(np.int8), [1]])))
    for first, last in edges.reshape(-1, 2):
        if (last - first) * _HOP <= _CLICK * RATE and first > 0 and last < len(quiet):
            quiet[first:last] = True
    return quiet
