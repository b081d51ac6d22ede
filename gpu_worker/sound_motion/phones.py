"""From the model's opinion of each row to a row of phones: what a timeline is made of.

The best path (Viterbi) through the phones' probabilities, with a price on every change of phone. A phone's viseme has a
say too: the lips need the class to be right before they need the phone.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gpu_worker.errors import EngineError
from gpu_worker.schema import VISEMES, FloatArray, Phone
from gpu_worker.sound_motion.layout import PHONES, RATE, ROW_RATE
from gpu_worker.sound_motion.model import Motion, SoundModel, model_in_use
from gpu_worker.sound_motion.stream import motion_of
from gpu_worker.visemes.parameters import SHAPES

#: Price of a change of phone, natural log; share of the viseme's opinion.
_CHANGE, _VISEME_SHARE = 2.0, 0.5
_LEAST = 1e-4


def sound_phones(
    samples: FloatArray, progress: Callable[[float], None] | None = None, model: SoundModel | None = None
) -> list[Phone]:
    """Contiguous phones (with ``SIL``) over the whole of mono 16 kHz sound in [-1, 1]. ``progress`` is called with
    fractions in [0, 1]; what it raises passes through.

    Raises :class:`EngineError` where no speech is made out or the model is missing.
    """
    phones = decoded(motion_of(samples, model or model_in_use("full"), progress=progress), len(samples) / RATE)
    if not any(phone.phone != "SIL" for phone in phones):
        raise EngineError("No phones could be made out.")
    return phones


def decoded(motion: Motion, duration: float) -> list[Phone]:
    """The best phones for rows of probabilities, from 0 to ``duration`` seconds."""
    scores = phone_scores(motion)
    path = best_path(scores, _CHANGE)
    edges = np.flatnonzero(np.diff(path)) + 1
    starts, ends = [0, *edges.tolist()], [*edges.tolist(), len(path)]
    # A row stands for the 20 ms about its instant.
    times = [max((row - 0.5) / ROW_RATE, 0.0) for row in starts] + [duration]
    found = []
    for place, (start, _) in enumerate(zip(starts, ends, strict=True)):
        first, last = min(times[place], duration), min(times[place + 1], duration)
        if last > first:
            found.append(Phone(PHONES[int(path[start])], first, last))
    return found


def phone_scores(motion: Motion) -> FloatArray:
    """Log of each phone's probability, drawn towards what its viseme says: ``(rows, phones)``."""
    classes = [VISEMES.index(SHAPES[name].viseme) if name in SHAPES else -1 for name in PHONES]
    of_viseme = np.concatenate([motion.visemes, motion.visemes.max(axis=1, keepdims=True)], axis=1)[:, classes]
    scores: FloatArray = np.log(motion.phones + _LEAST) + _VISEME_SHARE * np.log(of_viseme + _LEAST)
    return scores


def best_path(scores: FloatArray, change: float) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The sequence of columns with the highest sum of ``scores`` (rows, columns), less ``change`` for every change."""
    rows, columns = scores.shape
    came_from = np.empty((rows, columns), np.int64)
    total = scores[0].astype(np.float64)
    came_from[0] = np.arange(columns)
    for row in range(1, rows):
        best = int(total.argmax())
        changed = total[best] - change
        stays = total >= changed
        came_from[row] = np.where(stays, np.arange(columns), best)
        total = np.where(stays, total, changed) + scores[row]
    path = np.empty(rows, np.int64)
    path[-1] = int(total.argmax())
    for row in range(rows - 1, 0, -1):
        path[row - 1] = came_from[row, path[row]]
    return path
