"""Drawing triangles whose corners carry values: the backward map from a frame to the photo, and masks.

Values are interpolated linearly. Triangles are drawn in order, later ones over earlier ones; the caller sorts them from
far to near.
"""

from __future__ import annotations

import math

from gpu_worker.rendering.arrays import F32, I32
from gpu_worker.rendering.jit import compiled

#: Tolerance at the edges of triangles, as a share of a triangle: no pixel falls between two neighbours.
_EDGE = 2e-3


@compiled
def draw_triangles(points: F32, values: F32, triangles: I32, left: float, top: float, step: float, out: F32) -> None:
    """Interpolate values over triangles at the nodes of a grid.

    Args:
        points: ``(n, 2)`` corners in pixels.
        values: ``(n, d)`` values at the corners.
        triangles: ``(t, 3)`` indices.
        left, top: position of node (0, 0) in pixels.
        step: distance of the nodes in pixels.
        out: ``(rows, columns, d)``; nodes inside a triangle are overwritten, the others kept.
    """
    rows, columns, depth = out.shape
    per_step = 1.0 / step
    for i in range(triangles.shape[0]):
        a, b, c = triangles[i, 0], triangles[i, 1], triangles[i, 2]
        ax, ay = (points[a, 0] - left) * per_step, (points[a, 1] - top) * per_step
        bx, by = (points[b, 0] - left) * per_step, (points[b, 1] - top) * per_step
        cx, cy = (points[c, 0] - left) * per_step, (points[c, 1] - top) * per_step
        area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
        if abs(area) < 1e-7:
            continue
        x0 = max(0, math.ceil(min(ax, bx, cx) - 0.02))
        x1 = min(columns - 1, math.floor(max(ax, bx, cx) + 0.02))
        y0 = max(0, math.ceil(min(ay, by, cy) - 0.02))
        y1 = min(rows - 1, math.floor(max(ay, by, cy) + 0.02))
        if x1 < x0 or y1 < y0:
            continue
        bx_step, by_step = (cy - ay) / area, -(cx - ax) / area
        cx_step, cy_step = -(by - ay) / area, (bx - ax) / area
        for y in range(y0, y1 + 1):
            wb = (x0 - ax) * bx_step + (y - ay) * by_step
            wc = (x0 - ax) * cx_step + (y - ay) * cy_step
            for x in range(x0, x1 + 1):
                wa = 1.0 - wb - wc
                if wb >= -_EDGE and wc >= -_EDGE and wa >= -_EDGE:
                    for d in range(depth):
                        out[y, x, d] = wa * values[a, d] + wb * values[b, d] + wc * values[c, d]
                wb += bx_step
                wc += cx_step


@compiled
def draw_map(
    points: F32, source: F32, shade: F32, triangles: I32, left: float, top: float, step: float, out: F32
) -> None:
    """As :func:`draw_triangles` for the backward map, written out for speed.

    ``out`` is ``(rows, columns, 3)``: where in the photo the node's colour comes from, relative to the node itself
    (x, y in pixels), and the change of brightness (0 = none). ``source`` is ``(n, 2)``, ``shade`` is ``(n,)``.
    """
    rows, columns = out.shape[0], out.shape[1]
    per_step = 1.0 / step
    for i in range(triangles.shape[0]):
        a, b, c = triangles[i, 0], triangles[i, 1], triangles[i, 2]
        ax, ay = (points[a, 0] - left) * per_step, (points[a, 1] - top) * per_step
        bx, by = (points[b, 0] - left) * per_step, (points[b, 1] - top) * per_step
        cx, cy = (points[c, 0] - left) * per_step, (points[c, 1] - top) * per_step
        area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
        if abs(area) < 1e-7:
            continue
        x0 = max(0, math.ceil(min(ax, bx, cx) - 0.02))
        x1 = min(columns - 1, math.floor(max(ax, bx, cx) + 0.02))
        y0 = max(0, math.ceil(min(ay, by, cy) - 0.02))
        y1 = min(rows - 1, math.floor(max(ay, by, cy) + 0.02))
        if x1 < x0 or y1 < y0:
            continue
        bx_step, by_step = (cy - ay) / area, -(cx - ax) / area
        cx_step, cy_step = -(by - ay) / area, (bx - ax) / area
        # displacements at the corners, and their change for b and c
        ux, uy, us = source[a, 0] - points[a, 0], source[a, 1] - points[a, 1], shade[a]
        vx, vy, vs = source[b, 0] - points[b, 0] - ux, source[b, 1] - points[b, 1] - uy, shade[b] - us
        wx, wy, ws = source[c, 0] - points[c, 0] - ux, source[c, 1] - points[c, 1] - uy, shade[c] - us
        for y in range(y0, y1 + 1):
            wb = (x0 - ax) * bx_step + (y - ay) * by_step
            wc = (x0 - ax) * cx_step + (y - ay) * cy_step
            for x in range(x0, x1 + 1):
                if wb >= -_EDGE and wc >= -_EDGE and 1.0 - wb - wc >= -_EDGE:
                    out[y, x, 0] = ux + wb * vx + wc * wx
                    out[y, x, 1] = uy + wb * vy + wc * wy
                    out[y, x, 2] = us + wb * vs + wc * ws
                wb += bx_step
                wc += cx_step
