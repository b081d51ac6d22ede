"""Is the sound in the file the sound that was given, in full and in time?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gpu_worker.media.video_reader import read_sound
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
    decoded = read_sound(path, original.rate)
    length = min(len(decoded.samples), len(original.samples))
    stretch = min(length, int(_STRETCH * original.rate))
    first_delay, first_likeness = _delay(original.samples[:stretch], decoded.samples[:stretch], original.rate)
    end = slice(length - stretch, length)
    last_delay, last_likeness = _delay(original.samples[end], decoded.samples[end], original.rate)
    power = float(np.mean(decoded.samples[:length].astype(np.float64) ** 2)) if length else 0.0
    return SoundReport(
        offset=first_delay,
        drift=last_delay - first_delay,
        likeness=min(first_likeness, last_likeness),
        missing=max(0, len(original.samples) - len(decoded.samples)),
        clipped=_clipped_share(decoded.samples),
        level=10.0 * np.log10(max(power, 1e-10)),
    )


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


def _clipped_share(samples: FloatArray) -> float:
    full = np.abs(samples) >= _FULL_SCALE
    edges = np.flatnonzero(np.diff(np.concatenate([[False], full, [False]]).astype(np.int8)))
    lengths = edges[1::2] - edges[::2]
    return float(lengths[lengths >= _RUN].sum()) / max(len(samples), 1)
