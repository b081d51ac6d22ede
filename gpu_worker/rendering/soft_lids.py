"""The skin of lids without its detail, and the colour of their lashes: what lids show that are drawn over the eyeball.

A narrow fold holds few pixels, and a lid drawn down from it shows them as streaks. The photo is softened around each
eye, from the skin alone: eyeball and lashes are left out of the means, or closed lids would be grey from them.
"""

from __future__ import annotations

import cv2
import numpy as np

from gpu_worker.rendering.arrays import F32, F64, U8
from gpu_worker.rendering.colour import polygon_mask
from gpu_worker.rendering.imaging import blurred

#: Standard deviation of the softening, and by how much lashes reach out of the opening, face heights.
_SOFTNESS, _LASHES = 0.012, 0.012
#: Breadth of the line of lashes, face heights.
_LINE = 0.0055
#: How far into the opening the edge of the lid may lie, face heights.
_EYEBALL = 0.002
#: Factors on the softening: where the narrowest sees no skin, the next one is asked.
_WIDER = (1.0, 2.5, 6.0)
#: Share of skin in a mean from which on it counts in full.
_ENOUGH = 0.25


def soft_lids(pixels: U8, upper: F64, lower: F64, lash: F32, unit: float) -> tuple[U8, int, int]:
    """The softened surroundings of one eye: skin, and along the upper lid the line of its lashes.

    Args:
        pixels: the photo, ``(h, w, 3)``.
        upper, lower: contours of the lids from corner to corner, ``(n, 2)`` pixels each.
        lash: colour of the lashes, see :func:`lash_colour`.
        unit: face height in pixels.

    Returns:
        The patch, and where its pixel (0, 0) lies in the photo (x, y).
    """
    contour = np.concatenate([upper, lower[-2:0:-1]])
    low = np.maximum(np.floor(contour.min(0) - 0.12 * unit).astype(int), 0)
    high = np.minimum(np.ceil(contour.max(0) + 0.08 * unit).astype(int) + 1, (pixels.shape[1], pixels.shape[0]))
    high = np.maximum(high, low + 1)
    low = np.minimum(low, high - 1)
    patch = np.ascontiguousarray(pixels[low[1] : high[1], low[0] : high[0]])
    opening = polygon_mask(patch.shape, [contour - low])
    reach = 2 * max(1, round(_LASHES * unit)) + 1
    skin = (cv2.dilate(opening, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))) == 0).astype(np.float32)
    soft = _means(patch.astype(np.float32), skin, max(0.8, _SOFTNESS * unit))
    line = np.full(patch.shape[:2], 255, np.uint8)
    cv2.polylines(line, [np.round(upper[1:-1] - low).astype(np.int32)], False, (0,), 1)
    away = cv2.distanceTransform(line, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) / (_LINE * unit + 0.3)
    soft += np.exp(-(away**2))[..., None] * np.minimum(lash - soft, 0.0)
    return np.rint(soft).clip(0, 255).astype(np.uint8), int(low[0]), int(low[1])


def lash_colour(pixels: U8, upper: F64, lower: F64, unit: float) -> F32:
    """Colour of the lash line, RGB 0 to 255: that of the darkest place across the edge of the upper lid, over the
    darker half of it.

    Args:
        pixels: the photo, ``(h, w, 3)``.
        upper, lower: contours of the lids from corner to corner, ``(n, 2)`` pixels each.
        unit: face height in pixels.
    """
    outwards = (upper - lower)[1:-1]
    outwards /= np.linalg.norm(outwards, axis=1, keepdims=True) + 1e-6
    steps = np.linspace(-_EYEBALL, _LASHES, 9) * unit
    places = (upper[1:-1, None] + steps[None, :, None] * outwards[:, None]).astype(np.float32)
    seen = cv2.remap(pixels, places[..., 0], places[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    light = seen.astype(np.float32).sum(axis=2)
    colours = seen[np.arange(len(seen)), light.argmin(axis=1)]
    # lashes are thin at the inner corner: the darker half of the lid tells their colour
    darker = np.argsort(light.min(axis=1))[: (len(seen) + 1) // 2]
    return np.asarray(colours[darker].astype(np.float32).mean(axis=0), dtype=np.float32)


def _means(patch: F32, skin: F32, sigma: float) -> F32:
    """Means of the skin around each pixel, from the narrowest surroundings that hold enough of it."""
    result = np.broadcast_to(patch.reshape(-1, 3).mean(0), patch.shape).astype(np.float32)
    for factor in reversed(_WIDER):
        weight = blurred(skin, factor * sigma)
        mean = blurred(patch * skin[..., None], factor * sigma) / np.maximum(weight, 1e-4)[..., None]
        share = np.clip(weight / _ENOUGH, 0.0, 1.0)[..., None]
        result += share * (mean - result)
    return result
