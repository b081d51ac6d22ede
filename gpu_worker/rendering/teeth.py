"""Rows of teeth as a camera sees them: single teeth on an arch, with gums, shade and the turn of the head.

Sizes are those of adults (Wheeler's dental anatomy), scaled with the mouth; children have shorter and rounder ones,
toddlers few. No mouth is even: the teeth of the two sides differ a little in length, shade and direction.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from gpu_worker.rendering.arrays import F32, F64, smoothstep
from gpu_worker.rendering.colour import Palette
from gpu_worker.rendering.youth import Youth

#: Exponents of the light for red, green and blue in the shade of the mouth.
_SHADE_WARMTH = np.array([0.86, 1.02, 1.22])
#: Steps along the arch, millimetres, and the angle up to which it is followed to the side.
_STEP, _MOST_ANGLE = 0.05, 1.5
#: From tooth to tooth on the image's left and right: edges (millimetres), light (share), light across a tooth (share).
_UNEVEN_EDGES = np.array([[0.06, 0.22, -0.12, 0.10, -0.06, 0.0, 0.0], [-0.08, -0.05, 0.16, -0.12, 0.10, 0.0, 0.0]])
_UNEVEN_LIGHT = np.array(
    [[0.0, -0.035, -0.03, -0.05, -0.06, -0.08, -0.1], [0.01, -0.02, -0.055, -0.04, -0.07, -0.08, -0.1]]
)
_UNEVEN_TURN = np.array([[0.02, -0.05, 0.03, 0.0, 0.0, 0.0, 0.0], [-0.01, 0.03, -0.03, 0.02, 0.0, 0.0, 0.0]])


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
        """The arch of a younger mouth: smaller, shorter, rounder teeth. The young show more of the upper and less of
        the lower ones (Vig and Brundo 1978), toddlers, who have only incisors, little of either."""
        milk, toddler = youth.milk_teeth, youth.toddler
        sink = 0.42 * toddler - 0.10 * milk
        return replace(
            self,
            widths=tuple(w * (1.0 - 0.12 * milk) for w in self.widths),
            lengths=tuple(v * (1.0 - 0.26 * milk - 0.16 * toddler) for v in self.lengths),
            edges=tuple(e - abs(e) * sink if self.upper else e + 1.2 * milk for e in self.edges),
            corner=tuple(c + 0.04 * milk for c in self.corner),
            count=self.count if toddler < 0.5 else 2,
        )


UPPER_ARCH = Arch(
    widths=(8.5, 6.6, 7.6, 7.0, 6.8, 9.5, 9.0), lengths=(10.4, 9.0, 10.0, 8.5, 8.0, 7.5, 7.0),
    edges=(2.9, 2.2, 2.6, 1.9, 1.4, 0.9, 0.6),
    corner=(0.07, 0.11, 0.21, 0.20, 0.18, 0.14, 0.14), radius=27.0, upper=True,
)  # fmt: skip
LOWER_ARCH = Arch(
    widths=(5.3, 5.8, 6.8, 7.0, 7.0, 10.0, 9.0), lengths=(8.8, 8.8, 9.6, 8.5, 8.0, 7.5, 7.0),
    edges=(0.4, 0.4, 0.1, 0.5, 0.9, 1.1, 1.3),
    corner=(0.05, 0.06, 0.18, 0.18, 0.16, 0.14, 0.14), radius=23.5, upper=False,
)  # fmt: skip


@dataclass(frozen=True)
class _Place:
    """Where each pixel lies on a row of teeth: signed distance along the arch and depth in millimetres, the cosine of
    the angle between its face and the camera, and whether the camera sees the arch there."""

    along: F64
    depth: F64
    facing: F64
    seen: F64


def _place_on(arch: Arch, x: F64, scale: float, lean: float) -> _Place:
    """Follow the arch to both sides as far as the camera sees it; ``x`` in millimetres as :func:`draw_arch` has it."""
    radius = arch.radius * scale
    angle = np.arange(-_MOST_ANGLE, _MOST_ANGLE, _STEP / radius)
    across = radius * (np.sin(angle) + lean * (1.0 - np.cos(angle)))
    towards = np.cos(angle - math.atan(lean))
    visible = np.cos(angle) + lean * np.sin(angle) > 0.03
    angle, across, towards = angle[visible], across[visible], towards[visible]
    found = np.interp(x, across, angle)
    seen = smoothstep(x, across[0], across[0] + 0.5) * (1.0 - smoothstep(x, across[-1] - 0.5, across[-1]))
    return _Place(found * radius, radius * (1.0 - np.cos(found)), np.interp(x, across, towards).clip(0.0, 1.0), seen)


def draw_arch(
    arch: Arch,
    palette: Palette,
    x: F64,
    y: F64,
    scale: float,
    softness: float,
    lean: tuple[float, float] = (0.0, 0.0),
) -> F32:
    """Draw a row of teeth with its gum.

    Args:
        x, y: millimetres from the middle of the lip line, in the plane of the front teeth, ``(h, w)``.
        scale: size relative to an adult's.
        softness: width of an edge in millimetres.
        lean: by how much a point seems to lie further to the right and further down for each millimetre of depth, as a
            turned head shows it.
    """
    borders = np.concatenate([[0.0], np.cumsum(arch.widths)]) * scale
    place = _place_on(arch, x[:1], scale, lean[0])
    right_side = (place.along >= 0).astype(int)
    side = np.abs(place.along)
    tooth = np.clip(np.searchsorted(borders, side, side="right") - 1, 0, len(arch.widths) - 1)
    near, far = borders[tooth], borders[tooth + 1]
    across = np.clip(2.0 * (side - near) / np.maximum(far - near, 0.3) - 1.0, -1.0, 1.0)
    y = y - lean[1] * place.depth
    edge = (np.array(arch.edges)[tooth] + _UNEVEN_EDGES[right_side, tooth]) * scale
    length = np.array(arch.lengths)[tooth] * scale
    up = (edge - y) / length if arch.upper else (y - edge) / length
    # biting edge: rounded corners, the outer one more; gum line: an arc, highest over the middle of the tooth
    corner = np.array(arch.corner)[tooth] * (0.75 + 0.25 * across)
    bite = up - corner * np.abs(across) ** 4.5
    gum_line = 1.0 - 0.34 * np.abs(across) ** 2.2
    soft = np.maximum(softness / length, 0.01)
    enamel = smoothstep_array(bite, -soft, soft) * (1 - smoothstep_array(up - gum_line, -soft, soft * 1.5))
    gum = smoothstep_array(up - gum_line, -soft * 0.5, soft * 1.5) * (1 - smoothstep_array(up, 1.45, 1.7))
    # where no tooth has come through, the gum's ridge is all there is
    enamel = enamel * (tooth < arch.count)
    ridge = smoothstep_array(up + 0.05, -soft, soft * 1.5) * (1 - smoothstep_array(up, 1.45, 1.7))
    gum = np.where(tooth < arch.count, gum, ridge)
    inside = (1.0 - smoothstep_array(side, borders[-1] - 1.0, borders[-1])) * place.seen
    uneven = 1.0 + _UNEVEN_LIGHT[right_side, tooth] + _UNEVEN_TURN[right_side, tooth] * across
    colour = _enamel(palette, place, up, across, tooth, (far - near) * place.facing, softness, uneven)
    deep = 0.40 + 0.60 * _arch_light(place)
    flesh = palette.gum * (0.82 + 0.18 * (1 - np.abs(across)))[..., None] * deep[..., None]
    alpha = np.clip(enamel + gum, 0.0, 1.0) * inside
    mixed = (colour * enamel[..., None] + flesh * gum[..., None]) / np.maximum(enamel + gum, 1e-3)[..., None]
    return np.dstack([mixed * alpha[..., None], alpha]).astype(np.float32)


def draw_shown(
    arch: Arch, palette: Palette, x: F64, y: F64, scale: float, softness: float, lean: tuple[float, float] = (0.0, 0.0)
) -> F32:
    """:func:`draw_arch`, drawn only in the rows and columns in which it can leave ink: most of a sprite is empty."""
    sprite = np.zeros((*x.shape, 4), dtype=np.float32)
    place = _place_on(arch, x[:1], scale, lean[0])
    shown = (place.seen[0] > 0) & (np.abs(place.along[0]) < sum(arch.widths) * scale)
    columns = np.flatnonzero(shown)
    # From the gum's end to the biting edge, unevenness, softness and the lean's shift included, and half a millimetre.
    edges, longest = np.array(arch.edges) * scale, max(arch.lengths) * scale
    beyond = softness + 0.05 * longest + np.abs(_UNEVEN_EDGES).max() * scale + 0.5
    inwards = 1.7 * longest + np.abs(_UNEVEN_EDGES).max() * scale + 0.5
    above, below = (inwards, beyond) if arch.upper else (beyond, inwards)
    shift = lean[1] * place.depth[0, shown]
    rows = np.flatnonzero(
        (y[:, 0] >= edges.min() - above + shift.min()) & (y[:, 0] <= edges.max() + below + shift.max())
    )
    part = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
    sprite[part] = draw_arch(arch, palette, x[part], y[part], scale, softness, lean)
    return sprite


def _arch_light(place: _Place) -> F64:
    """Light on the arch: less on what turns away, less further back."""
    light: F64 = (0.45 + 0.55 * place.facing) * (1.0 - 0.45 * smoothstep(place.depth, 2.0, 20.0))
    return light


def _enamel(
    palette: Palette, place: _Place, up: F64, across: F64, tooth: F64, width: F64, softness: float, uneven: F64
) -> F64:
    """Colour of the teeth, ``(h, w, 3)``: round, warmer towards the gum, a little translucent at the edge.

    ``width`` is each tooth's as it is seen, millimetres; the line between two teeth is a soft shade, no gap.
    """
    apart = (1.0 - np.abs(across)) * width / 2
    contact = 0.30 * np.exp(-((apart / max(0.26, softness * 0.8)) ** 2)) + 0.10 * np.exp(-((apart / 0.9) ** 2))
    contact = contact * (0.60 + 0.40 * smoothstep_array(up, 0.1, 0.7))
    light = (0.88 + 0.12 * smoothstep_array(up, 0.0, 0.35)) * (1.0 - 0.07 * np.abs(across) ** 2)
    light = light * (1.0 - 0.12 * smoothstep_array(up, 0.55, 1.05)) * (1.0 - contact) * _arch_light(place) * uneven
    shine = 0.10 * np.exp(-(((across + 0.12) / 0.30) ** 2) - ((up - 0.50) / 0.20) ** 2) * place.facing**3
    warmth = (smoothstep_array(up, 0.35, 1.05) * 0.60 + 0.22 * (tooth == 2) + 0.08 * (tooth > 2))[..., None]
    colour = palette.tooth * (1 - warmth) + palette.tooth_root * warmth
    # what turns away is lit by the flesh around it: shade is warmer than light, unless the picture has but one tint
    warmer = np.ones(3) if palette.one_tint else _SHADE_WARMTH
    lit: F64 = colour * light[..., None] ** warmer + palette.tooth * shine[..., None]
    return lit


def smoothstep_array(x: F64, low: F64 | float, high: F64 | float) -> F64:
    """:func:`arrays.smoothstep` with bounds that may be arrays."""
    t = np.clip((x - low) / (high - low), 0.0, 1.0)
    ramp: F64 = t * t * (3.0 - 2.0 * t)
    return ramp
