"""The last resort: no words and no phones, only loud and soft. The jaw follows the syllables, the lips do nothing.

Each hump of the loudness is taken for a vowel, the dips between for something with the mouth nearly shut, and what is
quiet for silence. No closures are made up.
"""

from __future__ import annotations

import numpy as np

from gpu_worker.schema import FloatArray, Phone
from gpu_worker.speech.spectrum import RATE, frame_db

_HOP = 160
#: Quieter than this below the loudest is silence, dB.
_SILENCE_DB = 32.0
#: A dip between two humps must be this deep, dB.
_DIP_DB = 3.0
_SMOOTH_SECONDS = 0.05


def syllables(samples: FloatArray) -> list[Phone]:
    """Contiguous ``SIL``, ``AH`` and ``N`` over the whole of 16 kHz sound; never empty."""
    duration = len(samples) / RATE
    level = frame_db(samples, _HOP)
    width = max(int(_SMOOTH_SECONDS * RATE / _HOP), 1)
    if len(level) < 4 * width:
        return [Phone("SIL", 0.0, max(duration, 1e-3))]
    level = np.convolve(np.pad(level, width // 2, "edge"), np.ones(width) / width, "valid")[: len(level)]
    ceiling = float(np.quantile(level, 0.98))
    loud = level > ceiling - _SILENCE_DB
    # Within half a syllable of a dip the mouth is nearly shut.
    reach = 8
    padded = np.pad(level, reach, "edge")
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)
    dip = (around.max(axis=1) - level > _DIP_DB) & (around[:, : reach + 1].max(axis=1) > level + _DIP_DB / 2)
    dip &= around[:, reach:].max(axis=1) > level + _DIP_DB / 2
    names = np.where(~loud, "SIL", np.where(dip, "N", "AH"))
    edges = np.flatnonzero(names[1:] != names[:-1]) + 1
    starts = [0, *edges.tolist()]
    ends = [*edges.tolist(), len(names)]
    phones = [
        Phone(str(names[start]), start * _HOP / RATE, end * _HOP / RATE)
        for start, end in zip(starts, ends, strict=True)
    ]
    phones[-1] = Phone(phones[-1].phone, phones[-1].start, duration)
    return phones
