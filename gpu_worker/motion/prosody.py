"""Loudness and pitch of the voice, and the moments it stresses.

Pitch is the peak of the normalised autocorrelation (Boersma 1993) without path search: emphasis needs the contour,
not every octave right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft

from gpu_worker.media.scratch import release
from gpu_worker.motion.curves import Curve, smoothed
from gpu_worker.motion.pauses import SILENT_PHONES
from gpu_worker.schema import FloatArray, Phone, Timeline, Waveform

#: Seconds between two analysed instants, and the length of what is analysed.
HOP, WINDOW = 0.010, 0.040
#: Range of the voice's fundamental frequency, Hz.
F0_MIN, F0_MAX = 65.0, 400.0
#: Normalised autocorrelation above which a frame counts as voiced.
VOICED = 0.5
#: Frames analysed at a time; bounds the memory on long sound.
_BLOCK = 2048
_VOWELS = frozenset(
    ["AA", "AE", "AH", "AO", "AW", "AX", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW", "Y2", "OE", "UU"]
)


@dataclass(frozen=True)
class Prosody:
    """``loudness`` in dB and ``pitch`` in semitones above 100 Hz (NaN where unvoiced), one value each HOP seconds."""

    loudness: Curve
    pitch: Curve

    def times(self) -> Curve:
        return np.arange(len(self.loudness), dtype=np.float64) * HOP


def analyse(waveform: Waveform) -> Prosody:
    """Prosody of a mono sound; digital silence is -80 dB."""
    step = max(1, waveform.rate // 16000)
    rate, length = waveform.rate // step, len(waveform.samples) // step
    window, hop = int(WINDOW * rate), int(HOP * rate)
    count = max(1, 1 + (length - 1) // hop)
    loudness, pitch = np.empty(count), np.empty(count)
    for first in range(0, count, _BLOCK):
        last = min(first + _BLOCK, count)
        part = _lowered(waveform.samples, step, first * hop - window // 2, (last - first) * hop + window)
        index = (np.arange(last - first) * hop)[:, None] + np.arange(window)[None, :]
        frames = part[index]
        loudness[first:last] = 10.0 * np.log10(np.maximum((frames**2).mean(1), 1e-8))
        pitch[first:last] = _pitch(frames, rate)
    pitch[loudness < loudness.max() - 35.0] = np.nan
    return Prosody(loudness, pitch)


def emphases(prosody: Prosody, timeline: Timeline, spacing: float = 1.4) -> tuple[tuple[float, float], ...]:
    """(time, strength 0.5 .. 1) of the syllables the voice stresses: pitch and loudness together more than one
    standard deviation above this voice's mean, the strongest first, none within ``spacing`` seconds of another."""
    score = _prominence(prosody)
    if score.size == 0:
        return ()
    candidates: list[tuple[float, float]] = []
    for phone in _nuclei(timeline):
        first, last = int(phone.start / HOP), int(phone.end / HOP) + 1
        part = score[first:last]
        if part.size:
            bonus = 0.3 if phone.stress == 1 else 0.0
            candidates.append((float(part.max()) + bonus, 0.5 * (phone.start + phone.end)))
    chosen: list[tuple[float, float]] = []
    for strength, time in sorted(candidates, key=lambda item: (-item[0], item[1])):
        if strength > 1.0 and all(abs(time - other) >= spacing for other, _ in chosen):
            chosen.append((time, float(np.clip(0.5 + 0.25 * (strength - 1.0), 0.5, 1.0))))
    return tuple(sorted(chosen))


def _nuclei(timeline: Timeline) -> tuple[Phone, ...]:
    vowels = tuple(phone for phone in timeline.phones if phone.phone in _VOWELS)
    return vowels or tuple(phone for phone in timeline.phones if phone.phone not in SILENT_PHONES)


def _prominence(prosody: Prosody) -> Curve:
    """Half loudness, half pitch, as z-scores over the voiced frames of this sound."""
    voiced = np.isfinite(prosody.pitch)
    if voiced.sum() < 10:
        return np.zeros(0)
    loud = prosody.loudness
    z_loud = (loud - loud[voiced].mean()) / max(float(loud[voiced].std()), 1.0)
    pitch = np.interp(np.arange(len(loud)), np.flatnonzero(voiced), prosody.pitch[voiced])
    z_pitch = (pitch - prosody.pitch[voiced].mean()) / max(float(prosody.pitch[voiced].std()), 0.7)
    return smoothed(0.5 * z_loud + 0.7 * z_pitch, 1.0 / HOP, 0.03)


def _lowered(samples: FloatArray, step: int, start: int, count: int) -> Curve:
    """``count`` samples from ``start`` on at a ``step``-th of the rate, zeros beyond the ends: a box filter and every
    n-th sample are enough for pitch and loudness."""
    low, high = max(start, 0), min(start + count, len(samples) // step)
    lowered = np.zeros(count)
    if high > low:
        part = samples[low * step : high * step].astype(np.float64)
        lowered[low - start : high - start] = part.reshape(-1, step).mean(1) if step > 1 else part
        release(samples)
    return lowered


def _pitch(frames: Curve, rate: int) -> Curve:
    """Semitones above 100 Hz per frame, NaN where the autocorrelation shows no voice."""
    count = frames.shape[1]
    shortest, longest = int(rate / F0_MAX), min(int(rate / F0_MIN), count * 3 // 4)
    # room for the lags that are read; longer ones may wrap around
    size = next_fast_len(count + longest, real=True)
    window = np.hanning(count)
    centred = (frames - frames.mean(1, keepdims=True)) * window
    correlation, shape = _autocorrelation(centred, size)[:, :longest], _autocorrelation(window[None], size)[0, :longest]
    normalised = correlation / np.maximum(correlation[:, :1], 1e-9) / np.maximum(shape / shape[0], 1e-3)
    # A small price on long lags keeps the true period before its multiples.
    part = normalised[:, shortest:longest] - 0.0002 * np.arange(longest - shortest)
    best = part.argmax(1)
    pitch: Curve = 12.0 * np.log2(rate / (shortest + best) / 100.0)
    pitch[part[np.arange(len(part)), best] < VOICED] = np.nan
    return pitch


def _autocorrelation(rows: Curve, size: int) -> Curve:
    """Of each row, padded with zeros to ``size`` (Wiener-Khinchin); lag 0 first."""
    spectrum = rfft(rows, size, axis=1)
    correlation: Curve = irfft(spectrum.real**2 + spectrum.imag**2, size, axis=1)
    return correlation
