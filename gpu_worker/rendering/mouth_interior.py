"""What shows between the lips: teeth, gums and tongue, drawn once for each portrait in millimetres.

The sprites are premultiplied RGBA in the photo's own colours, at about the photo's own resolution, and as blurred as
the photo is, as a head in the photo's pose shows them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gpu_worker.rendering.arrays import F32, F64, smoothstep
from gpu_worker.rendering.colour import Palette
from gpu_worker.rendering.imaging import blurred, resized
from gpu_worker.rendering.teeth import LOWER_ARCH, UPPER_ARCH, draw_shown
from gpu_worker.rendering.youth import Youth

#: Sprites cover this many millimetres; the origin is the middle of the lip line.
WIDTH_MM, HEIGHT_MM = 76.0, 64.0
ORIGIN_MM = (38.0, 24.0)
#: Half the mouth width of an adult at rest, millimetres.
_HALF_MOUTH_MM = 25.0
#: By how much the upper teeth may stand lower than usual, millimetres.
_MOST_LOWER_MM = 7.0


@dataclass(frozen=True)
class MouthSprites:
    """Premultiplied RGBA float32 ``(h, w, 4)``, colours 0 to 255; ``scale`` is pixels per millimetre."""

    upper: F32
    lower: F32
    tongue: F32
    scale: float


def draw_tongue(palette: Palette, x: F64, y: F64, scale: float) -> F32:
    """Draw the tongue at rest: broad between the lower teeth, with a groove and moist highlights; its back and its
    sides lie in the dark of the mouth."""
    radius = np.sqrt((x / (21.5 * scale)) ** 2 + ((y - 13.0 * scale) / (13.0 * scale)) ** 2)
    alpha = 1.0 - smoothstep(radius, 0.66, 1.04)
    groove = 1.0 - 0.16 * np.exp(-((x / 2.2) ** 2)) * smoothstep(y, 2.0 * scale, 9.0 * scale)
    dome = np.sqrt(np.clip(1.0 - radius**2, 0.0, 1.0))
    shine = 0.09 * np.exp(-((x - 3) ** 2) / 18 - (y - 5.5) ** 2 / 2.5) + 0.06 * np.exp(
        -((x + 4) ** 2) / 14 - (y - 6) ** 2 / 3
    )
    colour = palette.tongue * (0.24 + 0.68 * dome * groove)[..., None] + palette.tooth * shine[..., None]
    return np.dstack([colour * alpha[..., None], alpha]).astype(np.float32)


def draw_mouth(
    palette: Palette,
    pixels_per_mm: float,
    half_mouth_mm: float,
    blur_px: float,
    youth: Youth,
    edge_mm: float | None = None,
    lean: tuple[float, float] = (0.0, 0.0),
) -> MouthSprites:
    """Draw all sprites for a portrait.

    Args:
        pixels_per_mm: scale of the photo.
        half_mouth_mm: half the width of the mouth in the photo.
        blur_px: standard deviation of the photo's blur in pixels.
        youth: how young the face is.
        edge_mm: how far below the lip line the photo's own upper teeth end: drawn ones stand in one row with them.
        lean: what depth does to places in the picture, see :func:`gpu_worker.rendering.teeth.draw_arch`.
    """
    smallest = 0.85 - 0.10 * youth.milk_teeth
    scale = float(np.clip(half_mouth_mm / _HALF_MOUTH_MM, smallest, 1.12))
    target = float(np.clip(1.35 * pixels_per_mm, 0.5, 14.0))
    fine = max(target, 5.0)
    columns, rows = int(WIDTH_MM * fine), int(HEIGHT_MM * fine)
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float64)
    x, y = (x + 0.5) / fine - ORIGIN_MM[0], (y + 0.5) / fine - ORIGIN_MM[1]
    softness = max(0.10, 0.5 / pixels_per_mm)
    upper_arch = UPPER_ARCH.of_age(youth)
    drawn_edge = upper_arch.edges[0] * scale
    lower_by = 0.0 if edge_mm is None else float(np.clip(edge_mm - drawn_edge, 0.0, _MOST_LOWER_MM))
    sprites = (
        draw_shown(upper_arch, palette, x, y - lower_by, scale, softness, lean),
        draw_shown(LOWER_ARCH.of_age(youth), palette, x, y, scale, softness, lean),
        draw_tongue(palette, x, y, scale),
    )
    size = (round(WIDTH_MM * target), round(HEIGHT_MM * target))
    sigma = max(0.3, 0.55 * blur_px * target / pixels_per_mm)
    upper, lower, tongue = (blurred(resized(sprite, size), sigma) for sprite in sprites)
    return MouthSprites(upper, lower, tongue, target)
