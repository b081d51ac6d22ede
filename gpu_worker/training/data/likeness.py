"""Is one person there under two names? A split by names is worth nothing then.

The shapes of two faces at rest are compared after the best similarity transform (Procrustes). It is a weak witness: two
recordings of one person differ by 0.003 to 0.007 face heights, two people by 0.007 to 0.018 (measured on four people).
So it only points out pairs to look at, and only where it matters: in different parts of the split.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations

import numpy as np

from gpu_worker.rendering.arrays import F64
from gpu_worker.schema import FloatArray
from gpu_worker.training.clip import Split

#: Root mean square distance of the points, face heights, below which two faces are pointed out.
ALIKE = 0.006
#: Most recordings of one person that are looked at.
_MOST = 16


class Faces:
    """Collects the faces at rest of people and compares them."""

    def __init__(self) -> None:
        self._rests: dict[str, list[FloatArray]] = {}
        self._parts: dict[str, Split] = {}

    def add(self, person: str, part: Split, rest: FloatArray) -> None:
        """``rest`` is the face at rest of one recording, ``(468, 3)`` in local axes."""
        known = self._rests.setdefault(person, [])
        self._parts[person] = part
        if len(known) < _MOST:
            known.append(rest)

    def alike(self) -> tuple[tuple[str, str, float], ...]:
        """Pairs of people in different parts whose faces are alike, the likest first."""
        means = {person: mean_shape(rests) for person, rests in self._rests.items()}
        pairs = _across(means, self._parts)
        found = [(one, other, shape_distance(means[one], means[other])) for one, other in pairs]
        return tuple(sorted((pair for pair in found if pair[2] < ALIKE), key=lambda pair: pair[2]))


def _across(means: Mapping[str, F64], parts: Mapping[str, Split]) -> Iterable[tuple[str, str]]:
    return ((one, other) for one, other in combinations(sorted(means), 2) if parts[one] != parts[other])


def mean_shape(rests: list[FloatArray]) -> F64:
    """The median of several faces at rest of one person, ``(468, 3)``."""
    shape: F64 = np.median(np.stack(rests).astype(np.float64), axis=0)
    return shape


def shape_distance(one: F64, other: F64) -> float:
    """Root mean square distance of the points as seen from the front, in units of ``one``, after the rotation, scale
    and shift that bring ``other`` nearest to it."""
    first, second = one - one.mean(0), other - other.mean(0)
    left, values, right = np.linalg.svd(second.T @ first)
    scale = values.sum() / max(float((second**2).sum()), 1e-12)
    apart = first - scale * second @ (left @ right)
    return float(np.sqrt((apart[:, :2] ** 2).sum(1).mean()))
