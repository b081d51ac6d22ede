"""Reading the photo between its pixels, quickly and sharply.

The photo is enlarged twice, once, with a filter that leaves its own pixels as they are, and frames are read from the
enlargement by linear interpolation in steps of 1/32 pixel. Linear interpolation between an own pixel and a half-way
one loses fine detail, so the half-way filter is made a little too sharp: averaged over positions, the detail is kept.
A pixel's three channels travel in one 64-bit integer, 16 bits each, so that one integer multiplication weights them
all.
"""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import numpy as np

from gpu_worker.rendering.arrays import F32, F64, I8, I32, I64, U8
from gpu_worker.rendering.jit import compiled

#: Pixels added around the photo on each side.
BORDER = 4
#: Strongest grain that :func:`store` can add without carrying, 1/256 grey level.
MOST_GRAIN = 7000
_TAPS = 8
#: Gain of the half-way filter at 0.7 of the highest frequency, unless a photo needs another.
SHARPNESS = 1.30


@lru_cache(maxsize=32)
def halfway_filter(sharpness: float = SHARPNESS) -> F64:
    """Symmetric filter of 8 taps for the value half way between two pixels, sum 1 (weighted least squares)."""
    omega = np.linspace(0.0, np.pi, 128)
    target = 1.0 + (sharpness - 1.0) * (omega / (0.7 * np.pi)) ** 4
    weight = np.where(omega < 0.75 * np.pi, 1.0, 0.05)
    # cosines of the taps at +-1/2, 3/2, 5/2, 7/2; the last tap follows from the sum
    cosines = 2 * np.cos(omega[:, None] * (np.arange(_TAPS // 2) + 0.5))
    reduced = cosines[:, :3] - cosines[:, 3:]
    taps = np.linalg.lstsq(reduced * weight[:, None], (target - cosines[:, 3] / 2) * weight, rcond=None)[0]
    half = np.append(taps, 0.5 - taps.sum())
    return np.concatenate([half[::-1], half])


def enlarge_and_pack(pixels: U8, sharpness: float = SHARPNESS) -> I64:
    """Enlarge twice and pack: ``(h, w, 3)`` to ``(2 (h + 8), 2 (w + 8))``, channel c in bits 16 c to 16 c + 7.

    Position (x, y) of ``pixels`` is at (2 (x + 4), 2 (y + 4)); values at even positions are the pixels themselves.
    """
    padded = np.pad(pixels, ((BORDER, BORDER), (BORDER, BORDER), (0, 0)), mode="edge")
    height, width = padded.shape[:2]
    kernel = halfway_filter(sharpness).astype(np.float32)
    identity = np.ones(1, dtype=np.float32)
    # the filter has an even number of taps: anchored so that the result lies half a pixel further on
    anchor = _TAPS // 2 - 1
    across = cv2.sepFilter2D(padded, cv2.CV_32F, kernel, identity, anchor=(anchor, 0), borderType=cv2.BORDER_REPLICATE)
    down = cv2.sepFilter2D(padded, cv2.CV_32F, identity, kernel, anchor=(0, anchor), borderType=cv2.BORDER_REPLICATE)
    both = cv2.sepFilter2D(across, cv2.CV_32F, identity, kernel, anchor=(0, anchor), borderType=cv2.BORDER_REPLICATE)
    packed = np.empty((2 * height, 2 * width), dtype=np.int64)
    for row, column, part in ((0, 0, padded), (0, 1, across), (1, 0, down), (1, 1, both)):
        _pack_into(np.asarray(np.clip(np.rint(part), 0, 255), dtype=np.uint8), packed[row::2, column::2])
    return packed


@compiled
def _pack_into(pixels: U8, out: I64) -> None:
    for y in range(pixels.shape[0]):
        for x in range(pixels.shape[1]):
            out[y, x] = np.int64(pixels[y, x, 0]) | np.int64(pixels[y, x, 1]) << 16 | np.int64(pixels[y, x, 2]) << 32


@lru_cache(maxsize=1)
def loss_table() -> I32:
    """Standard deviation of white noise that reading takes away at each of 16 x 16 positions, in 1/256."""
    energy = float((halfway_filter() ** 2).sum())
    t = np.arange(16) / 16.0
    centre = halfway_filter()[_TAPS // 2]
    kept = (1 - t) ** 2 + t**2 * energy + 2 * t * (1 - t) * centre
    lost = np.sqrt(np.maximum(0.0, 1.0 - kept[:, None] * kept[None, :]))
    table: I32 = np.rint(256 * lost).astype(np.int32).ravel()
    return table


@compiled
def read_packed(flat: I64, stride: int, rows: int, qx: int, qy: int) -> int:
    """Interpolated pixel: three 16-bit sums in one integer, each 256 times the value.

    ``flat`` is the enlargement's memory, ``stride`` its row length, ``rows`` its number of rows; (qx, qy) is the
    position in the cropped photo in 1/32 pixel. Positions outside are moved to the border.
    """
    qx = min(max(qx + 32 * BORDER, 0), 16 * (stride - 2))
    qy = min(max(qy + 32 * BORDER, 0), 16 * (rows - 2))
    u = qx & 15
    v = qy & 15
    start = np.uint64((qy >> 4) * stride + (qx >> 4))
    below = start + np.uint64(stride)
    one = np.uint64(1)
    total: int = (16 - v) * ((16 - u) * flat[start] + u * flat[start + one]) + v * (
        (16 - u) * flat[below] + u * flat[below + one]
    )
    return total


@compiled
def to_32nds(x: float) -> int:
    """A position in pixels as a whole number of 1/32 pixel."""
    return math.floor(x * 32.0 + 0.5)


@compiled
def store(total: int, gain: int, extra: int, out: U8, y: int, x: int) -> None:
    """Write :func:`read_packed`'s result to a frame, with brightness changed by ``gain``/1024, plus ``extra``/64.

    The channels are shifted to 1/64 grey level and lifted by 256 levels, so that an addition to all of them at once can
    neither borrow from nor carry into a neighbour, and one comparison tells whether any left the range of a pixel.
    """
    lanes = ((total >> 2) & 0x3FFF3FFF3FFF) + (extra + 256 * 64 + 32) * (1 | 1 << 16 | 1 << 32)
    r, g, b = (lanes >> 6) & 0xFF, (lanes >> 22) & 0xFF, (lanes >> 38) & 0xFF
    if gain != 0 or (lanes & 0xC000C000C000) != 0x400040004000:
        r, g, b = ((lanes >> 6) & 0x3FF) - 256, ((lanes >> 22) & 0x3FF) - 256, ((lanes >> 38) & 0x3FF) - 256
        r = min(max(r + ((r * gain) >> 10), 0), 255)
        g = min(max(g + ((g * gain) >> 10), 0), 255)
        b = min(max(b + ((b * gain) >> 10), 0), 255)
    row, column = np.uint64(y), np.uint64(x)
    out[row, column, np.uint64(0)] = r
    out[row, column, np.uint64(1)] = g
    out[row, column, np.uint64(2)] = b


@compiled
def grain_at(noise_line: I8, loss: I32, grain: int, qx: int, qy: int, x: int) -> int:
    """Grain that makes up for what reading at (qx, qy) lost, in 1/64 grey level.

    ``grain`` is in 1/256 grey level and at most MOST_GRAIN.
    """
    unit = np.int64(noise_line[np.uint64(x & (noise_line.shape[0] - 1))])
    amount: int = (unit * grain * loss[np.uint64((qy & 15) * 16 + (qx & 15))]) >> 14
    return amount


@compiled
def warp_window(
    flat: I64,
    stride: int,
    rows: int,
    crop_x: int,
    crop_y: int,
    loss: I32,
    noise: I8,
    noise_row: int,
    noise_column: int,
    grain: int,
    field: F32,
    left: int,
    top: int,
    step: int,
    fine: F32,
    window_x: int,
    window_y: int,
    fade: int,
    out: U8,
) -> None:
    """Write a window of the frame through a map at full resolution; as :func:`warping.warp_region` otherwise.

    ``fine`` is ``(h, w, 3)`` with its pixel (0, 0) at (window_x, window_y) of the frame; values of 1e8 and more mean
    "no value, use the coarse field". Over ``fade`` pixels from the window's border the coarse field takes over.
    """
    height, width = fine.shape[0], fine.shape[1]
    for r in range(height):
        y = window_y + r
        k = min((y - top) // step, field.shape[0] - 2)
        ty = np.float32((y - top - k * step) / step)
        noise_line = noise[(y + noise_row) & (noise.shape[0] - 1)]
        for q in range(width):
            x = window_x + q
            j = min((x - left) // step, field.shape[1] - 2)
            tx = np.float32((x - left - j * step) / step)
            border = min(min(r, height - 1 - r), min(q, width - 1 - q))
            share = min(1.0, border / fade)
            if fine[r, q, 0] >= 1e8:
                share = 0.0
            dx, dy, ds = fine[r, q, 0], fine[r, q, 1], fine[r, q, 2]
            if share < 1.0:
                cx = (field[k, j, 0] * (1 - tx) + field[k, j + 1, 0] * tx) * (1 - ty) + (
                    field[k + 1, j, 0] * (1 - tx) + field[k + 1, j + 1, 0] * tx) * ty  # fmt: skip
                cy = (field[k, j, 1] * (1 - tx) + field[k, j + 1, 1] * tx) * (1 - ty) + (
                    field[k + 1, j, 1] * (1 - tx) + field[k + 1, j + 1, 1] * tx) * ty  # fmt: skip
                cs = (field[k, j, 2] * (1 - tx) + field[k, j + 1, 2] * tx) * (1 - ty) + (
                    field[k + 1, j, 2] * (1 - tx) + field[k + 1, j + 1, 2] * tx) * ty  # fmt: skip
                if share <= 0.0:
                    dx, dy, ds = cx, cy, cs
                else:
                    dx, dy, ds = cx + share * (dx - cx), cy + share * (dy - cy), cs + share * (ds - cs)
            qx, qy = to_32nds(x - crop_x + dx), to_32nds(y - crop_y + dy)
            extra = 0
            if grain != 0:
                extra = grain_at(noise_line, loss, grain, qx, qy, x + noise_column)
            store(read_packed(flat, stride, rows, qx, qy), int(ds * 1024.0), extra, out, y, x)


@compiled
def soften_stretched(
    fine: F32,
    window_x: int,
    window_y: int,
    flat: I64,
    stride: int,
    rows: int,
    crop_x: int,
    crop_y: int,
    noise: I8,
    grain: int,
    out: U8,
) -> None:
    """Where a window magnifies the skin a lot up and down, mix in a softened photo.

    A narrow fold of lid that is drawn out shows its few pixels as streaks; real lids unfold smooth skin. ``flat`` to
    ``crop_y`` describe the softened photo; what softening took is given back as grain, ``noise`` at ``grain`` in 1/256
    grey level. The other arguments are those of :func:`warp_window`.
    """
    height, width = fine.shape[0], fine.shape[1]
    for r in range(1, height - 1):
        for q in range(width):
            if fine[r - 1, q, 0] >= 1e8 or fine[r, q, 0] >= 1e8 or fine[r + 1, q, 0] >= 1e8:
                continue
            scale = abs(1.0 + 0.5 * (fine[r + 1, q, 1] - fine[r - 1, q, 1]))
            share = min(max((0.62 - scale) / 0.30, 0.0), 1.0)
            if share <= 0.0:
                continue
            y, x = window_y + r, window_x + q
            total = read_packed(
                flat, stride, rows, to_32nds(x - crop_x + fine[r, q, 0]), to_32nds(y - crop_y + fine[r, q, 1])
            )
            rough = noise[y & (noise.shape[0] - 1), x & (noise.shape[0] - 1)] * grain / 4096.0
            for c in range(3):
                soft = ((total >> (16 * c)) & 0xFFFF) / 256.0 + rough
                value = out[y, x, c] + 0.88 * share * (soft - out[y, x, c])
                out[y, x, c] = int(min(max(value + 0.5, 0.0), 255.0))
