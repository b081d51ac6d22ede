"""Drawing the eyeball into the opening between the lids: gaze, lid shadow and the lash line of a blink."""

from __future__ import annotations

import math

import numpy as np

from gpu_worker.rendering.arrays import F32, I64, U8
from gpu_worker.rendering.holes import ALONG, LOWER, UPPER, coverage
from gpu_worker.rendering.jit import compiled
from gpu_worker.rendering.mouth_layer import blend_content, ramp
from gpu_worker.rendering.sampling import read_packed, to_32nds

#: Numbers handed to :func:`draw_eye_layer` in one array.
(
    EYE_XX, EYE_XY, EYE_X, EYE_YX, EYE_YY, EYE_Y,  # picture to photo, fixed to the skull
    IRIS_X, IRIS_Y, IRIS_RADIUS,  # in the photo, pixels
    GAZE_X, GAZE_Y,  # shift of the iris in the photo, pixels
    BLINK, EYE_SHOWN, EYE_SOFTNESS, EYE_UNIT,
    LASH_RED, LASH_GREEN, LASH_BLUE,  # grey levels
    EYE_NUMBERS,
) = range(19)  # fmt: skip


@compiled
def draw_eye_layer(
    strip: F32,
    left: int,
    top: int,
    numbers: F32,
    flat: I64,
    stride: int,
    rows: int,
    crop_x: int,
    crop_y: int,
    out: U8,
) -> None:
    """Compose one eye.

    Args:
        strip: ``(h, w, 5)`` values of the opening's strip (see holes.py), upper distance -99 outside; its pixel (0, 0)
            is (left, top) of the frame.
        numbers: the constants of this module; BLINK is 0 to 1, EYE_SHOWN the share of this drawing against the photo's
            own content as it moves with the lids, EYE_UNIT the face height in pixels.
        flat, stride, rows, crop_x, crop_y: the enlarged crop of the photo.
        out: the frame.
    """
    ink = np.empty(3, dtype=np.float32)
    m = numbers
    unit, blink = float(m[EYE_UNIT]), float(m[BLINK])
    for r in range(strip.shape[0]):
        y = top + r
        for q in range(strip.shape[1]):
            above, below = strip[r, q, UPPER], strip[r, q, LOWER]
            if above < -90.0:
                continue
            x = left + q
            share = coverage(above, below, m[EYE_SOFTNESS])
            px = m[EYE_XX] * x + m[EYE_XY] * y + m[EYE_X]
            py = m[EYE_YX] * x + m[EYE_YY] * y + m[EYE_Y]
            dx, dy = px - m[IRIS_X] - m[GAZE_X], py - m[IRIS_Y] - m[GAZE_Y]
            # the iris moves as a whole; the white between it and the lids stretches
            follow = 1.0 - ramp(math.sqrt(dx * dx + dy * dy) / m[IRIS_RADIUS], 0.98, 2.0)
            total = read_packed(
                flat, stride, rows,
                to_32nds(px - crop_x - m[GAZE_X] * follow), to_32nds(py - crop_y - m[GAZE_Y] * follow),
            )  # fmt: skip
            # a falling lid throws its shadow on the eyeball just below it
            shadow = 1.0 - ramp(blink, 0.0, 0.7) * (0.10 + 0.32 * (1.0 - ramp(above, 0.0, 0.020 * unit)))
            for c in range(3):
                ink[c] = ((total >> (16 * c)) & 0xFFFF) / 256.0 * shadow
            blend_content(ink, share, m[EYE_SHOWN], strip, r, q, x, y, flat, stride, rows, crop_x, crop_y, out)
            if blink > 0.04:
                _draw_lash(strip, r, q, x, y, blink, unit, m, out)


@compiled
def _draw_lash(strip: F32, r: int, q: int, x: int, y: int, blink: float, unit: float, numbers: F32, out: U8) -> None:
    """Draw the meeting line of closing lids in the colour of their lashes. What is darker stays."""
    ends = ramp(1.0 - abs(strip[r, q, ALONG]), 0.0, 0.45)
    away = (strip[r, q, UPPER] + 0.001 * unit) / (0.0055 * unit + 0.35)
    share = 0.85 * ramp(blink, 0.04, 0.5) * ends * math.exp(-away * away)
    for c in range(3):
        lash = min(numbers[LASH_RED + c], out[y, x, c])
        out[y, x, c] = int(out[y, x, c] + share * (lash - out[y, x, c]) + 0.5)
