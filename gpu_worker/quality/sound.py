"""Is the sound in the file the sound that was given, in full and in time?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gpu_worker.media.scratch import release
from gpu_worker.media.video_reader import sound_blocks
from gpu_worker.schema import FloatArray, Waveform

#: Stretch that is compared at either end, seconds, and the largest shift looked for.
_STRETCH, _REACH = 8.0, 0.5
#: A sample at least this large counts as clipped; a single one is no fault, three in a row are.
_FULL_SCALE, _RUN = 0.999, 3


@dataclass(frozen=True)
class SoundReport:
    """``offset`` is the delay of the decoded sound (s, + late), ``drift`` the delay's change from beginning to end,
    ``likeness`` the correlation with the original at that delay, ``missing`` the samples short of it, ``clipped`` the
    share of samples within runs at full scale, ``level`` the RMS level in dB below full scale."""

    offset: float
    drift: float
    likeness: float
    missing: int
    clipped: float
    level: float


def sound_report(path: Path, original: Waveform) -> SoundReport:
    """Decode the sound of the video at ``path`` and compare it with what was encoded."""
    heard = _Listener(len(original.samples), int(_STRETCH * original.rate))
    for block in sound_blocks(path, original.rate):
        heard.hear(block)
    length = min(heard.count, len(original.samples))
    stretch = min(length, int(_STRETCH * original.rate))
    first_delay, first_likeness = _delay(original.samples[:stretch], heard.beginning[:stretch], original.rate)
    last = original.samples[length - stretch : length]
    last_delay, last_likeness = _delay(last, heard.end[len(heard.end) - stretch :], original.rate)
    release(original.samples)
    return SoundReport(
        offset=first_delay,
        drift=last_delay - first_delay,
        likeness=min(first_likeness, last_likeness),
        missing=max(0, len(original.samples) - heard.count),
        clipped=heard.clipped_share(),
        level=10.0 * np.log10(max(heard.energy / max(length, 1), 1e-10)),
    )


class _Listener:
    """Takes a sound in block by block and keeps what is asked about it: its ``beginning``, the ``end`` of its first
    ``length`` samples, each ``stretch`` samples at most, the ``energy`` of those, and how often it clips."""

    def __init__(self, length: int, stretch: int) -> None:
        self._length, self._stretch = length, stretch
        self._clipped = self._run = 0
        self.count = 0
        self.energy = 0.0
        self.beginning = np.zeros(0, np.float32)
        self.end = np.zeros(0, np.float32)

    def hear(self, block: FloatArray) -> None:
        inside = block[: max(self._length - self.count, 0)]
        self.count += len(block)
        self.energy += float(np.sum(inside.astype(np.float64) ** 2))
        if len(self.beginning) < self._stretch:
            self.beginning = np.concatenate([self.beginning, block])[: self._stretch]
        if len(inside):
            self.end = np.concatenate([self.end, inside])[-self._stretch :]
        self._count_clipped(np.abs(block) >= _FULL_SCALE)

    def _count_clipped(self, full: NDArray[np.bool_]) -> None:
        """Add the runs that end in this block; one that reaches its end may go on in the next."""
        edges = np.flatnonzero(np.diff(np.concatenate([[False], full, [False]]).astype(np.int8)))
        starts, ends = edges[::2], edges[1::2]
        lengths = ends - starts
        if self._run and not (len(starts) and starts[0] == 0):
            self._end_run()
        if len(starts) and starts[0] == 0:
            lengths[0] += self._run
            self._run = 0
        if len(ends) and ends[-1] == len(full):
            self._run, lengths = int(lengths[-1]), lengths[:-1]
        self._clipped += int(lengths[lengths >= _RUN].sum())

    def _end_run(self) -> None:
        self._clipped += self._run if self._run >= _RUN else 0
        self._run = 0

    def clipped_share(self) -> float:
        """Share of samples within runs at full scale, of all that was heard."""
        self._end_run()
        return self._clipped / max(self.count, 1)


def _delay(original: FloatArray, decoded: FloatArray, rate: int) -> tuple[float, float]:
    """Delay in seconds of ``decoded`` and the correlation there; (0, 1) for silence, which has no delay."""
    if len(original) == 0 or float(np.abs(original).max()) < 1e-4:
        return 0.0, 1.0
    size = int(2 ** np.ceil(np.log2(2 * len(original))))
    spectrum = np.fft.rfft(decoded, size) * np.conj(np.fft.rfft(original, size))
    correlation: NDArray[np.float64] = np.fft.irfft(spectrum, size)
    reach = min(int(_REACH * rate), len(original) - 1)
    around = np.concatenate([correlation[-reach:], correlation[: reach + 1]]) if reach else correlation[:1]
    best = int(around.argmax())
    energy = float(np.sqrt(np.sum(original.astype(np.float64) ** 2) * np.sum(decoded.astype(np.float64) ** 2)))
    return (best - reach) / rate, float(around[best]) / max(energy, 1e-12)
