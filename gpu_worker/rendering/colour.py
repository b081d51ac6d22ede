"""The photo's own palette: skin, lips, teeth, mouth; in CIE Lab, so that lightness and tint can be chosen apart.

Black-and-white, sepia and golden pictures need no special case: where the tint of the face follows from its lightness
alone, every colour drawn takes the tint that the picture has at that lightness.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from gpu_worker.rendering.arrays import F32, F64, I32, U8
from gpu_worker.rendering.topology import LOWER_LIP, OVAL, UPPER_LIP

_CHEEKS = ((117, 118, 101, 36, 205, 187, 123), (346, 347, 330, 266, 425, 411, 352))
#: Largest spread of a and b around the tint curve for which a picture counts as having one tint.
_ONE_TINT = 2.6


@dataclass(frozen=True)
class Palette:
    """Colours of what is drawn, RGB 0 to 255, ``(3,)`` each, and what they were derived from (Lab)."""

    skin: F64
    bright_skin: F64
    lip: F64
    one_tint: bool
    tint: F64
    tooth: F32
    tooth_root: F32
    gum: F32
    tongue: F32
    cavity: F32
    mucosa: F32


def polygon_mask(shape: tuple[int, ...], polygons: list[F64]) -> U8:
    """Mask ``(h, w)`` with 255 inside the polygons ((n, 2) pixels)."""
    mask = np.zeros(shape[:2], dtype=np.uint8)
    for polygon in polygons:
        points: I32 = np.round(polygon).astype(np.int32)
        cv2.fillPoly(mask, [points], (255,))
    return mask


class _Mixer:
    """Turns Lab into RGB, through the picture's tint where it has but one."""

    def __init__(self, one_tint: bool, tint: F64) -> None:
        self._one_tint = one_tint
        self._tint = tint

    def __call__(self, lightness: float, a: float, b: float) -> F32:
        if self._one_tint:
            a, b = np.array([1.0, lightness, lightness**2]) @ self._tint
        rgb = cv2.cvtColor(np.array([[[lightness, a, b]]], dtype=np.float32), cv2.COLOR_LAB2RGB)[0, 0]
        return np.asarray(np.clip(rgb * 255.0, 0.0, 255.0), dtype=np.float32)


def build_palette(lab: F32, points: F64) -> Palette:
    """Read the palette from a face.

    Args:
        lab: Lab of a crop that contains the face, ``(h, w, 3)``.
        points: ``(468, 2)`` landmarks in pixels of the crop.
    """
    shape = lab.shape[:2]
    cheeks = lab[polygon_mask(shape, [points[list(ring)] for ring in _CHEEKS]) > 0]
    face = lab[polygon_mask(shape, [points[list(OVAL)]]) > 0]
    if len(cheeks) < 12:
        cheeks = face
    outer = [*UPPER_LIP[0], *LOWER_LIP[0][-2:0:-1]]
    inner = [*UPPER_LIP[3], *LOWER_LIP[3][-2:0:-1]]
    lips = lab[(polygon_mask(shape, [points[outer]]) > 0) & (polygon_mask(shape, [points[inner]]) == 0)]
    lip = np.median(lips, axis=0) if len(lips) else np.median(cheeks, axis=0)
    skin, bright = np.median(cheeks, axis=0), np.percentile(cheeks, 75, axis=0)
    powers = np.stack([np.ones(len(face)), face[:, 0], face[:, 0] ** 2], axis=1)
    tint = np.linalg.lstsq(powers, face[:, 1:].astype(np.float64), rcond=None)[0]
    one_tint = bool((face[:, 1:] - powers @ tint).std(0).max() < _ONE_TINT)
    mix = _Mixer(one_tint, tint)
    tooth = float(np.clip(bright[0] * 1.02 + 8, 35, 93))
    # under a golden light or varnish white is golden too
    golden = float(skin[2] * 0.46 + 2 + 0.30 * max(0.0, skin[2] - 24.0))
    lightness, a, b = (float(v) for v in lip)
    return Palette(
        skin=skin, bright_skin=bright, lip=lip, one_tint=one_tint, tint=tint,
        tooth=mix(tooth, skin[1] * 0.32 + 0.5, golden),
        tooth_root=mix(tooth * 0.78, skin[1] * 0.38 + 2, golden * 1.15 + 4),
        gum=mix(float(np.clip(lightness * 0.85, 8, 60)), a * 0.95 + 3, b * 0.75),
        tongue=mix(float(np.clip(lightness * 0.84, 10, 60)), a * 1.0 + 6, b * 0.75),
        cavity=mix(float(np.clip(lightness * 0.14, 2.0, 9)), a * 0.30 + 3, b * 0.22 + 1.5),
        mucosa=mix(float(np.clip(lightness * 0.40, 4, 30)), a * 0.80 + 3, b * 0.56 + 2.5),
    )  # fmt: skip


def with_teeth(palette: Palette, tooth: F32) -> Palette:
    """The palette with teeth of the colour that the photo shows, RGB (3,)."""
    root = tooth * (palette.tooth_root / np.maximum(palette.tooth, 1.0))
    return replace(palette, tooth=tooth.astype(np.float32), tooth_root=root.astype(np.float32))
