"""Short-time spectra for the timing of speech: log-mel energies, in blocks, so that an hour of sound fits in memory."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from gpu_worker.media import scratch
from gpu_worker.schema import FloatArray

Indices = NDArray[np.int64]

#: Every analysis here runs at this rate, Hz.
RATE = 16000
_PRE_EMPHASIS = 0.97
_BLOCK_FRAMES = 6000


def log_mel(
    samples: FloatArray,
    hop: int,
    size: int = 256,
    bands: int = 26,
    floor: float = 1e-7,
    frames: tuple[int, int] | None = None,
) -> FloatArray:
    """Log-mel energies ``(len(samples) // hop, bands)`` of 16 kHz sound; frame i is centred at ``i * hop`` samples.

    With ``frames`` = (first, last) only those from ``first`` up to, not including, ``last``.
    """
    filters = mel_filters(size, bands)
    first, last = (0, len(samples) // hop) if frames is None else frames
    blocks = [np.log(power @ filters + floor) for power in _powers(samples, hop, size, first, last)]
    if not blocks:
        return np.zeros((0, bands), np.float32)
    energies: FloatArray = np.concatenate(blocks).astype(np.float32)
    return energies


def frame_db(samples: FloatArray, hop: int, size: int = 400) -> FloatArray:
    """Level of each frame, dB relative to full scale, frame i centred at ``i * hop``."""
    centre = np.arange(len(samples) // hop) * hop
    low = np.clip(centre - size // 2, 0, len(samples))
    high = np.clip(centre + size // 2, 0, len(samples))
    return decibels(mean_squares(samples, low, high))


def mean_squares(samples: FloatArray, low: Indices, high: Indices) -> NDArray[np.float64]:
    """The mean square of ``samples[low[i]:high[i]]`` for each i, in bounded memory; both rise, 0 where one is empty."""
    power = np.zeros(len(low))
    first = 0
    while first < len(low):
        start = int(low[first])
        last = max(int(np.searchsorted(high, start + scratch.BLOCK, "right")), first + 1)
        part = samples[start : int(high[last - 1])].astype(np.float64)
        scratch.release(samples)
        squares = np.concatenate([[0.0], np.cumsum(part**2)])
        a, b = low[first:last] - start, high[first:last] - start
        power[first:last] = (squares[b] - squares[a]) / np.maximum(b - a, 1)
        first = last
    return power


def decibels(power: NDArray[np.float64]) -> FloatArray:
    """Mean squares as levels, dB relative to full scale; -120 for silence."""
    level: FloatArray = (10 * np.log10(np.maximum(power, 1e-12))).astype(np.float32)
    return level


@lru_cache(maxsize=8)
def mel_filters(size: int, bands: int, low_hz: float = 100.0, high_hz: float = 7600.0) -> FloatArray:
    """Triangular filters ``(size // 2 + 1, bands)``, equally spaced in mel, each of unit area."""
    edges_mel = np.linspace(_mel(low_hz), _mel(high_hz), bands + 2)
    edges = 700.0 * (np.exp(edges_mel / 1127.0) - 1.0)
    frequency = np.fft.rfftfreq(size, 1 / RATE)[:, None]
    up = (frequency - edges[:-2]) / (edges[1:-1] - edges[:-2])
    down = (edges[2:] - frequency) / (edges[2:] - edges[1:-1])
    filters: FloatArray = (np.maximum(np.minimum(up, down), 0.0) * 2.0 / (edges[2:] - edges[:-2])).astype(np.float32)
    return filters


def _mel(frequency: float) -> float:
    return float(1127.0 * np.log1p(frequency / 700.0))


def _powers(samples: FloatArray, hop: int, size: int, first: int, last: int) -> Iterator[FloatArray]:
    window = np.hanning(size).astype(np.float32)
    most = max(min(_BLOCK_FRAMES, scratch.BLOCK // hop), 1)
    for frame in range(first, last, most):
        count = min(most, last - frame)
        emphasised = _emphasised(samples, frame * hop - size // 2, (count - 1) * hop + size)
        frames = np.lib.stride_tricks.sliding_window_view(emphasised, size)[::hop]
        spectrum = np.fft.rfft(frames * window, axis=1)
        yield (np.abs(spectrum) ** 2).astype(np.float32)


def _emphasised(samples: FloatArray, start: int, count: int) -> FloatArray:
    """``count`` samples from ``start`` on, high frequencies raised; zeros beyond the ends of the sound."""
    low, high = max(start, 0), min(start + count, len(samples))
    result = np.zeros(count, np.float32)
    if high > low:
        part = samples[max(low - 1, 0) : high]
        raised = part[1:] - _PRE_EMPHASIS * part[:-1]
        result[low - start : high - start] = raised if low > 0 else np.append(part[:1], raised)
        scratch.release(samples)
    return result
