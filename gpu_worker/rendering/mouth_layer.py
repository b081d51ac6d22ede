"""Drawing what shows between the lips into a frame."""

from __future__ import annotations

import math

import numpy as np

from gpu_worker.rendering.arrays import F32, I8, I64, U8
from gpu_worker.rendering.holes import ALONG, LOWER, SOURCE_X, SOURCE_Y, UPPER, coverage
from gpu_worker.rendering.jit import compiled
from gpu_worker.rendering.sampling import read_packed, to_32nds

#: Numbers handed to :func:`draw_mouth_layer` in one array.
(
    TO_MM_XX, TO_MM_XY, TO_MM_X, TO_MM_YX, TO_MM_YY, TO_MM_Y,  # picture to millimetres from the lip line
    TO_PHOTO_XX, TO_PHOTO_XY, TO_PHOTO_X, TO_PHOTO_YX, TO_PHOTO_YY, TO_PHOTO_Y,  # picture to photo, fixed to the skull
    SPRITE_SCALE, SPRITE_X, SPRITE_Y,  # pixels per millimetre, and the origin in the sprites
    JAW_X, JAW_Y, TONGUE_X, TONGUE_Y, TONGUE_LIGHT, TONGUE_FORWARD,  # millimetres; share
    SOFTNESS, PIXELS_PER_MM, SHOWN, OWN, OPENING_MM, SHADE, GRAIN,  # see the function
    MOUTH_NUMBERS,
) = range(29)  # fmt: skip

#: Light on the inner cheek where it stands forward, against that on the mucosa in the shade of a corner.
_CHEEK_LIGHT = 1.35


@compiled
def read_sprite(sprite: F32, column: float, row: float, colour: F32) -> None:
    """Premultiplied RGBA at a position of a sprite, bilinear; transparent outside."""
    j, i = math.floor(column), math.floor(row)
    for c in range(4):
        colour[c] = 0.0
    if i < 0 or j < 0 or i >= sprite.shape[0] - 1 or j >= sprite.shape[1] - 1:
        return
    u, v = column - j, row - i
    for c in range(4):
        upper = sprite[i, j, c] * (1 - u) + sprite[i, j + 1, c] * u
        lower = sprite[i + 1, j, c] * (1 - u) + sprite[i + 1, j + 1, c] * u
        colour[c] = upper * (1 - v) + lower * v


@compiled
def ramp(x: float, low: float, high: float) -> float:
    """Cubic ramp from 0 at ``low`` to 1 at ``high``."""
    t = min(max((x - low) / (high - low), 0.0), 1.0)
    return t * t * (3.0 - 2.0 * t)


@compiled
def inner_cheek(along: float, across_mm: float, gap_mm: float) -> float:
    """Share (0 to 1) of the inner cheek in what lies behind the teeth.

    It shows near a corner, beside the rows of teeth, and where the lips stand apart, so that light falls in.

    Args:
        along: position along the opening, -1 to 1 from corner to corner.
        across_mm: distance to the side from the middle of the teeth, millimetres.
        gap_mm: distance of the lips there, millimetres.
    """
    near = 1.0 - ramp(1.0 - abs(along), 0.12, 0.70)
    return near * ramp(abs(across_mm), 19.0, 28.0) * ramp(gap_mm, 0.8, 4.5)


@compiled
def put_over(below: F32, sprite: F32, column: float, row: float, light: float, share: float, scratch: F32) -> None:
    """Lay a sprite's colour, times ``light``, over ``below`` (3,) with opacity ``share``."""
    read_sprite(sprite, column, row, scratch)
    for c in range(3):
        below[c] = below[c] * (1.0 - share * scratch[3]) + share * scratch[c] * light


@compiled
def draw_mouth_layer(
    strip: F32,
    left: int,
    top: int,
    numbers: F32,
    upper: F32,
    lower: F32,
    tongue: F32,
    cavity: F32,
    mucosa: F32,
    flat: I64,
    stride: int,
    rows: int,
    crop_x: int,
    crop_y: int,
    own: F32,
    own_x: int,
    own_y: int,
    noise: I8,
    out: U8,
) -> None:
    """Compose cavity, tongue, teeth and the photo's own teeth inside the opening of the mouth.

    Args:
        strip: ``(h, w, 5)`` values of the opening's strip (see holes.py), upper distance -99 outside; its pixel (0, 0)
            is (left, top) of the frame.
        numbers: the constants of this module; SOFTNESS is the half width of the opening's edge in pixels, SHOWN the
            share of this drawing against the photo's own content as it moves with the lips, OWN whether the photo
            shows an open mouth, SHADE the share of the light that lips which are put forward leave.
        upper, lower, tongue: sprites.
        cavity, mucosa: colours (3,).
        flat, stride, rows, crop_x, crop_y: the enlarged crop of the photo.
        own: ``(h, w)`` share of the photo's own content, whose pixel (0, 0) is (own_x, own_y) of the photo.
        noise: square tile of unit noise, 16 = one standard deviation; GRAIN is its strength in grey levels.
        out: the frame.
    """
    ink = np.empty(3, dtype=np.float32)
    tile = noise.shape[0] - 1
    scratch = np.empty(4, dtype=np.float32)
    m = numbers
    scale, per_mm = m[SPRITE_SCALE], m[PIXELS_PER_MM]
    wide, half_shade = ramp(float(m[OPENING_MM]), 1.0, 9.0), 0.5 + 0.5 * m[SHADE]
    # a tongue that is put forward (th) lies over the lower teeth
    front, tongue_light = ramp(float(m[TONGUE_FORWARD]), 0.35, 0.75), float(m[TONGUE_LIGHT])
    for r in range(strip.shape[0]):
        y = top + r
        for q in range(strip.shape[1]):
            above, below = strip[r, q, UPPER], strip[r, q, LOWER]
            if above < -90.0:
                continue
            share = coverage(above, below, m[SOFTNESS])
            if share <= 0.0 and m[SHOWN] >= 1.0:
                continue
            x = left + q
            mm_x = m[TO_MM_XX] * x + m[TO_MM_XY] * y + m[TO_MM_X]
            mm_y = m[TO_MM_YX] * x + m[TO_MM_YY] * y + m[TO_MM_Y]
            corner = 1.0 - ramp(1.0 - abs(strip[r, q, ALONG]), 0.02, 0.36)
            cheek = inner_cheek(strip[r, q, ALONG], mm_x, (above + below) / per_mm)
            for c in range(3):
                ink[c] = cavity[c] + cheek * (_CHEEK_LIGHT * mucosa[c] - cavity[c])
            column, row = mm_x * scale + m[SPRITE_X], mm_y * scale + m[SPRITE_Y]
            jaw_column, jaw_row = column - m[JAW_X] * scale, row - m[JAW_Y] * scale
            tongue_column, tongue_row = column - m[TONGUE_X] * scale, row - m[TONGUE_Y] * scale
            put_over(ink, tongue, tongue_column, tongue_row, tongue_light, 1.0, scratch)
            put_over(ink, lower, jaw_column, jaw_row, 0.84, 1.0, scratch)
            if front > 0.0:
                put_over(ink, tongue, tongue_column, tongue_row, tongue_light, front, scratch)
            put_over(ink, upper, column, row, 1.0, 1.0, scratch)
            # the lips shade what lies behind them, the upper one more, and less what stands forward beside the teeth;
            # in narrow corners the dark is warmer
            from_above, from_below = max(above, 0.0) / per_mm, max(below, 0.0) / per_mm
            light = (0.62 + 0.38 * ramp(from_above, -0.5, 1.8 + 2.0 * wide)) * (
                0.76 + 0.24 * ramp(from_below, -0.3, 1.8)
            )
            light = m[SHADE] * (light + 0.4 * cheek * (1.0 - light))
            light *= 1.0 - 0.50 * corner * (1.0 - cheek)
            for c in range(3):
                ink[c] = ink[c] * light + mucosa[c] * (
                    0.95 * corner * (1.0 - 0.2 * wide) * (1.0 - 0.75 * cheek) + 0.20 * (1.0 - light)
                )
            grain = m[GRAIN] * noise[y & tile, x & tile] / 16.0
            for c in range(3):
                ink[c] += grain * min(1.0, 0.25 + ink[c] / 120.0)
            if m[OWN] > 0.0:
                px = m[TO_PHOTO_XX] * x + m[TO_PHOTO_XY] * y + m[TO_PHOTO_X]
                py = m[TO_PHOTO_YX] * x + m[TO_PHOTO_YY] * y + m[TO_PHOTO_Y]
                i, j = math.floor(py) - own_y, math.floor(px) - own_x
                if 0 <= i < own.shape[0] - 1 and 0 <= j < own.shape[1] - 1:
                    u, v = px - math.floor(px), py - math.floor(py)
                    keep = (own[i, j] * (1 - u) + own[i, j + 1] * u) * (1 - v) + (
                        own[i + 1, j] * (1 - u) + own[i + 1, j + 1] * u
                    ) * v
                    if keep > 0.0:
                        total = read_packed(flat, stride, rows, to_32nds(px - crop_x), to_32nds(py - crop_y))
                        for c in range(3):
                            ink[c] += keep * (half_shade * ((total >> (16 * c)) & 0xFFFF) / 256.0 - ink[c])
            blend_content(ink, share, m[SHOWN], strip, r, q, x, y, flat, stride, rows, crop_x, crop_y, out)


@compiled
def blend_content(
    ink: F32,
    share: float,
    shown: float,
    strip: F32,
    r: int,
    q: int,
    x: int,
    y: int,
    flat: I64,
    stride: int,
    rows: int,
    crop_x: int,
    crop_y: int,
    out: U8,
) -> None:
    """Put ``ink`` into the frame where the opening covers the pixel; for ``shown`` < 1 fade to the photo's own content.

    Near rest an opening shows what the photo shows there, moved with its contours, so that rest is the photo itself.
    """
    for c in range(3):
        ink[c] = out[y, x, c] + share * (ink[c] - out[y, x, c])
    if shown < 1.0:
        total = read_packed(
            flat, stride, rows,
            to_32nds(x - crop_x + strip[r, q, SOURCE_X]), to_32nds(y - crop_y + strip[r, q, SOURCE_Y]),
        )  # fmt: skip
        for c in range(3):
            direct = ((total >> (16 * c)) & 0xFFFF) / 256.0
            ink[c] = direct + shown * (ink[c] - direct)
    for c in range(3):
        out[y, x, c] = int(min(max(ink[c] + 0.5, 0.0), 255.0))
