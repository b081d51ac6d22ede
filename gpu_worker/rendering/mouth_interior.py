"""What shows between the lips: teeth, gums and tongue, drawn once for each portrait in millimetres.

The sprites are premultiplied RGBA in the photo's own colours, at about the photo's own resolution, and as blurred as
the photo is. Sizes of teeth are those of adults (Wheeler's dental anatomy), scaled with the mouth; children have
shorter and rounder ones, toddlers few.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gpu_worker.rendering.arrays import F32, F64, smoothstep
from gpu_worker.rendering.colour import Palette
from gpu_worker.rendering.imaging import blurred, resized
from gpu_worker.rendering.youth import Youth

#: Sprites cover this many millimetres; the origin is the middle of the lip line.
WIDTH_MM, HEIGHT_MM = 76.0, 64.0
ORIGIN_MM = (38.0, 24.0)
#: Half the mouth width of an adult at rest, millimetres.
_HALF_MOUTH_MM = 25.0
#: By how much the upper teeth may stand lower than usual, millimetres.
_MOST_LOWER_MM = 7.0
#: Exponents of the light for red, green and blue in the shade of the mouth.
_SHADE_WARMTH = np.array([0.86, 1.02, 1.22])


@dataclass(frozen=True)
class Arch:
    """One row of teeth from the middle outwards: widths, lengths and positions of the biting edges in millimetres.

    ``edges`` are measured downwards from the lip line; ``radius`` is that of the dental arch seen from above.
    """

    widths: tuple[float, ...]
    lengths: tuple[float, ...]
    edges: tuple[float, ...]
    corner: tuple[float, ...]
    radius: float
    upper: bool
    count: int = 7

    def of_age(self, youth: Youth) -> Arch:
        """The arch of a younger mouth: smaller, shorter, rounder teeth that show less; a toddler has only incisors."""
        milk, toddler = youth.milk_teeth, youth.toddler
        sink = 0.20 * milk + 0.30 * toddler
        return replace(
            self,
            widths=tuple(w * (1.0 - 0.12 * milk) for w in self.widths),
            lengths=tuple(v * (1.0 - 0.26 * milk - 0.16 * toddler) for v in self.lengths),
            edges=tuple(e - abs(e) * sink if self.upper else e + 0.8 * sink for e in self.edges),
            corner=tuple(c + 0.10 * milk for c in self.corner),
            count=self.count if toddler < 0.5 else 2,
        )


UPPER_ARCH = Arch(
    widths=(8.5, 6.6, 7.6, 7.0, 6.8, 9.5, 9.0), lengths=(10.4, 9.0, 10.0, 8.5, 8.0, 7.5, 7.0),
    edges=(2.9, 2.2, 2.6, 1.9, 1.4, 0.9, 0.6),
    corner=(0.08, 0.14, 0.26, 0.24, 0.20, 0.14, 0.14), radius=27.0, upper=True,
)  # fmt: skip
LOWER_ARCH = Arch(
    widths=(5.3, 5.8, 6.8, 7.0, 7.0, 10.0, 9.0), lengths=(8.8, 8.8, 9.6, 8.5, 8.0, 7.5, 7.0),
    edges=(0.4, 0.4, 0.1, 0.5, 0.9, 1.1, 1.3),
    corner=(0.06, 0.07, 0.24, 0.22, 0.18, 0.14, 0.14), radius=23.5, upper=False,
)  # fmt: skip


@dataclass(frozen=True)
class MouthSprites:
    """Premultiplied RGBA float32 ``(h, w, 4)``, colours 0 to 255; ``scale`` is pixels per millimetre."""

    upper: F32
    lower: F32
    tongue: F32
    scale: float


def _arch_positions(arch: Arch, scale: float) -> tuple[F64, F64]:
    """Borders of the teeth along x in millimetres as seen from the front, and the cosine of the arch there."""
    along = np.concatenate([[0.0], np.cumsum(arch.widths)]) * scale
    angle = np.minimum(along / (arch.radius * scale), 1.5)
    return arch.radius * scale * np.sin(angle), np.cos(angle)


def draw_arch(arch: Arch, palette: Palette, x: F64, y: F64, scale: float, softness: float) -> F32:
    """Draw a row of teeth with its gum.

    Args:
        x, y: millimetres from the middle of the lip line, ``(h, w)``.
        scale: size relative to an adult's.
        softness: width of an edge in millimetres.
    """
    borders, cosines = _arch_positions(arch, scale)
    side = np.abs(x)
    tooth = np.clip(np.searchsorted(borders, side, side="right") - 1, 0, len(arch.widths) - 1)
    left, right = borders[tooth], borders[tooth + 1]
    across = np.clip(2.0 * (side - left) / np.maximum(right - left, 0.3) - 1.0, -1.0, 1.0)
    edge = np.array(arch.edges)[tooth] * scale
    length = np.array(arch.lengths)[tooth] * scale
    up = (edge - y) / length if arch.upper else (y - edge) / length
    # biting edge: rounded corners, the outer one more; gum line: an arc, highest over the middle of the tooth
    corner = np.array(arch.corner)[tooth] * (0.75 + 0.25 * across)
    bite = up - corner * np.abs(across) ** 3.5
    gum_line = 1.0 - 0.34 * np.abs(across) ** 2.2
    soft = np.maximum(softness / length, 0.01)
    enamel = smoothstep_array(bite, -soft, soft) * (1 - smoothstep_array(up - gum_line, -soft, soft * 1.5))
    gum = smoothstep_array(up - gum_line, -soft * 0.5, soft * 1.5) * (1 - smoothstep_array(up, 1.45, 1.7))
    # where no tooth has come through, the gum's ridge is all there is
    enamel = enamel * (tooth < arch.count)
    ridge = smoothstep_array(up + 0.05, -soft, soft * 1.5) * (1 - smoothstep_array(up, 1.45, 1.7))
    gum = np.where(tooth < arch.count, gum, ridge)
    inside = (1.0 - smoothstep_array(side, borders[-1] - 1.0, borders[-1])) * np.ones_like(side)
    # light: from the front; teeth are round, turn away along the arch, and are a little translucent at the edge
    width = np.maximum(right - left, 0.3)
    contact = 1.0 - np.abs(across)
    crevice = 1.0 - 0.42 * np.exp(-((contact * width / 2 / max(0.34, softness * 0.9)) ** 2)) * (
        0.55 + 0.45 * smoothstep_array(up, 0.1, 0.7)
    )
    turned = np.interp(side, borders, cosines)
    light = (0.90 + 0.10 * smoothstep_array(up, 0.0, 0.45)) * (1.0 - 0.11 * np.abs(across) ** 2.2)
    light = light * (1.0 - 0.12 * smoothstep_array(up, 0.55, 1.05)) * crevice * (0.34 + 0.66 * turned**1.4)
    shine = 0.06 * np.exp(-(((across + 0.15) / 0.35) ** 2) - ((up - 0.55) / 0.22) ** 2)
    warmth = (smoothstep_array(up, 0.45, 1.05) * 0.55 + 0.22 * (tooth == 2))[..., None]
    colour = palette.tooth * (1 - warmth) + palette.tooth_root * warmth
    # what turns away is lit by the flesh around it: shade is warmer than light, unless the picture has but one tint
    warmer = np.ones(3) if palette.one_tint else _SHADE_WARMTH
    colour = colour * light[..., None] ** warmer + 255.0 * (shine * turned)[..., None]
    flesh = palette.gum * (0.82 + 0.18 * (1 - np.abs(across)))[..., None] * (0.40 + 0.60 * turned)[..., None]
    alpha = np.clip(enamel + gum, 0.0, 1.0) * inside
    mixed = (colour * enamel[..., None] + flesh * gum[..., None]) / np.maximum(enamel + gum, 1e-3)[..., None]
    return np.dstack([mixed * alpha[..., None], alpha]).astype(np.float32)


def _within(x: F64, y: F64, arch: Arch, scale: float, softness: float) -> tuple[slice, slice]:
    """The rows and columns in which :func:`draw_arch` can leave ink: most of a sprite is empty."""
    edges, lengths = np.array(arch.edges) * scale, np.array(arch.lengths) * scale
    # from the gum's end to the biting edge; half a millimetre more than the formulas reach
    beyond, inwards = softness + 0.05 * lengths.max() + 0.5, (1.7 * lengths).max() + 0.5
    above, below = (inwards, beyond) if arch.upper else (beyond, inwards)
    half = _arch_positions(arch, scale)[0][-1]
    rows = np.flatnonzero((y[:, 0] >= edges.min() - above) & (y[:, 0] <= edges.max() + below))
    columns = np.flatnonzero(np.abs(x[0]) <= half)
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _sprite_of(arch: Arch, palette: Palette, x: F64, y: F64, scale: float, softness: float) -> F32:
    """:func:`draw_arch`, drawn only where it shows."""
    sprite = np.zeros((*x.shape, 4), dtype=np.float32)
    part = _within(x, y, arch, scale, softness)
    sprite[part] = draw_arch(arch, palette, x[part], y[part], scale, softness)
    return sprite


def smoothstep_array(x: F64, low: F64 | float, high: F64 | float) -> F64:
    """:func:`arrays.smoothstep` with bounds that may be arrays."""
    t = np.clip((x - low) / (high - low), 0.0, 1.0)
    ramp: F64 = t * t * (3.0 - 2.0 * t)
    return ramp


def draw_tongue(palette: Palette, x: F64, y: F64, scale: float) -> F32:
    """Draw the tongue at rest: a dome behind the lower teeth with a groove and two moist highlights."""
    radius = np.sqrt((x / (19.0 * scale)) ** 2 + ((y - 13.0 * scale) / (12.5 * scale)) ** 2)
    alpha = 1.0 - smoothstep(radius, 0.86, 1.02)
    groove = 1.0 - 0.16 * np.exp(-((x / 2.2) ** 2))
    dome = np.sqrt(np.clip(1.0 - radius**2, 0.0, 1.0))
    shine = 0.09 * np.exp(-((x - 3) ** 2) / 18 - (y - 5.5) ** 2 / 2.5) + 0.06 * np.exp(
        -((x + 4) ** 2) / 14 - (y - 6) ** 2 / 3
    )
    colour = palette.tongue * (0.30 + 0.62 * dome * groove)[..., None] + palette.tooth * shine[..., None]
    return np.dstack([colour * alpha[..., None], alpha]).astype(np.float32)


def draw_mouth(
    palette: Palette,
    pixels_per_mm: float,
    half_mouth_mm: float,
    blur_px: float,
    youth: Youth,
    edge_mm: float | None = None,
) -> MouthSprites:
    """Draw all sprites for a portrait.

    Args:
        pixels_per_mm: scale of the photo.
        half_mouth_mm: half the width of the mouth in the photo.
        blur_px: standard deviation of the photo's blur in pixels.
        youth: how young the face is.
        edge_mm: how far below the lip line the photo's own upper teeth end: drawn ones stand in one row with them.
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
        _sprite_of(upper_arch, palette, x, y - lower_by, scale, softness),
        _sprite_of(LOWER_ARCH.of_age(youth), palette, x, y, scale, softness),
        draw_tongue(palette, x, y, scale),
    )
    size = (round(WIDTH_MM * target), round(HEIGHT_MM * target))
    sigma = max(0.3, 0.55 * blur_px * target / pixels_per_mm)
    upper, lower, tongue = (blurred(resized(sprite, size), sigma) for sprite in sprites)
    return MouthSprites(upper, lower, tongue, target)
