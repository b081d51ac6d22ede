"""The openings of the mesh on the screen: how far each pixel is from the lips or lids around it.

An opening is drawn as a strip of quads across it that reaches a little into the skin on both sides. At each of its
pixels we know the distance to the upper and to the lower contour, so the opening's coverage of a pixel is that of a
blurred band: F(upper) + F(lower) - 1, with F a soft step. It falls to zero without a threshold as the contours meet.
"""

from __future__ import annotations

import math

import numpy as np

from gpu_worker.rendering.arrays import F32, I32, U8
from gpu_worker.rendering.jit import compiled

#: Values of a strip: distance below the upper contour, above the lower one (pixels), position along (-1 to 1),
#: and where the photo shows this part of the opening, relative to the pixel (x, y).
UPPER, LOWER, ALONG, SOURCE_X, SOURCE_Y = range(5)
STRIP_VALUES = 5
#: Distance to the upper contour where a pixel is outside the strip; anything below -90 counts as outside.
OUTSIDE = -99.0


@compiled
def build_strip(
    points: F32, source: F32, upper: I32, lower: I32, flip: float, margin: float, corners: F32, values: F32
) -> None:
    """Corners ``(2 n, 2)`` and values ``(2 n, 5)`` of the strip over an opening whose contours have n points.

    ``points`` and ``source`` are all mesh points in the frame and in the photo, ``flip`` is -1 where the contour runs
    from the image's right to its left, ``margin`` is how far the strip reaches into the skin, pixels.
    """
    n = upper.shape[0]
    for i in range(n):
        before, after = max(0, i - 1), min(n - 1, i + 1)
        for pixels in range(2):
            where = points if pixels == 0 else source
            u, low = upper[i], lower[i]
            tx = where[upper[after], 0] + where[lower[after], 0] - where[upper[before], 0] - where[lower[before], 0]
            ty = where[upper[after], 1] + where[lower[after], 1] - where[upper[before], 1] - where[lower[before], 1]
            size = math.sqrt(tx * tx + ty * ty) + 1e-6
            nx, ny = -ty / size * flip, tx / size * flip
            ax, ay = where[u, 0] - margin * nx, where[u, 1] - margin * ny
            bx, by = where[low, 0] + margin * nx, where[low, 1] + margin * ny
            if pixels == 0:
                gap = (where[low, 0] - where[u, 0]) * nx + (where[low, 1] - where[u, 1]) * ny
                corners[2 * i, 0], corners[2 * i, 1] = ax, ay
                corners[2 * i + 1, 0], corners[2 * i + 1, 1] = bx, by
                values[2 * i, 0], values[2 * i, 1] = -margin, gap + margin
                values[2 * i + 1, 0], values[2 * i + 1, 1] = gap + margin, -margin
                along = 2.0 * i / (n - 1) - 1.0
                values[2 * i, 2], values[2 * i + 1, 2] = along, along
            else:
                values[2 * i, 3], values[2 * i, 4] = ax - corners[2 * i, 0], ay - corners[2 * i, 1]
                values[2 * i + 1, 3], values[2 * i + 1, 4] = bx - corners[2 * i + 1, 0], by - corners[2 * i + 1, 1]


@compiled
def build_fill(points: F32, source: F32, upper: I32, lower: I32, corners: F32, pixels: F32) -> None:
    """Corners and photo positions, ``(4 n, 2)`` each, of the skin that lies under an opening.

    Its upper half takes the colour of the upper contour, its lower half that of the lower one, never that of the
    opening's content: what shows through an anti-aliased edge is then lip or lid.
    """
    for i in range(upper.shape[0]):
        u, low = upper[i], lower[i]
        for d in range(2):
            middle = (points[u, d] + points[low, d]) / 2
            corners[4 * i, d] = points[u, d]
            corners[4 * i + 1, d] = middle
            corners[4 * i + 2, d] = middle
            corners[4 * i + 3, d] = points[low, d]
            pixels[4 * i, d] = source[u, d]
            pixels[4 * i + 1, d] = source[u, d]
            pixels[4 * i + 2, d] = source[low, d]
            pixels[4 * i + 3, d] = source[low, d]


def strip_triangles(count: int) -> I32:
    """Triangles over the corners of :func:`build_strip` for contours of ``count`` points, from both ends to the middle:
    at a corner that turns sharply they overlap, and what lies further in is right."""
    i = np.arange(count - 1, dtype=np.int32)[:, None]
    first = np.concatenate([2 * i, 2 * i + 1, 2 * i + 3], axis=1)
    second = np.concatenate([2 * i, 2 * i + 3, 2 * i + 2], axis=1)
    inwards = np.argsort(-np.abs(np.arange(count - 1) - (count - 2) / 2), kind="stable")
    return np.asarray(np.stack([first, second], axis=1)[inwards].reshape(-1, 3), dtype=np.int32)


def fill_triangles(count: int) -> I32:
    """Triangles over the corners of :func:`build_fill` for contours of ``count`` points."""
    i = np.arange(count - 1, dtype=np.int32)[:, None]
    parts = []
    for a in (0, 2):
        parts.append(np.concatenate([4 * i + a, 4 * i + a + 1, 4 * i + a + 5], axis=1))
        parts.append(np.concatenate([4 * i + a, 4 * i + a + 5, 4 * i + a + 4], axis=1))
    return np.asarray(np.concatenate(parts), dtype=np.int32)


@compiled
def coverage(above: float, below: float, softness: float) -> float:
    """Share of a pixel that an opening covers, from its distances to both contours."""
    a = min(max(above / (2.0 * softness) + 0.5, 0.0), 1.0)
    b = min(max(below / (2.0 * softness) + 0.5, 0.0), 1.0)
    a = a * a * (3.0 - 2.0 * a)
    b = b * b * (3.0 - 2.0 * b)
    return max(0.0, a + b - 1.0)


@compiled
def inset_source(
    source: F32, upper: I32, lower: I32, flip: float, insets: F32, ends: F32, share: float, out: F32
) -> None:
    """Let both contours of an opening take their colour from further inside the skin.

    Landmarks run along the inner edge of lips and lids, and a little of what lies behind sticks to them. While the
    opening shows it, that is as it should be; on closed lips or lids it would leave dots.

    Args:
        source: all mesh points in the photo.
        upper, lower, flip: the contours, as for :func:`build_strip`.
        insets: ``(2, n)`` pixels across the opening, for the upper and the lower contour.
        ends: ``(2, 2)`` shift (x, y) of the first and of the last point, which both contours share.
        share: how much of all this, 0 to 1.
        out: all mesh points; those of the contours are written.
    """
    n = upper.shape[0]
    for i in range(1, n - 1):
        tx = source[upper[i + 1], 0] + source[lower[i + 1], 0] - source[upper[i - 1], 0] - source[lower[i - 1], 0]
        ty = source[upper[i + 1], 1] + source[lower[i + 1], 1] - source[upper[i - 1], 1] - source[lower[i - 1], 1]
        size = math.sqrt(tx * tx + ty * ty) + 1e-6
        nx, ny = -ty / size * flip * share, tx / size * flip * share
        up, down = insets[0, i], insets[1, i]
        out[upper[i], 0], out[upper[i], 1] = source[upper[i], 0] - nx * up, source[upper[i], 1] - ny * up
        out[lower[i], 0], out[lower[i], 1] = source[lower[i], 0] + nx * down, source[lower[i], 1] + ny * down
    for end in range(2):
        point = upper[0] if end == 0 else upper[n - 1]
        for d in range(2):
            out[point, d] = source[point, d] + ends[end, d] * share


@compiled
def soften_seam(strip: F32, left: int, top: int, softness: float, amount: float, contact: float, out: U8) -> None:
    """Smooth the line along which closed lids or parted lips meet, across it, where two pieces of skin abut.

    ``contact`` (share) is by how much the line itself is darker than the skin around it: closed lips throw a shade on
    each other, and without it they look sealed.
    """
    height, width = strip.shape[0], strip.shape[1]
    # narrower than a pixel, a line would show the steps of the grid
    reach = max(softness, 1.0)
    before = out[top : top + height, left : left + width].copy()
    for r in range(1, height - 1):
        for q in range(1, width - 1):
            above, below = strip[r, q, UPPER], strip[r, q, LOWER]
            if above < -90.0:
                continue
            near = 1.0 - min(1.0, abs(above - below) / (3.2 * reach))
            shut = 1.0 - min(1.0, max(0.0, (above + below) / (2.5 * softness)))
            share = amount * near * shut
            if share <= 0.01:
                continue
            gx, gy = 0.0, 1.0
            if strip[r, q - 1, UPPER] > -90.0 and strip[r, q + 1, UPPER] > -90.0:
                gx = (strip[r, q + 1, UPPER] - strip[r, q - 1, UPPER]) * 0.5
            if strip[r - 1, q, UPPER] > -90.0 and strip[r + 1, q, UPPER] > -90.0:
                gy = (strip[r + 1, q, UPPER] - strip[r - 1, q, UPPER]) * 0.5
            size = math.sqrt(gx * gx + gy * gy) + 1e-6
            line = (above - below) / (2.6 * reach)
            dark = 1.0 - contact * amount * shut * math.exp(-line * line)
            for c in range(3):
                total, weight = 0.0, 0.0
                for k in range(-2, 3):
                    away = 0.6 * reach * k
                    i = min(max(math.floor(r + gy / size * away + 0.5), 0), height - 1)
                    j = min(max(math.floor(q + gx / size * away + 0.5), 0), width - 1)
                    w = 1.0 if k == 0 else (0.8 if abs(k) == 1 else 0.4)
                    total += w * before[i, j, c]
                    weight += w
                value = before[r, q, c] + share * (total / weight - before[r, q, c])
                out[top + r, left + q, c] = int(value * dark + 0.5)
