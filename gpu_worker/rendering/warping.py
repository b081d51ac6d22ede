"""Writing the moving region of a frame through a coarse map: most of a frame's work.

Each row is done in three passes: where the map's nodes are in this row, one interpolated pixel after the other as a sum
of three 16-bit lanes, and the sums to bytes. Only the second reads memory in no fixed order; the others work on short
rows next to each other, which compilers turn into vector instructions.
"""

from __future__ import annotations

import numpy as np

from gpu_worker.rendering.arrays import F32, I8, I32, I64, U8
from gpu_worker.rendering.jit import compiled
from gpu_worker.rendering.sampling import BORDER

#: Movements (1/65536 pixel) and changes of brightness (1/65536) that reading rounds to nothing.
_STILL, _SAME_LIGHT = 960, 30


@compiled
def warp_region(
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
    first_row: int,
    spans: I32,
    photo: U8,
    out: U8,
) -> None:
    """Write the moving region of a frame through a coarse map.

    Args:
        flat, stride, rows: the enlargement from :func:`sampling.enlarge_and_pack` of a crop of the photo.
        crop_x, crop_y: where that crop begins in the photo.
        loss: :func:`sampling.loss_table`.
        noise, noise_row, noise_column, grain: a square tile of unit noise (16 = one standard deviation), where to begin
            in it, and its strength in 1/256 of a grey level at full loss, at most ``sampling.MOST_GRAIN``.
        field: ``(rows, columns, 3)`` from :func:`gpu_worker.rendering.raster.draw_map`.
        left, top, step: the field's node (0, 0) and distance of its nodes, whole pixels; the step is a power of two.
        first_row, spans: first row of the region and [first, last) column of each of its rows, ``(rows, 2)``.
        photo: the photo itself, ``(h, w, 3)``: rows that hardly move are copied from it, which is the same and quicker.
        out: the frame, ``(h, w, 3)``; pixels outside the region are not touched.
    """
    height, width, columns = out.shape[0], out.shape[1], field.shape[1]
    lines, originals = out.reshape(height, 3 * width), photo.reshape(height, 3 * width)
    nodes = np.empty((3, columns), np.int64)
    total, gain = np.empty(width, np.int64), np.empty(width, np.int32)
    lost, speck = np.zeros(width, np.int32), np.zeros(width, np.int32)
    weights, tile = loss * np.int32(grain), noise.shape[0] - 1
    shift = 0
    while (1 << shift) < step:
        shift += 1
    most_x, most_y = 16 * (stride - 2), 16 * (rows - 2)
    for r in range(spans.shape[0]):
        y = first_row + r
        k = min((y - top) >> shift, field.shape[0] - 2)
        first, last = int(spans[r, 0]), int(spans[r, 1])
        if last <= first:
            continue
        j0, j1 = (first - left) >> shift, min((last - 1 - left) >> shift, columns - 2)
        if _nodes_of_row(field, k, np.float32((y - top - k * step) / step), j0, j1, nodes):
            lines[y, 3 * first : 3 * last] = originals[y, 3 * first : 3 * last]
            continue
        # positions in 1/65536 pixel of the enlargement's crop, rounded to 1/32
        base_x, base_y = ((BORDER - crop_x) << 16) + 1024, ((y - crop_y + BORDER) << 16) + 1024
        for j in range(j0, j1 + 1):
            n, m = np.uint64(j), np.uint64(j + 1)
            begin = left + (j << shift)
            x0, x1 = max(begin, first), min(begin + step, last)
            slope_x, slope_y = (nodes[0, m] - nodes[0, n]) >> shift, (nodes[1, m] - nodes[1, n]) >> shift
            slope_s = (nodes[2, m] - nodes[2, n]) >> shift
            sx = nodes[0, n] + slope_x * (x0 - begin) + (x0 << 16) + base_x
            sy = nodes[1, n] + slope_y * (x0 - begin) + base_y
            shade = nodes[2, n] + slope_s * (x0 - begin) + 32
            for x in range(x0, x1):
                i = np.uint64(x - first)
                qx, qy = min(max(sx >> 11, 0), most_x), min(max(sy >> 11, 0), most_y)
                u, v = qx & 15, qy & 15
                start = np.uint64((qy >> 4) * stride + (qx >> 4))
                below = start + np.uint64(stride)
                left_above, left_below = flat[start], flat[below]
                # lanes may borrow from each other in the differences; in the sums that is made good exactly
                above = (left_above << 4) + u * (flat[start + np.uint64(1)] - left_above)
                beneath = (left_below << 4) + u * (flat[below + np.uint64(1)] - left_below)
                total[i] = (above << 4) + v * (beneath - above)
                gain[i] = shade >> 6
                if grain != 0:
                    lost[i] = weights[np.uint64((((sy >> 11) & 15) << 4) | ((sx >> 11) & 15))]
                sx += slope_x + 65536
                sy += slope_y
                shade += slope_s
        if grain != 0:
            noise_line = noise[(y + noise_row) & tile]
            for x in range(first, last):
                speck[np.uint64(x - first)] = noise_line[np.uint64((x + noise_column) & tile)]
        _to_bytes(total, gain, lost, speck, lines[y, 3 * first : 3 * last])


@compiled
def _nodes_of_row(field: F32, k: int, ty: np.float32, j0: int, j1: int, nodes: I64) -> bool:
    """Fill ``nodes`` ``(3, columns)`` with movement and light (1/65536) of the nodes j0 to j1 + 1 in a row between the
    field's rows k and k + 1; returns whether the whole row stays what the photo shows."""
    moved, lit = 0, 0
    for node in range(j0, j1 + 2):
        n = np.uint64(node)
        for axis in range(3):
            value = field[k, n, axis] + ty * (field[k + 1, n, axis] - field[k, n, axis])
            nodes[axis, n] = int(value * np.float32(65536.0))
        moved = max(moved, abs(nodes[0, n]), abs(nodes[1, n]))
        lit = max(lit, abs(nodes[2, n]))
    return bool(moved < _STILL and lit < _SAME_LIGHT)


@compiled
def _to_bytes(total: I64, gain: I32, lost: I32, speck: I32, line: U8) -> None:
    """What :func:`sampling.store` does, for a row: ``line`` has three bytes for each sum, and the same result."""
    for i in range(line.shape[0] // 3):
        n = np.uint64(i)
        byte = np.uint64(3) * n
        lanes, extra, light = total[n], np.int32(((speck[n] * lost[n]) >> 14) + 32), gain[n]
        r = (np.int32((lanes >> 2) & 0x3FFF) + extra) >> 6
        g = (np.int32((lanes >> 18) & 0x3FFF) + extra) >> 6
        b = (np.int32((lanes >> 34) & 0x3FFF) + extra) >> 6
        line[byte] = min(max(r + ((r * light) >> 10), 0), 255)
        line[byte + np.uint64(1)] = min(max(g + ((g * light) >> 10), 0), 255)
        line[byte + np.uint64(2)] = min(max(b + ((b * light) >> 10), 0), 255)
