"""Another sampling rate for the same sound: a polyphase low-pass filter (Kaiser-windowed sinc).

As in Crochiere and Rabiner 1983, "Multirate Digital Signal Processing", section 2.4. Written out here because the
library that has it takes more than a second to import, longer than every other import of a job together.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from gpu_worker.media import scratch

#: Zero crossings of the sinc on each side, and the window's shape: 80 dB of stop band.
_CROSSINGS = 24
_BETA = 8.0


def polyphase(samples: NDArray[np.float32], up: int, down: int) -> NDArray[np.float32]:
    """``samples`` ``(n,)`` at ``up / down`` times their rate: ``ceil(n * up / down)`` samples, no shift in time.

    Beyond its ends the sound counts as silence. ``up`` and ``down`` have no common divisor.
    """
    parts = list(polyphase_parts(samples, up, down))
    return np.concatenate(parts) if parts else samples


def polyphase_parts(samples: NDArray[np.float32], up: int, down: int) -> Iterator[NDArray[np.float32]]:
    """What :func:`polyphase` gives, bit for bit, piece by piece and in bounded memory."""
    taps, reach = _filter(up, down)
    # Every part begins with the first phase of the filter.
    size = max(scratch.BLOCK // down, 1) * down
    for first in range(0, len(samples), size):
        last = min(first + size, len(samples))
        padded = np.zeros(last - first + 2 * reach + 1, np.float32)
        low, high = max(first - reach, 0), min(last + reach + 1, len(samples))
        padded[low - (first - reach) : high - (first - reach)] = samples[low:high]
        scratch.release(samples)
        yield _filtered(padded, taps, -(-(last - first) * up // down), up, down)


def _filtered(
    padded: NDArray[np.float32], taps: NDArray[np.float32], count: int, up: int, down: int
) -> NDArray[np.float32]:
    result = np.empty(count, np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(padded, taps.shape[1])
    # Every ``up``-th sample uses the same coefficients, ``down`` samples of the input further on.
    for first in range(min(up, count)):
        whole, phase = divmod(first * down, up)
        chosen = windows[whole::down][: len(range(first, count, up))]
        result[first::up] = np.einsum("nt,t->n", chosen, taps[phase])
    return result


@lru_cache(maxsize=8)
def _filter(up: int, down: int) -> tuple[NDArray[np.float32], int]:
    """Coefficients ``(up, taps)``, one row for each phase, and how many samples before the instant they begin."""
    # The pass band ends at the lower of both Nyquist rates; times are in samples of the input.
    cutoff = min(1.0, up / down)
    reach = int(np.ceil(_CROSSINGS / cutoff))
    offsets = np.arange(-reach, reach + 2)[None, :] - np.arange(up)[:, None] / up
    window = np.i0(_BETA * np.sqrt(np.clip(1.0 - (offsets / (reach + 1)) ** 2, 0.0, 1.0))) / np.i0(_BETA)
    taps = cutoff * np.sinc(cutoff * offsets) * window
    # Every phase lets a constant through unchanged.
    taps /= taps.sum(axis=1, keepdims=True)
    return taps.astype(np.float32), reach
