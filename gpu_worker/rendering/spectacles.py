"""Whether the face wears spectacles: their bridge crosses the nose, where skin has no sharp bands.

Along the ridge of the nose, colour changes slowly on any face and in any light. The bridge of a frame is a band of
another colour across it. What lies at a frame's rims must not bend, so the skin around them is kept still.
"""

from __future__ import annotations

import cv2
import numpy as np

from gpu_worker.rendering.arrays import F64, U8, smoothstep
from gpu_worker.rendering.imaging import lab_of

#: The ridge of the nose from between the eyes downwards.
_RIDGE = (168, 6, 197, 195, 5)
_EYE_CORNERS = (33, 263)
#: Half the breadth over which the ridge is averaged, and the distance of the skin that a band is compared with, in
#: face heights.
_HALF_BREADTH, _BESIDE = 0.018, 0.03
#: Contrast of a band (difference in Lab) that is skin, and that is surely a bridge. Bare noses show 1.5 to 4.
_SKIN, _BRIDGE = 6.0, 11.0
#: The photo is looked at with this many pixels a face height, so that grain averages out.
_UNIT = 160.0
_SAMPLES, _LINES = 80, 7


def band_contrast(pixels: U8, landmarks: F64, unit: float) -> float:
    """Strongest band across the ridge of the nose: its difference in Lab from the skin above and below it.

    Args:
        pixels: the photo.
        landmarks: ``(478, >=2)`` pixels.
        unit: face height in pixels.
    """
    ridge = landmarks[list(_RIDGE), :2]
    margin = 0.05 * unit + 2
    low = np.maximum(np.floor(ridge.min(0) - margin).astype(int), 0)
    high = np.minimum(np.ceil(ridge.max(0) + margin).astype(int) + 1, (pixels.shape[1], pixels.shape[0]))
    if (high - low).min() < 4:
        return 0.0
    scale = min(1.0, _UNIT / unit)
    patch = pixels[low[1] : high[1], low[0] : high[0]]
    lab = lab_of(np.asarray(cv2.resize(patch, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), dtype=np.uint8))
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(ridge, axis=0), axis=1))])
    at = np.linspace(0.0, along[-1], _SAMPLES)
    line = np.stack([np.interp(at, along, ridge[:, k]) for k in range(2)], axis=1)
    across = landmarks[_EYE_CORNERS[1], :2] - landmarks[_EYE_CORNERS[0], :2]
    across = across / np.linalg.norm(across)
    aside = np.linspace(-_HALF_BREADTH, _HALF_BREADTH, _LINES) * unit
    where = ((line[:, None] + aside[None, :, None] * across - low) * scale).astype(np.float32)
    colours = cv2.remap(lab, where[..., 0], where[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).mean(1)
    step = max(1, round(_BESIDE * unit / (at[1] - at[0] + 1e-9)))
    if 2 * step >= _SAMPLES:
        return 0.0
    band = colours[step:-step] - (colours[: -2 * step] + colours[2 * step :]) / 2
    return float(np.linalg.norm(band, axis=1).max())


def measure_spectacles(pixels: U8, landmarks: F64, unit: float) -> float:
    """0 where the nose is bare, 1 where a frame crosses it. Rimless spectacles and thin wires may not be seen."""
    return float(smoothstep(band_contrast(pixels, landmarks, unit), _SKIN, _BRIDGE))
