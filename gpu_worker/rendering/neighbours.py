"""Faces side by side: each yields to the others, so that nobody's cheek bends when the neighbour nods.

The picture is divided between the faces like a Voronoi diagram whose sites are the outlines of the faces: a point
belongs to the face whose outline is nearest, in that face's own heights. Movement is whole on a face and dies away
before the dividing line, so that both sides meet there in the photo as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gpu_worker.rendering.arrays import F64, smoothstep
from gpu_worker.schema import FloatArray

#: Difference of the two distances, in face heights, over which movement dies away: at most, and at least where faces
#: touch or overlap.
_WIDEST, _NARROWEST = 0.5, 0.08
#: Share of that width next to the dividing line in which nothing moves: the mesh is coarse there.
_CLEAR = 0.2


def yielding(points: F64, own: FloatArray, neighbours: Sequence[FloatArray]) -> F64:
    """Share of its movement that each of ``points`` ``(n, 2)`` keeps, 0 to 1; 1 where no neighbour is near.

    ``own`` is the outline ``(m, 2)`` of the face that moves, ``neighbours`` those of the others.
    """
    share = np.ones(len(points))
    if not neighbours:
        return share
    mine = outline_distance(points, own)
    for other in neighbours:
        gap = float(outline_distance(own.astype(np.float64), other).min())
        width = float(np.clip(gap, _NARROWEST, _WIDEST))
        theirs = outline_distance(points, other)
        share = np.minimum(share, smoothstep(theirs - mine, _CLEAR * width, width))
    return share


def outline_distance(points: F64, outline: FloatArray) -> F64:
    """Distance of ``points`` ``(n, 2)`` from a closed outline ``(m, 2)`` in heights of the outline, negative inside."""
    first = outline.astype(np.float64)
    second = np.roll(first, -1, axis=0)
    along = second - first
    length = np.maximum((along**2).sum(1), 1e-9)
    away = points[:, None, :] - first[None]
    t = np.clip((away * along).sum(2) / length, 0.0, 1.0)
    nearest = np.sqrt((((away - t[..., None] * along) ** 2).sum(2)).min(1))
    # Even-odd rule: how many edges does a ray to the right cross?
    above = first[None, :, 1] > points[:, None, 1]
    crosses = above != (second[None, :, 1] > points[:, None, 1])
    rise = np.where(np.abs(along[:, 1]) < 1e-9, 1e-9, along[:, 1])
    meets = first[None, :, 0] + (points[:, None, 1] - first[None, :, 1]) * (along[:, 0] / rise)[None]
    inside = (crosses & (points[:, None, 0] < meets)).sum(1) % 2 == 1
    size = float(np.ptp(first, axis=0).max())
    distance: F64 = np.where(inside, -nearest, nearest) / max(size, 1e-6)
    return distance
