from __future__ import annotations

import numpy as np

from gpu_worker.rendering.basis import FieldSolver


def _grid(side: int) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.mgrid[0:side, 0:side].astype(float)
    points = np.stack([x.ravel(), y.ravel(), np.zeros(side * side)], axis=1) / side
    index = np.arange(side * side).reshape(side, side)
    a, b, c, d = index[:-1, :-1].ravel(), index[:-1, 1:].ravel(), index[1:, :-1].ravel(), index[1:, 1:].ravel()
    return points, np.concatenate([np.stack([a, b, c], 1), np.stack([b, d, c], 1)]).astype(np.int32)


def test_prescribed_values_are_kept_and_the_rest_is_smooth() -> None:
    points, triangles = _grid(15)
    border = np.flatnonzero((points.min(1) == 0) & ((points[:, 0] == 0) | (points[:, 0] > 0.93)))
    middle = 7 * 15 + 7
    prescribed = np.array(sorted({*border.tolist(), middle}), dtype=np.int32)
    values = np.zeros((len(prescribed), 2))
    values[prescribed == middle] = (1.0, 0.0)
    field = FieldSolver(points, triangles, prescribed).fill(values)
    np.testing.assert_array_equal(field[prescribed], values)
    np.testing.assert_array_equal(field[:, 1], 0.0)
    beside = field[[middle - 1, middle + 1, middle - 15, middle + 15], 0]
    assert (beside > 0.5).all(), "the field falls off gently around a prescribed point"


def test_a_constant_prescription_fills_to_a_constant() -> None:
    points, triangles = _grid(12)
    prescribed = np.array([0, 11, 60, 132, 143], dtype=np.int32)
    field = FieldSolver(points, triangles, prescribed).fill(np.full((5, 1), 3.0))
    np.testing.assert_allclose(field, 3.0, atol=1e-6)
