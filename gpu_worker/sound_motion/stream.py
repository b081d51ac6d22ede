"""Motion while somebody speaks: sound goes in by pieces of any size, controls come out at the video's rate.

What comes out does not depend on the pieces, and no more than ``LOOK_AHEAD_SECONDS`` of sound is waited for: the frame
of an instant t comes as soon as sound up to t + 110 ms (and the rest of its 20 ms row) is there.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gpu_worker.errors import EngineError
from gpu_worker.schema import CONTROL, CONTROLS, FloatArray
from gpu_worker.sound_motion.features import FeatureStream, full_features
from gpu_worker.sound_motion.layout import (
    EXPRESSION,
    EXPRESSION_UNITS,
    FEATURES,
    LOOK_AHEAD_ROWS,
    MOUTH,
    ROW_RATE,
)
from gpu_worker.sound_motion.model import Motion, SoundModel, noise_rows, shipped_model

_MOUTH = [CONTROL[name] for name in MOUTH]
_EXPRESSION = [CONTROL[name] for name in EXPRESSION]
_UNITS = np.array([EXPRESSION_UNITS.get(name, 1.0) for name in EXPRESSION], np.float32)


class RowStream:
    """Answers of the causal model for each row, as soon as they are sure."""

    def __init__(self, model: SoundModel, seed: int = 0) -> None:
        if not model.causal:
            raise EngineError("only the causal model can follow a stream", permanent=True)
        self._model, self._seed = model, seed
        self._features = FeatureStream()
        self._memory = model.empty_memory()
        self._given = 0

    def push(self, samples: FloatArray) -> Motion:
        """The rows that mono 16 kHz ``samples`` in [-1, 1] make sure of."""
        return self._answer(self._features.push(samples))

    def finish(self) -> Motion:
        """What is left when the sound has ended: as many rows in all as the sound has."""
        rows = self._features.finish()
        silence = np.repeat(rows[-1:], LOOK_AHEAD_ROWS, axis=0) if len(rows) else np.zeros((0, FEATURES), np.float32)
        return self._answer(np.concatenate([rows, silence]))

    def _answer(self, features: FloatArray) -> Motion:
        noise = noise_rows(self._seed, self._given, len(features))
        if len(features):
            motion, self._memory = self._model.answer(features, noise, self._memory)
        else:
            motion, _ = self._model.answer(np.zeros((1, FEATURES), np.float32), noise_rows(0, 0, 1), self._memory)
            motion = motion.part(0, 0)
        early = max(LOOK_AHEAD_ROWS - self._given, 0)
        self._given += len(features)
        return motion.part(min(early, len(motion)))


class SoundStream:
    """Controls for each frame of a video, from sound by pieces."""

    def __init__(self, fps: float = 25.0, seed: int = 0, model: SoundModel | None = None) -> None:
        self._rows = RowStream(model or shipped_model("causal"), seed)
        self._fps = fps
        self._held: Motion | None = None
        self._first = 0  # number of the first row held
        self._frame = 0

    def push(self, samples: FloatArray) -> FloatArray:
        """The frames ``(n, len(CONTROLS))`` that mono 16 kHz ``samples`` make sure of, in order; n may be 0."""
        return self._take(self._rows.push(samples), False)

    def finish(self) -> FloatArray:
        """The frames that are left when the sound has ended."""
        return self._take(self._rows.finish(), True)

    def _take(self, motion: Motion, ended: bool) -> FloatArray:
        self._held = motion if self._held is None else _joined(self._held, motion)
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
        return _joined(stream.push(samples), stream.finish())
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


def _joined(one: Motion, other: Motion) -> Motion:
    names = ("visemes", "phones", "mouth", "expression")
    return Motion(*(np.concatenate([getattr(one, name), getattr(other, name)]) for name in names))
