"""Curves over time that every part of the motion is made of: steps, bumps, band-limited noise, sums without kinks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Curve = NDArray[np.float64]


def frame_times(frames: int, fps: float) -> Curve:
    """The instants of the frames, seconds: row i of a track belongs to ``i / fps``."""
    return np.arange(frames, dtype=np.float64) / fps


def smoothstep(x: Curve) -> Curve:
    """0 below 0, 1 above 1, and a cubic with level ends between."""
    clipped = np.clip(x, 0.0, 1.0)
    result: Curve = clipped * clipped * (3.0 - 2.0 * clipped)
    return result


def minimum_jerk(x: Curve) -> Curve:
    """0 to 1 as people move: the quintic whose speed and acceleration vanish at both ends (Flash and Hogan 1985)."""
    clipped = np.clip(x, 0.0, 1.0)
    result: Curve = clipped**3 * (10.0 + clipped * (6.0 * clipped - 15.0))
    return result


def bump(times: Curve, start: float, rise: float, hold: float, fall: float) -> Curve:
    """A movement out and back: 0 to 1 in ``rise`` seconds, 1 for ``hold``, back in ``fall``."""
    out = minimum_jerk((times - start) / max(rise, 1e-6))
    back = minimum_jerk((times - start - rise - hold) / max(fall, 1e-6))
    return out - back


def ramp(times: Curve, still: float, length: float) -> Curve:
    """0 for the first and last ``still`` seconds, 1 in the middle, smooth in between.

    What is multiplied by it starts from the photo and returns to it. Short clips get a lower ramp, never a jump.
    """
    if len(times) == 0:
        return np.zeros(0)
    end = times[-1]
    return smoothstep((times - still) / length) * smoothstep((end - still - times) / length)


def band_noise(frames: int, fps: float, low: float, high: float, rng: np.random.Generator) -> Curve:
    """Gaussian noise of unit standard deviation between ``low`` and ``high`` Hz, amplitude falling as 1/f.

    It is cut from a longer stretch, so that its end does not run back into its beginning. Its waves are drawn by their
    frequencies alone: another frame rate shows the same movement at other instants.
    """
    if frames == 0:
        return np.zeros(0)
    period = 2.0 ** np.ceil(np.log2(max(4.0 * frames / fps, 16.0 / low)))
    waves = np.arange(int(np.ceil(low * period)), int(high * period) + 1)
    amplitudes = period * low / np.maximum(waves, low * period) * (rng.normal(size=(len(waves), 2)) @ (1.0, 1j))
    length = max(round(period * fps), 2 * int(waves[-1]) + 2)
    spectrum = np.zeros(length // 2 + 1, complex)
    spectrum[waves] = amplitudes
    # irfft divides by the length; unit variance: the sum of the waves' powers is one on average
    expected = np.sqrt(4.0 * np.sum((period * low / np.maximum(waves, low * period)) ** 2)) / length
    noise = np.fft.irfft(spectrum, length)
    start = length // 4
    result: Curve = noise[start : start + frames] / expected
    return result


def looped_noise(frames: int, fps: float, low: float, high: float, rng: np.random.Generator) -> Curve:
    """Noise as :func:`band_noise` makes it, of about unit standard deviation, whose end runs on into its beginning; it
    begins at 0. At least one wave fits into a stretch that is too short for the band."""
    if frames == 0:
        return np.zeros(0)
    period = frames / fps
    first = max(1, int(np.ceil(low * period)))
    waves = np.arange(first, max(first, int(high * period)) + 1)
    amplitudes = low * period / np.maximum(waves, low * period) * (rng.normal(size=(len(waves), 2)) @ (1.0, 1j))
    turns = np.exp(2j * np.pi * np.outer(np.arange(frames) / frames, waves))
    noise = (turns @ amplitudes).real / np.linalg.norm(low * period / np.maximum(waves, low * period))
    result: Curve = noise - noise[0]
    return result


def smoothed(values: Curve, fps: float, seconds: float) -> Curve:
    """Gaussian smoothing along time with a standard deviation of ``seconds``; the ends are held."""
    sigma = seconds * fps
    if len(values) == 0 or sigma < 0.1:
        return values.copy()
    reach = int(np.ceil(3.0 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    padded = np.pad(values, reach, mode="edge")
    result: Curve = np.convolve(padded, kernel / kernel.sum(), mode="valid")
    return result


def soft_limit(values: Curve, limit: float) -> Curve:
    """Leave small values alone and bend large ones so that none passes ``limit``."""
    result: Curve = limit * np.tanh(values / limit)
    return result
