"""When the lips are shut: the closures of p, b and m, with p and b split at their burst.

A label of p covers the closure and the burst after it, but the lips part at the burst. It is found as the largest rise
of the energy above 600 Hz inside the phone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gpu_worker.schema import FloatArray, Phone, Waveform
from gpu_worker.visemes.parameters import BILABIALS, PLOSIVES

#: The band in which a burst shows, Hz.
BURST_HZ = 600.0
#: A rise of less is no burst, dB within 20 ms.
BURST_DB = 6.0
#: Part of a plosive that is closure where no burst is heard.
CLOSURE_PART = 0.7
#: Two closures this near are one: the lips do not part between m and b.
JOIN_SECONDS = 0.012
_HOP, _WINDOW = 0.005, 0.016


def closures(phones: Sequence[Phone], waveform: Waveform | None) -> tuple[tuple[float, float], ...]:
    """(start, end) in seconds of every stretch in which p, b or m keep the lips shut, in order."""
    found: list[tuple[float, float]] = []
    for phone in phones:
        if phone.phone not in BILABIALS:
            continue
        end = phone.end
        if phone.phone in PLOSIVES:
            end = max(_release(phone, waveform), min(phone.start + 0.02, phone.end))
        if found and phone.start - found[-1][1] < JOIN_SECONDS:
            found[-1] = (found[-1][0], end)
        else:
            found.append((phone.start, end))
    return tuple(found)


def _release(phone: Phone, waveform: Waveform | None) -> float:
    """The time of the burst in a plosive."""
    fallback = phone.start + CLOSURE_PART * (phone.end - phone.start)
    if waveform is None:
        return fallback
    first = max(phone.start - 0.01, 0.0)
    level = _high_band_db(waveform, first, phone.end + 0.035)
    if len(level) < 5:
        return fallback
    rise = np.zeros(len(level), np.float32)
    rise[2:-2] = level[4:] - level[:-4]
    times = first + np.arange(len(level)) * _HOP
    inside = (times >= phone.start + 0.015) & (times <= phone.end + 0.015)
    if not inside.any():
        return fallback
    best = int(np.argmax(np.where(inside, rise, -np.inf)))
    return float(times[best]) if rise[best] >= BURST_DB else fallback


def _high_band_db(waveform: Waveform, start: float, end: float) -> FloatArray:
    """Energy above 600 Hz every 5 ms from ``start``, dB, smoothed over three values."""
    rate = waveform.rate
    size, hop = round(_WINDOW * rate), _HOP * rate
    count = int((end - start) / _HOP)
    window = np.hanning(size).astype(np.float32)
    bins = np.fft.rfftfreq(size, 1 / rate) > BURST_HZ
    padded = np.zeros((count, size), np.float32)
    for index in range(count):
        middle = round(start * rate + index * hop)
        low, high = max(middle - size // 2, 0), min(middle + size - size // 2, len(waveform.samples))
        if high > low:
            offset = low - (middle - size // 2)
            padded[index, offset : offset + high - low] = waveform.samples[low:high]
    power = (np.abs(np.fft.rfft(padded * window, axis=1)) ** 2)[:, bins].sum(axis=1)
    level = 10 * np.log10(power + 1e-9)
    smooth: FloatArray = np.convolve(level, np.ones(3) / 3, "same").astype(np.float32)
    return smooth
