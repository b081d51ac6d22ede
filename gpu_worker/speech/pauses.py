"""Where a speaker pauses: long sound is cut there, so that no word is cut in two."""

from __future__ import annotations

import numpy as np

from gpu_worker.schema import FloatArray
from gpu_worker.speech.spectrum import RATE, frame_db

#: Length of a window of analysis, seconds: the cut is looked for between the two.
WINDOW_LEAST, WINDOW_MOST = 20.0, 32.0
_HOP = 160
_QUIET_SECONDS = 0.25


def cut_after(samples: FloatArray, start: float, least: float = WINDOW_LEAST, most: float = WINDOW_MOST) -> float:
    """The end, in seconds, of the window of 16 kHz sound that begins at ``start``: the middle of the quietest quarter
    of a second between ``least`` and ``most`` seconds later, or the end of the sound if that is nearer."""
    duration = len(samples) / RATE
    if duration - start <= most:
        return duration
    first, last = int((start + least) * RATE), int((start + most) * RATE)
    level = frame_db(samples[first:last], _HOP)
    width = int(_QUIET_SECONDS * RATE / _HOP)
    quiet = np.convolve(level, np.ones(width) / width, "valid")
    return (first + (int(quiet.argmin()) + width / 2) * _HOP) / RATE


def windows(samples: FloatArray, least: float = WINDOW_LEAST, most: float = WINDOW_MOST) -> list[tuple[float, float]]:
    """The whole sound as windows that end at pauses, (start, end) in seconds."""
    duration = len(samples) / RATE
    found: list[tuple[float, float]] = []
    start = 0.0
    while start < duration - 1e-6:
        end = cut_after(samples, start, least, most)
        found.append((start, end))
        start = end
    return found
