"""Moves phone boundaries to where the sound changes: an aligner knows them to 10 ms at best, the spectrum to 5.

Each inner boundary goes to the largest spectral change within 20 ms of it, the near ones preferred. The change is known
every 5 ms only; a parabola through its peak tells where between two steps it is largest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gpu_worker.schema import FloatArray, Phone
from gpu_worker.speech.spectrum import RATE, frame_db, log_mel

#: How far a boundary may move, seconds.
REACH = 0.02
#: What is left of a phone at least, seconds.
SHORTEST = 0.01
#: Silence beside a phone that is this near to the phone's own level is part of the phone, dB, when at least this long.
RECLAIM_DB, RECLAIM_SECONDS = 10.0, 0.04
#: A phone grows by this at most, seconds.
RECLAIM_MOST = 0.30
_HOP = 80  # 5 ms
_SIDE = 3  # frames compared on either side
_BLOCK_FRAMES = 24000  # two minutes


def spectral_change(samples: FloatArray) -> FloatArray:
    """Root-mean-square difference of the log-mel spectra of three frames from each 5 ms step on and the three before.

    Frame i is centred at step i, so a value belongs to the instant half a step before its own.
    """
    count = len(samples) // _HOP
    change = np.zeros(count, np.float32)
    for first in range(_SIDE, count - _SIDE, _BLOCK_FRAMES):
        last = min(first + _BLOCK_FRAMES, count - _SIDE)
        energies = log_mel(samples, _HOP, frames=(first - _SIDE, last + _SIDE))
        sums = np.cumsum(np.vstack([np.zeros((1, energies.shape[1])), energies.astype(np.float64)]), axis=0)
        steps = np.arange(_SIDE, len(energies) - _SIDE)
        difference = (sums[steps + _SIDE] - 2 * sums[steps] + sums[steps - _SIDE]) / _SIDE
        change[first:last] = np.sqrt((difference**2).mean(axis=1))
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
        places = (np.arange(low, high) - 0.5) * step
        weight = change[low:high] * np.exp(-0.5 * ((places - after.start) / REACH) ** 2)
        peak = int(weight.argmax())
        boundary = float(places[peak]) + _vertex(weight, peak) * step
        # Half a step may lie beyond what the neighbours leave.
        boundary = min(max(boundary, before.start + SHORTEST / 2), after.end - SHORTEST / 2)
        snapped[index - 1] = replace(before, end=boundary)
        snapped[index] = replace(after, start=boundary)
    return snapped


def _vertex(values: FloatArray, peak: int) -> float:
    """Where the parabola through a peak and its neighbours is highest, in steps from the peak, within half a step."""
    if not 0 < peak < len(values) - 1:
        return 0.0
    left, middle, right = (float(value) for value in values[peak - 1 : peak + 2])
    bend = left - 2.0 * middle + right
    return 0.5 * (left - right) / bend if bend < 0.0 else 0.0


def reclaim_sound(samples: FloatArray, phones: Sequence[Phone]) -> list[Phone]:
    """Give back to a phone what an aligner took for silence beside it although it is as loud as the phone.

    An aligner that knows a sound badly (a hummed m at the start) shortens it to its minimum and calls the rest
    silence. Breath and noise are far weaker than the phone next to them and stay where they are.
    """
    level = frame_db(samples, _HOP)
    step = _HOP / RATE
    reclaimed = list(phones)
    for index, phone in enumerate(reclaimed):
        if phone.phone != "SIL":
            continue
        first, last = int(np.ceil(phone.start / step)), min(int(phone.end / step), len(level))
        if index + 1 < len(reclaimed):
            after = reclaimed[index + 1]
            length = _loud_run(level[first:last][::-1], _level_of(level, after, step)) * step
            if length:
                boundary = max(phone.end - length, phone.start)
                reclaimed[index + 1] = replace(after, start=boundary)
                phone = reclaimed[index] = replace(phone, end=boundary)
        last = min(int(phone.end / step), len(level))
        if index:
            before = reclaimed[index - 1]
            length = _loud_run(level[first:last], _level_of(level, before, step)) * step
            if length:
                boundary = min(phone.start + length, phone.end)
                reclaimed[index - 1] = replace(before, end=boundary)
                reclaimed[index] = replace(phone, start=boundary)
    return [phone for phone in reclaimed if phone.end > phone.start + 1e-6]


def _level_of(level: FloatArray, phone: Phone, step: float) -> float:
    """Mean level of a phone, dB."""
    first = int(phone.start / step)
    part = level[first : max(int(phone.end / step), first + 1)]
    return float(part.mean()) if len(part) else -np.inf


def _loud_run(level: FloatArray, reference: float) -> int:
    """How many of the first values are near ``reference``; 0 where they are too few, or too many to be one phone."""
    quiet = np.flatnonzero(level < reference - RECLAIM_DB)
    run = int(quiet[0]) if len(quiet) else len(level)
    seconds = run * _HOP / RATE
    return run if RECLAIM_SECONDS <= seconds <= RECLAIM_MOST else 0
