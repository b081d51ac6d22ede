"""Moves phone boundaries to where the sound changes: an aligner knows them to 10 ms at best, the spectrum to 5.

Each inner boundary goes to the largest spectral change within 20 ms of it, the near ones preferred.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gpu_worker.schema import FloatArray, Phone
from gpu_worker.speech.spectrum import RATE, log_mel

#: How far a boundary may move, seconds.
REACH = 0.02
#: What is left of a phone at least, seconds.
SHORTEST = 0.01
_HOP = 80  # 5 ms
_SIDE = 3  # frames compared on either side


def spectral_change(samples: FloatArray) -> FloatArray:
    """Root-mean-square difference of the log-mel spectra of the 15 ms after and before each 5 ms step."""
    energies = log_mel(samples, _HOP)
    change = np.zeros(len(energies), np.float32)
    if len(energies) <= 2 * _SIDE:
        return change
    sums = np.cumsum(np.vstack([np.zeros((1, energies.shape[1])), energies.astype(np.float64)]), axis=0)
    steps = np.arange(_SIDE, len(energies) - _SIDE)
    difference = (sums[steps + _SIDE] - 2 * sums[steps] + sums[steps - _SIDE]) / _SIDE
    change[steps] = np.sqrt((difference**2).mean(axis=1))
    return change


def snap_boundaries(samples: FloatArray, phones: Sequence[Phone]) -> list[Phone]:
    """``phones`` (16 kHz sound, contiguous, in order) with inner boundaries moved by up to :data:`REACH`."""
    change = spectral_change(samples)
    step = _HOP / RATE
    snapped = list(phones)
    for index in range(1, len(snapped)):
        before, after = snapped[index - 1], snapped[index]
        if abs(before.end - after.start) > 1e-6:
            continue
        low = max(int((after.start - REACH) / step), int(np.ceil((before.start + SHORTEST) / step)), 0)
        high = min(int((after.start + REACH) / step) + 1, int((after.end - SHORTEST) / step), len(change))
        if high - low < 2:
            continue
        places = np.arange(low, high) * step
        weight = change[low:high] * np.exp(-0.5 * ((places - after.start) / REACH) ** 2)
        boundary = float(places[int(weight.argmax())])
        snapped[index - 1] = replace(before, end=boundary)
        snapped[index] = replace(after, start=boundary)
    return snapped
