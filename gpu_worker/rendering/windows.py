"""The skin around one opening and the strip over it, each in one compiled call.

From Python the many small steps of an opening cost several times what its few pixels do, and hold the interpreter's
lock meanwhile.
"""

from __future__ import annotations

from gpu_worker.rendering.arrays import F32, I32, U8, Bool
from gpu_worker.rendering.holes import OUTSIDE, build_fill, build_strip
from gpu_worker.rendering.jit import compiled
from gpu_worker.rendering.raster import draw_map, draw_triangles

#: Where a window's map has no value: see ``sampling.warp_window``.
_NO_VALUE = 1e9

#: Left, top, width and height in whole pixels of the frame.
Box = tuple[int, int, int, int]


@compiled
def box_around(points: F32, chosen: I32, pad: float, bounds: I32) -> Box:
    """Whole-pixel box around the ``chosen`` of ``points`` ``(n, 2)`` and ``pad`` pixels more, inside ``bounds`` (left,
    top, right, bottom)."""
    low_x, low_y = points[chosen[0], 0], points[chosen[0], 1]
    high_x, high_y = low_x, low_y
    for i in range(1, chosen.shape[0]):
        x, y = points[chosen[i], 0], points[chosen[i], 1]
        low_x, high_x = min(low_x, x), max(high_x, x)
        low_y, high_y = min(low_y, y), max(high_y, y)
    left, top = max(int(low_x - pad), bounds[0]), max(int(low_y - pad), bounds[1])
    right, bottom = min(int(high_x + pad) + 2, bounds[2]), min(int(high_y + pad) + 2, bounds[3])
    return left, top, max(0, right - left), max(0, bottom - top)


@compiled
def draw_window_map(
    screen: F32,
    source: F32,
    shade: F32,
    upper: I32,
    lower: I32,
    fill_corners: F32,
    fill_source: F32,
    fill_shade: F32,
    fill: I32,
    triangles: I32,
    left: int,
    top: int,
    fine: F32,
) -> None:
    """The map of a window at full resolution, with the skin that lies under the opening.

    Args:
        screen, source, shade: all mesh points in the frame and in the photo, and their light.
        upper, lower: the opening's contours.
        fill_corners, fill_source, fill_shade, fill: scratch and triangles, see ``holes.build_fill``.
        triangles: those of the mesh near the opening, far to near.
        left, top: where the window begins in the frame.
        fine: ``(h, w, 3)``, written.
    """
    fine[:] = _NO_VALUE
    build_fill(screen, source, upper, lower, fill_corners, fill_source)
    draw_map(fill_corners, fill_source, fill_shade, fill, float(left), float(top), 1.0, fine)
    draw_map(screen, source, shade, triangles, float(left), float(top), 1.0, fine)


@compiled
def draw_strip(corners: F32, values: F32, triangles: I32, left: int, top: int, strip: F32) -> None:
    """The values of ``holes.build_strip`` over the pixels of ``strip``, ``(h, w, 5)``, which begins at (left, top)."""
    for y in range(strip.shape[0]):
        for x in range(strip.shape[1]):
            strip[y, x, 0] = OUTSIDE
    draw_triangles(corners, values, triangles, float(left), float(top), 1.0, strip)


@compiled
def strip_around(
    screen: F32,
    source: F32,
    upper: I32,
    lower: I32,
    flip: float,
    margin: float,
    corners: F32,
    values: F32,
    everything: I32,
    bounds: I32,
) -> Box:
    """Build an opening's strip (see ``holes.build_strip``) and find the box that holds it; ``everything`` counts the
    corners."""
    build_strip(screen, source, upper, lower, flip, margin, corners, values)
    return box_around(corners, everything, 1.0, bounds)


@compiled
def restore_outside(mask: Bool, left: int, top: int, width: int, height: int, photo: U8, out: U8) -> None:
    """Within a box, make every pixel of ``out`` that ``mask`` ``(h, w)`` does not hold that of ``photo`` again."""
    for y in range(top, top + height):
        for x in range(left, left + width):
            if not mask[y, x]:
                for c in range(3):
                    out[y, x, c] = photo[y, x, c]
