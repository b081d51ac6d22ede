"""The photo's own mouth where it is open: which of its pixels are kept between the lips.

Teeth that the photo shows are better than any that we could draw. They are fixed to the skull: while the lips move,
they stay where they are and are uncovered or covered.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from gpu_worker.rendering.arrays import F32, F64, U8, smoothstep
from gpu_worker.rendering.colour import Palette, polygon_mask
from gpu_worker.rendering.imaging import blurred, lab_of
from gpu_worker.rendering.pose import HeadFrame
from gpu_worker.rendering.shapes import MouthMeasures
from gpu_worker.rendering.topology import LOWER_INNER, UPPER_INNER

#: Smallest inner-lip gap, in face heights, at which teeth in the photo are looked for.
_SMALLEST_GAP = 0.03
#: Half the breadth of the front teeth, millimetres, and the fewest pixels of them that say where they end.
_FRONT_MM, _FEWEST_PIXELS = 8.0, 8


@dataclass(frozen=True)
class OwnContent:
    """``keep`` is the share ``(h, w)`` of the photo's own pixels; its pixel (0, 0) is (x, y) of the photo.

    ``tooth`` is the colour of the teeth that the photo shows, RGB 0 to 255, None where it shows none.
    """

    keep: F32
    x: int
    y: int
    has_teeth: bool
    tooth: F32 | None


def biting_edge(own: OwnContent, anchor: F64, frame: HeadFrame) -> float | None:
    """How far below ``anchor`` (local) the photo's upper front teeth end, millimetres; None where it shows none."""
    rows, columns = np.nonzero(own.keep > 0.5)
    if not own.has_teeth or len(rows) < _FEWEST_PIXELS:
        return None
    away = np.stack([columns + own.x, rows + own.y], axis=1) - frame.to_pixels(anchor)[:2]
    across, down = (away @ frame.axes[:2, :2] / frame.pixels_per_mm).T
    front = np.abs(across) < _FRONT_MM
    return float(np.percentile(down[front], 96)) if int(front.sum()) >= _FEWEST_PIXELS else None


def find_own_content(
    pixels: U8, landmarks: F64, mouth: MouthMeasures, palette: Palette, frame: HeadFrame
) -> OwnContent:
    """Find the teeth that the photo shows: pixels of the opening that are bright and less red than the lips."""
    nothing = OwnContent(np.zeros((2, 2), dtype=np.float32), 0, 0, False, None)
    if mouth.gap < _SMALLEST_GAP:
        return nothing
    outline = landmarks[[*UPPER_INNER, *LOWER_INNER[-2:0:-1]], :2]
    low = np.maximum(np.floor(outline.min(0)).astype(int) - 6, 0)
    high = np.minimum(np.ceil(outline.max(0)).astype(int) + 7, (pixels.shape[1], pixels.shape[0]))
    if (high - low).min() < 4:
        return nothing
    patch = np.ascontiguousarray(pixels[low[1] : high[1], low[0] : high[0]])
    lab = lab_of(patch)
    opening = polygon_mask(lab.shape[:2], [outline - low])
    inside = lab[cv2.erode(opening, np.ones((3, 3), np.uint8)) > 0]
    if len(inside) < 6:
        return nothing
    brightness = float(np.percentile(inside[:, 0], 60))
    if brightness < 0.62 * palette.bright_skin[0]:
        return nothing
    threshold = 0.5 * brightness + 0.5 * float(palette.lip[0])
    tooth = smoothstep(lab[..., 0], threshold - 8, threshold + 6)
    if not palette.one_tint:
        tooth = tooth * (1 - smoothstep(lab[..., 1] - 0.62 * float(palette.lip[1]), 0, 5))
    spread = blurred(tooth, max(0.6, 0.006 * frame.unit))
    keep = smoothstep(spread, 0.25, 0.6) * (opening / 255.0)
    soft = blurred(keep, max(0.6, 0.004 * frame.unit))
    sure = keep > 0.9
    tooth_colour = np.percentile(patch[sure], 66, axis=0).astype(np.float32) if int(sure.sum()) >= 8 else None
    return OwnContent(soft, int(low[0]), int(low[1]), True, tooth_colour)
