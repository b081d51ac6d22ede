"""Where closed lips and lids take their colour from, so that nothing of what lay between them sticks to their edges.

Lids take it from a fixed distance inside the skin. For lips the photo is asked: from each point of the inner contour
outwards, how far until the dark of the corners, the shade under the upper lip or the edge of a tooth ends?
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from gpu_worker.rendering.arrays import F32, F64, U8
from gpu_worker.rendering.imaging import blurred, grey_of
from gpu_worker.rendering.topology import LOWER_LIP, UPPER_LIP, Hole

#: Least and largest inset of lips, and that of lids, face heights.
_LEAST, _MOST, _LID = 0.006, 0.021, 0.010
#: How far the mouth corners may move outwards, face heights.
_MOST_AT_CORNERS = 0.03
#: How far out lip or skin surely begins, face heights.
_SURELY = (0.022, 0.040)
#: Difference of the grey level from there that counts as lip, share of the face's contrast.
_ALIKE = 0.10
_STEPS = 17


@dataclass(frozen=True)
class Insets:
    """For :func:`gpu_worker.rendering.holes.inset_source`: ``across`` is ``(2, n)``, ``ends`` is ``(2, 2)``, pixels."""

    across: F32
    ends: F32


def lid_insets(hole: Hole, unit: float) -> Insets:
    """The same everywhere; the corners of the eye stay."""
    across = np.full((2, len(hole.upper)), _LID * unit, dtype=np.float32)
    return Insets(across, np.zeros((2, 2), dtype=np.float32))


def lip_insets(pixels: U8, positions: F64, hole: Hole, flip: float, unit: float) -> Insets:
    """From the photo; ``positions`` are all mesh points in pixels, ``flip`` as for ``holes.build_strip``."""
    upper, lower = positions[hole.upper, :2], positions[hole.lower, :2]
    low = np.floor(np.concatenate([upper, lower]).min(0) - 0.06 * unit - 3).astype(int).clip(0)
    high = np.ceil(np.concatenate([upper, lower]).max(0) + 0.06 * unit + 4).astype(int)
    grey = grey_of(np.ascontiguousarray(pixels[low[1] : high[1], low[0] : high[0]]))
    soft = blurred(grey, max(0.5, 0.003 * unit))
    contrast = float(np.percentile(soft, 98) - np.percentile(soft, 2))
    middle = (upper + lower) / 2
    along = np.gradient(middle, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True) + 1e-9
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1) * flip
    across = []
    for contour, outwards, lip in ((upper, -normal, UPPER_LIP), (lower, normal, LOWER_LIP)):
        red = float(np.median(_seen(soft, positions[list(lip[1][2:9]), :2] - low)))
        found = _first_alike(soft, contour - low, outwards, unit, _MOST, contrast, red)
        found = np.maximum(found, _LEAST * unit)
        # a little wider than what is needed at any neighbour, and even along the lip
        wide = np.max(np.stack([np.roll(found, k) for k in (-1, 0, 1)]), axis=0)
        across.append(np.convolve(np.pad(wide, 2, mode="edge"), np.full(5, 0.2), mode="valid"))
    ends = []
    for end, outwards in ((0, -along[0]), (-1, along[-1])):
        reach = _first_alike(soft, middle[[end]] - low, outwards[None], unit, _MOST_AT_CORNERS, contrast)
        ends.append(outwards * reach[0])
    return Insets(np.asarray(across, dtype=np.float32), np.asarray(ends, dtype=np.float32))


def _seen(soft: F32, where: F64) -> F32:
    """Grey levels at positions ``(..., 2)``."""
    x, y = where[..., 0].astype(np.float32), where[..., 1].astype(np.float32)
    shape = x.shape
    flat = (x.reshape(-1, 1), y.reshape(-1, 1))
    seen = cv2.remap(soft, *flat, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(seen, dtype=np.float32).reshape(shape)


def _first_alike(
    soft: F32, points: F64, outwards: F64, unit: float, most: float, contrast: float, red: float | None = None
) -> F64:
    """Distance (pixels) from each point along ``outwards`` at which the picture first looks as it does further out,
    or like ``red``, the grey level of the lip."""
    steps = np.linspace(0.0, max(most, _SURELY[1]), 2 * _STEPS) * unit
    seen = _seen(soft, points[:, None] + steps[None, :, None] * outwards[:, None])
    sure = (steps >= _SURELY[0] * unit) & (steps <= _SURELY[1] * unit)
    off = np.abs(seen - np.median(seen[:, sure], axis=1, keepdims=True))
    if red is not None:
        off = np.minimum(off, np.abs(seen - red))
    alike = off < _ALIKE * contrast
    first = np.where(alike.any(axis=1), alike.argmax(axis=1), len(steps) - 1)
    found: F64 = np.minimum(steps[first], most * unit)
    return found
