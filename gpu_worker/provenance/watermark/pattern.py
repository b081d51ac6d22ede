"""The geometry and the spreading of the watermark: what embedder and detector must agree on.

Lengths are in *units*: 1/512 of the picture's shorter side, so that a resized copy carries the same pattern. The plane
is tiled with squares of 32 by 32 chips of 6 units; each tile carries the whole code word. A quarter of the chips is
known to the detector (the template that finds scale and position), the rest carries 256 coded bits by 3 chips each.
Which chip is which, and its sign, come from SHAKE-256 of a key: the same on every machine and for ever.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from gpu_worker.provenance.watermark.code import CODED_BITS

UNITS = 512
CHIP = 6
CHIPS = 32
TILE = CHIP * CHIPS

#: Version 1 of the pattern. A key of the operator's own keeps strangers from forging the mark or aiming at it.
DEFAULT_KEY = b"picturetalk-watermark-1"

_CHIPS_PER_BIT = 3
_SYNC = -1
_CHIP_REACH = 0.75  # half width of a chip's raised cosine, in chips
_SLOW = 3.0  # shades slower than this (sigma, units) are the picture's own
_NEIGHBOURHOOD = 5.0  # sigma of what counts as "around here", units
_NOISE_FLOOR = 1.5  # grey levels that re-encoding adds everywhere
_CLIP = 2.5
_BUSY_POWER = 1.7  # the mark grows with activity to the power 0.7, the picture's noise with 1: weight = mark / noise^2

Plane = NDArray[np.float32]


@dataclass(frozen=True)
class Layout:
    """``owner`` (32, 32): index of the coded bit a chip carries, -1 for the template; ``sign`` (32, 32): -1 or +1."""

    owner: NDArray[np.int16]
    sign: NDArray[np.int8]

    @property
    def template(self) -> NDArray[np.bool_]:
        """Mask (32, 32) of the chips that the detector knows."""
        mask: NDArray[np.bool_] = self.owner == _SYNC
        return mask


@lru_cache(maxsize=4)
def layout(key: bytes = DEFAULT_KEY) -> Layout:
    """The chips of one tile for ``key``."""
    count = CHIPS * CHIPS
    stream = hashlib.shake_256(key).digest(count * 9)
    order = np.argsort(np.frombuffer(stream[: count * 8], dtype=">u8"), kind="stable")
    owner = np.full(count, _SYNC, dtype=np.int16)
    owner[order[: CODED_BITS * _CHIPS_PER_BIT]] = np.arange(CODED_BITS * _CHIPS_PER_BIT) % CODED_BITS
    sign = np.where(np.frombuffer(stream[count * 8 :], dtype=np.uint8) & 1, 1, -1).astype(np.int8)
    return Layout(owner.reshape(CHIPS, CHIPS), sign.reshape(CHIPS, CHIPS))


@lru_cache(maxsize=1)
def _chip_shapes() -> Plane:
    """(TILE, CHIPS): the raised cosine of each chip along one axis, periodic."""
    position = (np.arange(TILE) + 0.5) / CHIP
    centre = np.arange(CHIPS) + 0.5
    distance = np.abs((position[:, None] - centre[None] + CHIPS / 2) % CHIPS - CHIPS / 2)
    shape = np.where(distance < _CHIP_REACH, np.cos(np.pi * distance / (2 * _CHIP_REACH)) ** 2, 0)
    return shape.astype(np.float32)


def tile(chips: Plane) -> Plane:
    """(32, 32) chip values drawn as a smooth (TILE, TILE) tile, one pixel a unit."""
    shapes = _chip_shapes()
    drawn: Plane = shapes @ chips.astype(np.float32) @ shapes.T
    return drawn


def chip_sums(folded: Plane) -> Plane:
    """(32, 32): a folded tile, its origin at (0, 0), gathered by chip; the adjoint of :func:`tile`."""
    shapes = _chip_shapes()
    sums: Plane = shapes.T @ folded @ shapes
    return sums


def canonical(luma: NDArray[np.uint8] | Plane) -> Plane:
    """A (height, width) picture resized to one pixel a unit: 512 pixels on its shorter side."""
    height, width = luma.shape
    unit = min(height, width) / UNITS
    size = (max(1, round(width / unit)), max(1, round(height / unit)))
    interpolation = cv2.INTER_AREA if unit >= 1 else cv2.INTER_CUBIC
    return cv2.resize(luma, size, interpolation=interpolation).astype(np.float32)


def without_shades(plane: Plane) -> Plane:
    """A plane freed of slow shades. Symmetric, so it is its own adjoint."""
    residue: Plane = plane - cv2.GaussianBlur(plane, (0, 0), _SLOW)
    return residue


def activity(residue: Plane) -> Plane:
    """Root mean square of a residue around each pixel, plus the noise floor; grey levels."""
    spread: Plane = np.sqrt(cv2.GaussianBlur(residue * residue, (0, 0), _NEIGHBOURHOOD)) + np.float32(_NOISE_FLOOR)
    return spread


def detector_weight(plane: Plane) -> Plane:
    """How much the detector makes of each pixel's residue."""
    weight: Plane = activity(without_shades(plane)) ** np.float32(-_BUSY_POWER)
    return weight


def normalise(plane: Plane) -> Plane:
    """What the detector correlates: the residue, clipped against edges, weighed so that calm places speak louder."""
    residue = without_shades(plane)
    return Weights.of(residue).applied(residue)


@dataclass(frozen=True)
class Weights:
    """What the detector makes of residues: the bound that clips them, and their weight; planes."""

    bound: Plane
    weight: Plane

    @classmethod
    def of(cls, residue: Plane) -> Weights:
        """As the activity of ``residue`` has it."""
        busy = activity(residue)
        return cls(np.float32(_CLIP) * busy, cv2.pow(busy, -_BUSY_POWER).astype(np.float32))

    def applied(self, residue: Plane) -> Plane:
        """``residue``, clipped and weighed."""
        answer: Plane = np.clip(residue, -self.bound, self.bound)
        answer *= self.weight
        return answer


def fold(plane: Plane) -> Plane:
    """Sum of all tiles of a plane as (TILE, TILE), the tile's origin at the plane's."""
    rows, columns = -(-plane.shape[0] // TILE), -(-plane.shape[1] // TILE)
    padded = np.zeros((rows * TILE, columns * TILE), dtype=np.float32)
    padded[: plane.shape[0], : plane.shape[1]] = plane
    summed: Plane = padded.reshape(rows, TILE, columns, TILE).sum(axis=(0, 2))
    return summed


def unfold(drawn: Plane, shape: tuple[int, ...]) -> Plane:
    """A tile repeated over a plane of ``shape``; the adjoint of :func:`fold`."""
    return np.tile(drawn, (-(-shape[0] // TILE), -(-shape[1] // TILE)))[: shape[0], : shape[1]]


def soft_bits(chips: Plane, plan: Layout) -> Plane:
    """(256,) sums of each coded bit's chips, signs undone."""
    carrying = ~plan.template
    owner, values = plan.owner[carrying], (chips * plan.sign)[carrying]
    return np.bincount(owner, weights=values, minlength=CODED_BITS).astype(np.float32)
