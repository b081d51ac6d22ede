"""The photo's grain: how strong it is, and a tile of it to give back what interpolation takes away."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from gpu_worker.rendering.arrays import F32, I8, U8, Bool, smoothstep
from gpu_worker.rendering.imaging import blurred, grey_of
from gpu_worker.rendering.sampling import SHARPNESS, enlarge_and_pack, loss_table
from gpu_worker.rendering.warping import warp_region

#: Side of the tile; a power of two, because positions in it are taken by masking bits.
TILE = 256
#: Value of one standard deviation in the tile.
UNIT = 16
#: Fractions of a pixel at which reading is tried, and the bounds of what is given back in shares of the photo's grain.
_TRIED = (1 / 6, 1 / 2, 5 / 6)
_LEAST, _MOST = 0.2, 0.6
#: The encoder takes 5 to 15 % of the finest detail, most of a grainy picture; part of its energy is given in advance:
#: least and most, between these strengths of the grain, grey levels.
_ENCODED, _GRAINY = (1.05, 1.12), (4.0, 8.0)
#: Sharpnesses that are tried.
_SHARPNESSES = (1.1, 1.2, 1.3, 1.4, 1.5)


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


@dataclass(frozen=True)
class Reading:
    """How a photo is read between its pixels: sharpness of the enlargement, and grain (grey levels) given back."""

    sharpness: float
    grain: float


def fit_reading(patch: U8, grain: float) -> Reading:
    """Choose how to read so that the photo's finest detail is neither lost nor exaggerated.

    Reads a patch of the face at nine positions within a pixel and compares the energy of the Laplacian with the
    photo's: first the sharpness is chosen, then the grain that adds what is still missing, within bounds: noise is no
    substitute for detail.

    Args:
        patch: ``(h, w, 3)`` of the face.
        grain: :func:`measure_grain` of the photo.
    """
    if min(patch.shape[:2]) < 12:
        return Reading(SHARPNESS, _MOST * grain)
    given = _ENCODED[0] + (_ENCODED[1] - _ENCODED[0]) * float(smoothstep(grain, *_GRAINY))
    wanted = given * _fine_energy(grey_of(patch))
    kept = [_energy_read(patch, sharpness) for sharpness in _SHARPNESSES]
    best = int(np.argmin(np.abs(np.array(kept) - wanted)))
    losses = loss_table().reshape(16, 16)[np.ix_(*[[int(16 * t) for t in _TRIED]] * 2)] / 256.0
    per_unit = float((losses**2).mean()) * _fine_energy(noise_tile().astype(np.float32) / UNIT)
    strength = float(np.sqrt(max(0.0, wanted - kept[best]) / per_unit))
    return Reading(_SHARPNESSES[best], float(np.clip(strength, _LEAST * grain, _MOST * grain)))


def _energy_read(patch: U8, sharpness: float) -> float:
    """Mean energy of the finest detail of ``patch`` read at positions between its pixels."""
    height, width = patch.shape[:2]
    packed = enlarge_and_pack(patch, sharpness)
    spans = np.tile(np.array([0, width], dtype=np.int32), (height, 1))
    field = np.empty((height // 64 + 3, width // 64 + 3, 3), dtype=np.float32)
    out = np.empty_like(patch)
    energies = []
    for dx, dy in itertools.product(_TRIED, repeat=2):
        field[...] = (dx, dy, 0.0)
        reading = (packed.ravel(), packed.shape[1], packed.shape[0], 0, 0)
        warp_region(*reading, loss_table(), noise_tile(), 0, 0, 0, field, 0, 0, 64, 0, spans, patch, out)
        energies.append(_fine_energy(grey_of(out)))
    return float(np.mean(energies))


def _fine_energy(grey: U8 | F32) -> float:
    """Variance of the Laplacian away from the border."""
    return float(np.var(cv2.Laplacian(grey.astype(np.float32), cv2.CV_32F)[3:-3, 3:-3]))
