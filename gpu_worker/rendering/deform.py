"""Per frame: from weights and pose to the positions of all mesh points in the picture."""

from __future__ import annotations

import numpy as np

from gpu_worker.rendering.arrays import F32
from gpu_worker.rendering.jit import compiled


@compiled
def deform_points(rest: F32, basis: F32, weights: F32, follow: F32, head: F32, out: F32) -> None:
    """Add the weighted shapes to the rest points and turn them with the head.

    Args:
        rest: ``(n, 3)`` local positions.
        basis: ``(shapes, n, 3)`` displacements.
        weights: ``(shapes,)``.
        follow: ``(n,)`` how far each point follows the head, 0 to 1.
        head: ``(4, 3)``: rotation matrix times (1 + scale), and the translation, so that ``p -> p @ head[:3].T + head[3]``.
        out: ``(n, 3)`` local positions, written.
    """
    count = rest.shape[0]
    for i in range(count):
        out[i, 0] = rest[i, 0]
        out[i, 1] = rest[i, 1]
        out[i, 2] = rest[i, 2]
    for k in range(weights.shape[0]):
        w = weights[k]
        if w != 0.0:
            for i in range(count):
                out[i, 0] += w * basis[k, i, 0]
                out[i, 1] += w * basis[k, i, 1]
                out[i, 2] += w * basis[k, i, 2]
    for i in range(count):
        x, y, z, f = out[i, 0], out[i, 1], out[i, 2], follow[i]
        out[i, 0] = x + f * (x * head[0, 0] + y * head[0, 1] + z * head[0, 2] + head[3, 0] - x)
        out[i, 1] = y + f * (x * head[1, 0] + y * head[1, 1] + z * head[1, 2] + head[3, 1] - y)
        out[i, 2] = z + f * (x * head[2, 0] + y * head[2, 1] + z * head[2, 2] + head[3, 2] - z)


@compiled
def project_points(points: F32, camera: F32, rest_depth: F32, distance: float, out: F32) -> None:
    """Weak perspective relative to the photo: a point at its own depth projects to where the photo shows it.

    Args:
        points: ``(n, 3)`` local positions.
        camera: ``(3, 4)``: head axes times the unit, and the origin in pixels.
        rest_depth: ``(n,)`` depth of each point in the photo, pixels.
        distance: distance of the camera in pixels.
        out: ``(n, 2)`` pixels, written.
    """
    for i in range(points.shape[0]):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        depth = camera[2, 0] * x + camera[2, 1] * y + camera[2, 2] * z
        zoom = (distance + rest_depth[i]) / (distance + depth)
        out[i, 0] = (camera[0, 0] * x + camera[0, 1] * y + camera[0, 2] * z) * zoom + camera[0, 3]
        out[i, 1] = (camera[1, 0] * x + camera[1, 1] * y + camera[1, 2] * z) * zoom + camera[1, 3]


def head_matrix(rotation: np.ndarray, pivot: np.ndarray, shift_x: float, shift_y: float, scale: float) -> F32:
    """The ``head`` argument of :func:`deform_points` from a rotation about ``pivot``, a shift and a growth."""
    matrix = np.empty((4, 3), dtype=np.float32)
    matrix[:3] = rotation * (1.0 + scale)
    matrix[3] = pivot - matrix[:3].astype(np.float64) @ pivot + np.array([shift_x, shift_y, 0.0])
    return matrix
