"""The map from a frame to the photo, drawn for many frames at once with torch; the twin of ``raster.draw_map``.

Every triangle is tried at the few nodes of the grid around it, all triangles of all frames together. Where several
cover a node the last one wins, as if they had been painted one after the other.
"""

from __future__ import annotations

import torch
from torch import Tensor

#: As in raster.py: tolerance at the edges of triangles, slack of their boxes, smallest doubled area that counts.
_EDGE, _SLACK, _FLAT = 2e-3, 0.02, 1e-7
#: Triangles are tried in groups, by the side of the box around them, and so many nodes of a frame at a time.
_SIDES = (1, 2, 3, 5, 9, 17, 33)
_TRIED = 1 << 16


def draw_maps(points: Tensor, values: Tensor, triangles: Tensor, rows: int, columns: int) -> Tensor:
    """Interpolate ``values`` over triangles at the nodes (column, row) of a grid.

    Args:
        points: ``(frames, n, 2)`` corners in steps of the grid from its node (0, 0).
        values: ``(frames, n, d)`` values at the corners.
        triangles: ``(t, 3)`` indices, far to near.
        rows, columns: size of the grid.

    Returns:
        ``(frames, rows, columns, d)``; 0 at nodes that no triangle covers.
    """
    winner = _last_triangles(points, triangles, rows, columns)
    chosen = triangles[winner.clamp(min=0)]  # (frames, nodes, 3)
    frames, depth = points.shape[0], values.shape[2]
    flat = chosen.reshape(frames, -1)
    corners = points.gather(1, flat[..., None].expand(-1, -1, 2)).reshape(frames, -1, 3, 2)
    at = values.gather(1, flat[..., None].expand(-1, -1, depth)).reshape(frames, -1, 3, depth)
    node = torch.arange(rows * columns, device=points.device)
    b, c, _ = _weights(corners, (node % columns)[None].float(), (node // columns)[None].float())
    drawn = at[:, :, 0] + b[..., None] * (at[:, :, 1] - at[:, :, 0]) + c[..., None] * (at[:, :, 2] - at[:, :, 0])
    drawn = torch.where((winner >= 0)[..., None], drawn, torch.zeros((), device=points.device))
    return drawn.reshape(frames, rows, columns, depth)


def _last_triangles(points: Tensor, triangles: Tensor, rows: int, columns: int) -> Tensor:
    """For each frame and node the last triangle that covers it, -1 for none: ``(frames, rows * columns)``."""
    frames = points.shape[0]
    corners = points[:, triangles]  # (frames, t, 3, 2)
    limit = torch.tensor([columns - 1, rows - 1], device=points.device, dtype=points.dtype)
    low = torch.clamp(torch.ceil(corners.amin(2) - _SLACK), min=0.0)
    high = torch.minimum(torch.floor(corners.amax(2) + _SLACK), limit)
    extent = high - low + 1.0
    seen = (extent >= 1.0).all(2)
    side = torch.where(seen, extent.amax(2), torch.zeros((), device=points.device)).amax(0)
    winner = torch.full((frames, rows * columns), -1, dtype=torch.int64, device=points.device)
    least = 0
    for most in (*_SIDES, max(rows, columns)):
        group = torch.nonzero((side > least) & (side <= most)).squeeze(1)
        least = most
        # boxes of the whole grid would not fit into memory together
        count = max(1, _TRIED // most**2)
        for first in range(0, len(group), count):
            part = group[first : first + count]
            _try_boxes(corners[:, part], low[:, part], high[:, part], part, most, columns, winner)
    return winner


def _try_boxes(
    corners: Tensor, low: Tensor, high: Tensor, numbers: Tensor, side: int, columns: int, winner: Tensor
) -> None:
    """Enter triangles, ``(frames, t, 3, 2)`` in boxes of at most ``side`` nodes, into ``winner``."""
    offset = torch.arange(side, device=corners.device, dtype=corners.dtype)
    x = (low[..., 0, None] + offset)[:, :, None, :].expand(-1, -1, side, -1).flatten(2)
    y = (low[..., 1, None] + offset)[:, :, :, None].expand(-1, -1, -1, side).flatten(2)
    b, c, area = _weights(corners[:, :, None], x, y)
    covered = (b >= -_EDGE) & (c >= -_EDGE) & (1.0 - b - c >= -_EDGE) & (area.abs() >= _FLAT)
    covered &= (x <= high[..., 0, None]) & (y <= high[..., 1, None])
    frame, triangle, _ = covered.nonzero(as_tuple=True)
    node = (y[covered] * columns + x[covered]).long()
    flat = winner.view(-1)
    flat.scatter_reduce_(0, frame * winner.shape[1] + node, numbers[triangle], "amax")


def _weights(corners: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Weights of the second and third corner at (x, y), and the doubled area; ``corners`` is ``(..., 3, 2)``."""
    ax, ay = corners[..., 0, 0], corners[..., 0, 1]
    bx, by = corners[..., 1, 0] - ax, corners[..., 1, 1] - ay
    cx, cy = corners[..., 2, 0] - ax, corners[..., 2, 1] - ay
    area = bx * cy - cx * by
    safe = torch.where(area.abs() < _FLAT, torch.ones((), device=area.device), area)
    return ((x - ax) * cy - (y - ay) * cx) / safe, ((y - ay) * bx - (x - ax) * by) / safe, area
