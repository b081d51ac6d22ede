"""Short-time spectra for the timing of speech: log-mel energies, in blocks, so that an hour of sound fits in memory."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from gpu_worker.schema import FloatArray

#: Every analysis here runs at this rate, Hz.
RATE = 16000
_PRE_EMPHASIS = 0.97
_BLOCK_FRAMES = 6000


def log_mel(samples: FloatArray, hop: int, size: int = 256, bands: int = 26, floor: float = 1e-7) -> FloatArray:
    """Log-mel energies ``(len(samples) // hop, bands)`` of 16 kHz sound; frame i is centred at ``i * hop`` samples."""
    filters = mel_filters(size, bands)
    blocks = [np.log(power @ filters + floor) for power in _powers(samples, hop, size)]
    if not blocks:
        return np.zeros((0, bands), np.float32)
    energies: FloatArray = np.concatenate(blocks).astype(np.float32)
    return energies


def frame_db(samples: FloatArray, hop: int, size: int = 400) -> FloatArray:
    """Level of each frame, dB relative to full scale, frame i centred at ``i * hop``."""
    count = len(samples) // hop
    squares = np.concatenate([[0.0], np.cumsum(samples.astype(np.float64) ** 2)])
    centre = np.arange(count) * hop
    low = np.clip(centre - size // 2, 0, len(samples))
    high = np.clip(centre + size // 2, 0, len(samples))
    power = (squares[high] - squares[low]) / np.maximum(high - low, 1)
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


def _powers(samples: FloatArray, hop: int, size: int) -> Iterator[FloatArray]:
    count = len(samples) // hop
    window = np.hanning(size).astype(np.float32)
    emphasised = np.append(samples[:1], samples[1:] - _PRE_EMPHASIS * samples[:-1]).astype(np.float32)
    padded = np.pad(emphasised, (size // 2, size))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
    for first in range(0, count, _BLOCK_FRAMES):
        spectrum = np.fft.rfft(frames[first : min(first + _BLOCK_FRAMES, count)] * window, axis=1)
        yield (np.abs(spectrum) ** 2).astype(np.float32)
