"""The examples of a step: which ones, from where, and how changed is a function of the seed and the number of the step.

So a run that is resumed, or spread over several processes, sees what an undisturbed one on a single machine would.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gpu_worker.sound_motion.layout import CONDITIONS, EXPRESSION, FEATURES, MOUTH, NOISE
from gpu_worker.training.augmentation import masked_features
from gpu_worker.training.prepared import Array, Prepared, PreparedClip

#: How often an example is told its phones, so that one network serves with and without them.
_TOLD = 0.1


@dataclass(frozen=True)
class Batch:
    """``features`` (batch, rows, FEATURES), ``conditions``, two draws of ``noise``, and what is to be said of them:
    ``mouth`` and ``expression`` with what was ``seen`` of each (0 or 1), ``visemes`` and ``phones`` (-1 unknown)."""

    features: Tensor
    conditions: Tensor
    noise: Tensor
    other_noise: Tensor
    mouth: Tensor
    mouth_seen: Tensor
    expression: Tensor
    expression_seen: Tensor
    visemes: Tensor
    phones: Tensor

    def to(self, device: torch.device) -> Batch:
        return Batch(*(getattr(self, name).to(device) for name in self.__dataclass_fields__))


class BatchMaker:
    """Batches of a prepared set. ``share`` of ``shares`` is the part of each batch that this process takes."""

    def __init__(
        self,
        prepared: Prepared,
        weights: dict[str, float],
        size: int,
        rows: int,
        seed: int,
        share: int = 0,
        shares: int = 1,
    ) -> None:
        if size % shares:
            raise ValueError(f"a batch of {size} cannot be shared among {shares} processes")
        self._prepared, self._rows, self._seed = prepared, rows, seed
        self._places = range(share * size // shares, (share + 1) * size // shares)
        # Long clips hold more that is new, so they are drawn more often.
        drawn = np.array([clip.rows * weight_of(clip, weights) for clip in prepared.clips], np.float64)
        self._shares = np.cumsum(drawn / drawn.sum())

    def batch(self, step: int) -> Batch:
        """The batch of one step, counted from 0."""
        return _stacked([self._example(step, place) for place in self._places])

    def _example(self, step: int, place: int) -> dict[str, Array]:
        generator = np.random.default_rng([self._seed, step, place])
        which = min(int(np.searchsorted(self._shares, generator.random(), "right")), len(self._shares) - 1)
        clip = self._prepared.clips[which]
        count = min(self._rows, clip.rows)
        first = clip.first + int(generator.integers(0, clip.rows - count + 1))
        found = cut(self._prepared, first, count, self._rows)
        found["features"][:count] = masked_features(found["features"][:count], generator)
        if generator.random() < _TOLD:
            found["conditions"][:count] = told_phones(found["phones"][:count])
        found["noise"] = generator.normal(0.0, 1.0, (self._rows, NOISE)).astype(np.float32)
        found["other_noise"] = generator.normal(0.0, 1.0, (self._rows, NOISE)).astype(np.float32)
        return found


def weight_of(clip: PreparedClip, weights: dict[str, float]) -> float:
    """How often a clip is drawn: by the longest beginning of its person's name that has a weight, else by its kind."""
    named = max((name for name in weights if clip.person.startswith(name)), key=len, default=clip.source)
    return weights.get(named, 1.0)


def whole_clip(prepared: Prepared, which: int, noise_seed: int = 0) -> Batch:
    """One clip from end to end, unchanged."""
    clip = prepared.clips[which]
    found = cut(prepared, clip.first, clip.rows, clip.rows)
    generator = np.random.default_rng([noise_seed, which])
    for name in ("noise", "other_noise"):
        found[name] = generator.normal(0.0, 1.0, (clip.rows, NOISE)).astype(np.float32)
    return _stacked([found])


def cut(prepared: Prepared, first: int, count: int, rows: int) -> dict[str, Array]:
    """``count`` rows from row ``first`` of the set, filled up to ``rows`` with silence of which nothing is known."""
    part = slice(first, first + count)

    def filled(values: Array, width: int) -> Array:
        result = np.zeros((rows, width), np.float32)
        result[:count] = values[part]
        return result

    def labels(values: Array) -> Array:
        result = np.full(rows, -1, np.int64)
        result[:count] = values[part]
        return result

    return {
        "features": filled(prepared.features, FEATURES),
        "conditions": np.zeros((rows, CONDITIONS), np.float32),
        "mouth": filled(prepared.mouth, len(MOUTH)),
        "mouth_seen": filled(prepared.mouth_seen, len(MOUTH)),
        "expression": filled(prepared.expression, len(EXPRESSION)),
        "expression_seen": filled(prepared.expression_seen, len(EXPRESSION)),
        "visemes": labels(prepared.visemes),
        "phones": labels(prepared.phones),
    }


def told_phones(phones: Array) -> Array:
    """Conditions that name the phone of each row: ``(rows, CONDITIONS)``; none where it is unknown."""
    told = np.zeros((len(phones), CONDITIONS), np.float32)
    known = phones >= 0
    told[np.flatnonzero(known), phones[known]] = 1.0
    return told


def _stacked(examples: list[dict[str, Array]]) -> Batch:
    return Batch(
        **{name: torch.from_numpy(np.stack([one[name] for one in examples])) for name in Batch.__dataclass_fields__}
    )
