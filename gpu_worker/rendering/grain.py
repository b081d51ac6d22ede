"""The photo's grain: how strong it is, and a tile of it to give back what interpolation takes away."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from gpu_worker.rendering.arrays import I8, U8, Bool
from gpu_worker.rendering.imaging import blurred

#: Side of the tile; a power of two, because positions in it are taken by masking bits.
TILE = 256
#: Value of one standard deviation in the tile.
UNIT = 16


@lru_cache(maxsize=1)
def noise_tile() -> I8:
    """A tile of slightly coarse noise, one standard deviation = 16, always the same."""
    white = np.random.default_rng(20).normal(0.0, 1.0, (TILE, TILE)).astype(np.float32)
    soft = blurred(white, 0.55)
    tile: I8 = np.clip(np.rint(soft / soft.std() * UNIT), -127, 127).astype(np.int8)
    return tile


def measure_grain(grey: U8, face: Bool) -> float:
    """Standard deviation of the photo's grain in grey levels: the robust spread of the finest detail in the face."""
    values = grey.astype(np.float32)
    fine = (values - blurred(values, 1.2))[face]
    return float(np.median(np.abs(fine)) * 1.4826) if fine.size else 0.0


def measure_blur(grey: U8, face: Bool, unit: float) -> float:
    """Standard deviation of the photo's blur in pixels, from its steepest edges in the face."""
    values = grey.astype(np.float32)
    slope = np.hypot(cv2.Sobel(values, cv2.CV_32F, 1, 0), cv2.Sobel(values, cv2.CV_32F, 0, 1))[face] / 8
    if not slope.size:
        return 0.5
    contrast = np.percentile(values[face], 98) - np.percentile(values[face], 2)
    return float(np.clip(contrast / (np.percentile(slope, 99.5) * 2.5 + 1e-3) / 2.5, 0.5, 0.02 * unit + 0.5))
