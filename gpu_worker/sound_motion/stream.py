"""Motion while somebody speaks: sound goes in by pieces of any size, controls come out at the video's rate.

What comes out does not depend on the pieces, and no more than ``LOOK_AHEAD_SECONDS`` of sound is waited for: the frame
of an instant t comes as soon as sound up to t + 110 ms (and the rest of its 20 ms row) is there.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gpu_worker.errors import EngineError
from gpu_worker.schema import CONTROL, CONTROLS, VISEMES, FloatArray
from gpu_worker.sound_motion.features import FeatureStream, full_features
from gpu_worker.sound_motion.layout import (
    EXPRESSION,
    EXPRESSION_UNITS,
    FEATURES,
    LOOK_AHEAD_ROWS,
    MOUTH,
    PHONES,
    ROW_RATE,
)
from gpu_worker.sound_motion.model import Motion, SoundModel, live_model, noise_rows
from gpu_worker.sound_motion.phone_loop import PhoneLoop

_MOUTH = [CONTROL[name] for name in MOUTH]
_EXPRESSION = [CONTROL[name] for name in EXPRESSION]
#: Rows before its own that a window holds, and the most windows that are answered at once.
WINDOW_ROWS, _MOST_WINDOWS = 40, 64
_UNITS = np.array([EXPRESSION_UNITS.get(name, 1.0) for name in EXPRESSION], np.float32)


class RowStream:
    """Answers for each row, as soon as they are sure: the same for every way of cutting the sound.

    A causal model goes on from what it remembers. A full-context one is asked anew for each row, in a window that ends
    with the look-ahead: as at the end of a sound, which it has met in training.
    """

    def __init__(self, model: SoundModel, seed: int = 0) -> None:
        # A window's rows are about themselves, as in a whole sound.
        self._features = FeatureStream(None if model.causal else PhoneLoop(late=0))
        self._rows: _Memory | _Window = _Memory(model, seed) if model.causal else _Window(model, seed)

    def push(self, samples: FloatArray) -> Motion:
        """The rows that mono 16 kHz ``samples`` in [-1, 1] make sure of."""
        return self._rows.answer(self._features.push(samples))

    def finish(self) -> Motion:
        """What is left when the sound has ended: as many rows in all as the sound has."""
        rows = self._features.finish()
        self._rows.last = rows[-1:] if len(rows) else self._rows.last
        return self._rows.answer(np.concatenate([rows, np.repeat(self._rows.last, LOOK_AHEAD_ROWS, axis=0)]))


class _Memory:
    """Rows of a causal model."""

    def __init__(self, model: SoundModel, seed: int) -> None:
        self._model, self._seed = model, seed
        self._memory = model.empty_memory()
        self._given = 0
        self.last = np.zeros((1, FEATURES), np.float32)

    def answer(self, features: FloatArray) -> Motion:
        if not len(features):
            return no_motion()
        self.last = features[-1:]
        noise = noise_rows(self._seed, self._given, len(features))
        motion, self._memory = self._model.answer(features, noise, self._memory)
        early = max(LOOK_AHEAD_ROWS - self._given, 0)
        self._given += len(features)
        return motion.part(min(early, len(motion)))


class _Window:
    """Rows of a full-context model, each in a window of its own."""

    def __init__(self, model: SoundModel, seed: int) -> None:
        self._model, self._seed = model, seed
        self._held = np.zeros((0, FEATURES), np.float32)
        self._first = self._next = 0  # number of the first row held, and of the next that is answered for
        self.last = np.zeros((1, FEATURES), np.float32)

    def answer(self, features: FloatArray) -> Motion:
        if len(features):
            self.last = features[-1:]
        self._held = np.concatenate([self._held, features])
        found = no_motion()
        end = self._first + len(self._held) - LOOK_AHEAD_ROWS
        while self._next < end:
            # Before the sound nothing is: the first windows are shorter.
            back = min(self._next, WINDOW_ROWS)
            count = end - self._next if back == WINDOW_ROWS else 1
            count = min(count, _MOST_WINDOWS)
            size = back + 1 + LOOK_AHEAD_ROWS
            begin = self._next - back - self._first
            windows = np.stack([self._held[begin + place : begin + place + size] for place in range(count)])
            noise = np.stack([noise_rows(self._seed, self._next - back + place, size) for place in range(count)])
            found = joined(found, self._model.answer_windows(windows, noise, back))
            self._next += count
        drop = max(self._next - WINDOW_ROWS - self._first, 0)
        self._held = self._held[drop:]
        self._first += drop
        return found


class SoundStream:
    """Controls for each frame of a video, from sound by pieces."""

    def __init__(self, fps: float = 25.0, seed: int = 0, model: SoundModel | None = None) -> None:
        self._rows = RowStream(model or live_model(), seed)
        self._fps = fps
        self._held = no_motion()
        self._first = 0  # number of the first row held
        self._frame = 0

    def push(self, samples: FloatArray) -> FloatArray:
        """The frames ``(n, len(CONTROLS))`` that mono 16 kHz ``samples`` make sure of, in order; n may be 0."""
        return self._take(self._rows.push(samples), False)

    def finish(self) -> FloatArray:
        """The frames that are left when the sound has ended."""
        return self._take(self._rows.finish(), True)

    def _take(self, motion: Motion, ended: bool) -> FloatArray:
        self._held = joined(self._held, motion)
        known = self._first + len(self._held)
        # A frame lies between two rows; the last row of the sound stands for what follows it.
        last = int(np.floor((known - 1) * self._fps / ROW_RATE + 1e-6)) + 1
        if ended:
            last = int(np.ceil(known * self._fps / ROW_RATE - 1e-6))
        last = max(last, self._frame)
        at = np.arange(self._frame, last) * ROW_RATE / self._fps
        frames = controls_at(self._held, at - self._first)
        self._frame = last
        drop = int(np.clip(np.floor(last * ROW_RATE / self._fps) - 1 - self._first, 0, len(self._held)))
        self._held = self._held.part(drop)
        self._first += drop
        return frames


def motion_of(
    samples: FloatArray, model: SoundModel, seed: int = 0, progress: Callable[[float], None] | None = None
) -> Motion:
    """What the model says of each row of a whole sound (mono, 16 kHz, [-1, 1]): ceil(n / 320) rows."""
    if not len(samples):
        raise EngineError("there is no sound")
    if model.causal:
        stream = RowStream(model, seed)
        return joined(stream.push(samples), stream.finish())
    features = full_features(samples, progress)
    motion, _ = model.answer(features, noise_rows(seed, 0, len(features)))
    return motion


def controls_at(motion: Motion, rows: np.ndarray[tuple[int], np.dtype[np.float64]]) -> FloatArray:
    """All controls ``(n, len(CONTROLS))`` at fractional ``rows``, between its neighbours; eyes and head in the units of
    ``schema.CONTROLS``."""
    values = np.zeros((len(rows), len(CONTROLS)), np.float32)
    if not len(rows):
        return values
    low = np.clip(np.floor(rows + 1e-6).astype(np.int64), 0, len(motion) - 1)
    high = np.minimum(low + 1, len(motion) - 1)
    part = np.clip(rows - low, 0.0, 1.0)[:, None].astype(np.float32)
    values[:, _MOUTH] = motion.mouth[low] * (1.0 - part) + motion.mouth[high] * part
    values[:, _EXPRESSION] = (motion.expression[low] * (1.0 - part) + motion.expression[high] * part) * _UNITS
    return values


def no_motion() -> Motion:
    """No rows."""
    columns = (len(VISEMES), len(PHONES), len(MOUTH), len(EXPRESSION))
    return Motion(*(np.zeros((0, count), np.float32) for count in columns))


def joined(one: Motion, other: Motion) -> Motion:
    """The rows of one after those of the other."""
    names = ("visemes", "phones", "mouth", "expression")
    return Motion(*(np.concatenate([getattr(one, name), getattr(other, name)]) for name in names))
