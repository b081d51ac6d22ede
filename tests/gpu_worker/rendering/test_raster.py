from __future__ import annotations

import numpy as np

from gpu_worker.rendering.raster import draw_map, draw_triangles

_SQUARE = np.array([[2, 3], [21, 3], [21, 18], [2, 18]], np.float32)
_TRIANGLES = np.array([[0, 1, 2], [0, 2, 3]], np.int32)


def test_values_are_linear_and_neighbours_leave_no_crack() -> None:
    values = np.stack([_SQUARE[:, 0] * 2, _SQUARE[:, 1] - 5], axis=1)
    out = np.full((24, 26, 2), -1.0, np.float32)
    draw_triangles(_SQUARE, values, _TRIANGLES, 0.0, 0.0, 1.0, out)
    inside = out[3:19, 2:22]
    y, x = np.mgrid[3:19, 2:22]
    np.testing.assert_allclose(inside[..., 0], 2 * x, atol=1e-3)
    np.testing.assert_allclose(inside[..., 1], y - 5, atol=1e-3)
    assert (out[:2] == -1).all()
    assert (out[:, 23:] == -1).all()


def test_the_map_says_where_from_relative_to_the_node() -> None:
    source = _SQUARE + np.array([4.0, -1.0], np.float32)
    out = np.zeros((13, 13, 3), np.float32)
    draw_map(_SQUARE, source, np.full(4, 0.25, np.float32), _TRIANGLES, 0.0, 0.0, 2.0, out)
    np.testing.assert_allclose(out[3:9, 2:10], np.broadcast_to([4.0, -1.0, 0.25], (6, 8, 3)), atol=1e-4)
    assert (out[12] == 0).all()


def test_flat_triangles_and_triangles_outside_are_ignored() -> None:
    points = np.array([[1, 1], [5, 5], [9, 9], [-50, -50], [-40, -50], [-40, -40]], np.float32)
    out = np.zeros((12, 12, 1), np.float32)
    draw_triangles(points, np.ones((6, 1), np.float32), np.array([[0, 1, 2], [3, 4, 5]], np.int32), 0.0, 0.0, 1.0, out)
    assert (out == 0).all()
