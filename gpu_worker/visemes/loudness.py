"""How loud the speaker is over time: people open the mouth wider when they raise the voice."""

from __future__ import annotations

import numpy as np

from gpu_worker.schema import FloatArray, Waveform
from gpu_worker.speech.spectrum import decibels, mean_squares

#: Least and most that loudness may scale the jaw.
SCALE_RANGE = (0.7, 1.25)
#: Change of the scale for each decibel above or below the speaker's usual loudness.
PER_DB = 0.03
_WINDOW_SECONDS = 0.05
#: Loudness further than this below the loudest is not counted as speech, dB.
_SPEECH_DB = 30.0
#: Length of the average, seconds: about a syllable, so that the scale follows emphasis and not each phone.
_SYLLABLE_SECONDS = 0.2


def level_db(waveform: Waveform, times: FloatArray) -> FloatArray:
    """Root-mean-square level in a window of 50 ms about each time, dB relative to full scale."""
    centre = np.asarray(times, np.float64) * waveform.rate
    half = _WINDOW_SECONDS * waveform.rate / 2
    low = np.clip(np.rint(centre - half), 0, len(waveform.samples)).astype(np.int64)
    high = np.clip(np.rint(centre + half), 0, len(waveform.samples)).astype(np.int64)
    return decibels(mean_squares(waveform.samples, low, high))


def jaw_scale(waveform: Waveform, times: FloatArray) -> FloatArray:
    """The factor on the jaw at each time, within :data:`SCALE_RANGE`; 1 at the speaker's usual loudness."""
    if not len(times):
        return np.ones(0, np.float32)
    level = level_db(waveform, times)
    speech = level > level.max() - _SPEECH_DB
    usual = float(np.median(level[speech]))
    step = float(times[1] - times[0]) if len(times) > 1 else 1.0
    width = max(int(_SYLLABLE_SECONDS / step), 1) | 1
    held = np.where(speech, level - usual, 0.0)
    weight = np.convolve(np.pad(speech.astype(np.float64), width // 2, "edge"), np.ones(width), "valid")
    total = np.convolve(np.pad(held, width // 2, "edge"), np.ones(width), "valid")
    scale: FloatArray = np.clip(1.0 + PER_DB * total / np.maximum(weight, 1.0), *SCALE_RANGE).astype(np.float32)
    return scale
