"""Per frame: from weights and pose to the positions of all mesh points in the picture."""

from __future__ import annotations

import numpy as np

from gpu_worker.rendering.arrays import F32, F64
from gpu_worker.rendering.jit import compiled


@compiled
def deform_points(
    rest: F32,
    basis: F32,
    shading: F32,
    weights: F32,
    follow: F32,
    head: F32,
    camera: F32,
    out: F32,
    depth: F32,
    shade: F32,
) -> None:
    """Add the weighted shapes to the rest points, light them, and turn them with the head.

    Args:
        rest: ``(n, 3)`` local positions.
        basis: ``(shapes, n, 3)`` displacements.
        shading: ``(shapes, n)`` changes of brightness.
        weights: ``(shapes,)``.
        follow: ``(n,)`` how far each point follows the head, 0 to 1.
        head: ``(4, 3)``: rotation matrix times (1 + scale), and the translation: ``p -> p @ head[:3].T + head[3]``.
        camera: ``(3, 4)``: head axes times the unit, and the origin in pixels.
        out: ``(n, 3)`` local positions, written.
        depth: ``(n,)`` depth in pixels before the head turned, written.
        shade: ``(n,)`` change of brightness, written.
    """
    count = rest.shape[0]
    for i in range(count):
        out[i, 0] = rest[i, 0]
        out[i, 1] = rest[i, 1]
        out[i, 2] = rest[i, 2]
        shade[i] = 0.0
    for k in range(weights.shape[0]):
        w = weights[k]
        if w != 0.0:
            for i in range(count):
                out[i, 0] += w * basis[k, i, 0]
                out[i, 1] += w * basis[k, i, 1]
                out[i, 2] += w * basis[k, i, 2]
                shade[i] += w * shading[k, i]
    for i in range(count):
        x, y, z, f = out[i, 0], out[i, 1], out[i, 2], follow[i]
        depth[i] = camera[2, 0] * x + camera[2, 1] * y + camera[2, 2] * z
        out[i, 0] = x + f * (x * head[0, 0] + y * head[0, 1] + z * head[0, 2] + head[3, 0] - x)
        out[i, 1] = y + f * (x * head[1, 0] + y * head[1, 1] + z * head[1, 2] + head[3, 1] - y)
        out[i, 2] = z + f * (x * head[2, 0] + y * head[2, 1] + z * head[2, 2] + head[3, 2] - z)


@compiled
def project_points(points: F32, camera: F32, unturned_depth: F32, distance: float, out: F32) -> None:
    """Weak perspective relative to the photo: only the head's turning and shifting brings points nearer or farther.

    Without a turn a point projects to where the photo shows it, and points that meet in space meet in the picture.

    Args:
        points: ``(n, 3)`` local positions.
        camera: ``(3, 4)``: head axes times the unit, and the origin in pixels.
        unturned_depth: ``(n,)`` depth of each point before the head turned, pixels.
        distance: distance of the camera in pixels.
        out: ``(n, 2)`` pixels, written.
    """
    for i in range(points.shape[0]):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        depth = camera[2, 0] * x + camera[2, 1] * y + camera[2, 2] * z
        zoom = (distance + unturned_depth[i]) / (distance + depth)
        out[i, 0] = (camera[0, 0] * x + camera[0, 1] * y + camera[0, 2] * z) * zoom + camera[0, 3]
        out[i, 1] = (camera[1, 0] * x + camera[1, 1] * y + camera[1, 2] * z) * zoom + camera[1, 3]


@compiled
def skull_patch(anchor: F64, head: F32, camera: F32, distance: float) -> F32:
    """Affine maps around a point that is fixed to the skull, from the frame to the face and to the photo.

    Args:
        anchor: local position of the point, ``(3,)``.
        head, camera, distance: as for :func:`deform_points` and :func:`project_points`.

    Returns:
        ``(12,)``: two rows (xx, xy, x0; yx, yy, y0) that turn a pixel of the frame into local x and y relative to the
        point, and two that turn it into the pixel of the photo that shows the same.
    """
    side = 0.1
    still, moved = np.empty((3, 2)), np.empty((3, 2))
    corner, turned = np.empty(3), np.empty(3)
    for k in range(3):
        # the point, and a step to the right and down from it
        corner[0], corner[1], corner[2] = anchor[0], anchor[1], anchor[2]
        if k > 0:
            corner[k - 1] += side
        before, after = 0.0, 0.0
        for i in range(3):
            turned[i] = head[i, 0] * corner[0] + head[i, 1] * corner[1] + head[i, 2] * corner[2] + head[3, i]
        for i in range(3):
            before += camera[2, i] * corner[i]
            after += camera[2, i] * turned[i]
        zoom = (distance + before) / (distance + after)
        for i in range(2):
            still[k, i] = camera[i, 0] * corner[0] + camera[i, 1] * corner[1] + camera[i, 2] * corner[2] + camera[i, 3]
            moved[k, i] = camera[i, 0] * turned[0] + camera[i, 1] * turned[1] + camera[i, 2] * turned[2]
            moved[k, i] = moved[k, i] * zoom + camera[i, 3]
    a, b = (moved[1, 0] - moved[0, 0]) / side, (moved[2, 0] - moved[0, 0]) / side
    c, d = (moved[1, 1] - moved[0, 1]) / side, (moved[2, 1] - moved[0, 1]) / side
    size = a * d - b * c
    maps = np.empty(12, dtype=np.float32)
    xx, xy, yx, yy = d / size, -b / size, -c / size, a / size
    x0 = -(xx * moved[0, 0] + xy * moved[0, 1])
    y0 = -(yx * moved[0, 0] + yy * moved[0, 1])
    maps[0], maps[1], maps[2], maps[3], maps[4], maps[5] = xx, xy, x0, yx, yy, y0
    for k in range(2):
        e, f = (still[1, k] - still[0, k]) / side, (still[2, k] - still[0, k]) / side
        maps[6 + 3 * k] = e * xx + f * yx
        maps[7 + 3 * k] = e * xy + f * yy
        maps[8 + 3 * k] = still[0, k] + e * x0 + f * y0
    return maps


def head_matrix(rotation: F64, pivot: F64, shift_x: float, shift_y: float, scale: float) -> F32:
    """The ``head`` argument of :func:`deform_points` from a rotation about ``pivot``, a shift and a growth."""
    matrix = np.empty((4, 3), dtype=np.float32)
    matrix[:3] = rotation * (1.0 + scale)
    matrix[3] = pivot - matrix[:3].astype(np.float64) @ pivot + np.array([shift_x, shift_y, 0.0])
    return matrix
