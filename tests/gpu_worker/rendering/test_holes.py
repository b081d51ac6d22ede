from __future__ import annotations

import numpy as np
import pytest

from gpu_worker.rendering import holes
from gpu_worker.rendering.raster import draw_triangles


def _lens(height: float, count: int = 21) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points of an opening 60 pixels wide and ``height`` high, and the indices of its contours (ends shared)."""
    x = np.linspace(10, 70, count)
    bulge = height / 2 * (1 - ((x - 40) / 30) ** 2)
    points = np.concatenate([np.stack([x, 30 - bulge], 1), np.stack([x, 30 + bulge], 1)[1:-1]]).astype(np.float32)
    upper = np.arange(count, dtype=np.int32)
    lower = np.concatenate([[0], np.arange(count, 2 * count - 2), [count - 1]]).astype(np.int32)
    return points, upper, lower


def _covered_area(height: float, flip: float = 1.0) -> float:
    points, upper, lower = _lens(height)
    if flip < 0:
        upper, lower = upper[::-1].copy(), lower[::-1].copy()
    corners = np.empty((2 * len(upper), 2), np.float32)
    values = np.empty((2 * len(upper), holes.STRIP_VALUES), np.float32)
    holes.build_strip(points, points, upper, lower, flip, 2.5, corners, values)
    out = np.full((60, 80, holes.STRIP_VALUES), holes.OUTSIDE, np.float32)
    draw_triangles(corners, values, holes.strip_triangles(len(upper)), 0.0, 0.0, 1.0, out)
    inside = out[..., holes.UPPER] > -90
    return sum(holes.coverage(float(a), float(b), 0.8) for a, b in out[inside][:, :2])


@pytest.mark.parametrize("height", [8.0, 16.0])
@pytest.mark.parametrize("flip", [1.0, -1.0])
def test_coverage_adds_up_to_the_area_of_the_opening(height: float, flip: float) -> None:
    assert _covered_area(height, flip) == pytest.approx(2 / 3 * 60 * height, rel=0.06)


def test_a_shut_opening_covers_nothing_and_opens_without_a_step() -> None:
    assert _covered_area(0.0) < 0.5
    areas = [_covered_area(h) for h in np.linspace(0, 4, 21)]
    assert (np.diff(areas) >= -0.2).all()
    assert np.diff(areas).max() < 14


def test_skin_under_an_opening_takes_the_colour_of_its_edges() -> None:
    points, upper, lower = _lens(12.0)
    corners, source = np.empty((4 * len(upper), 2), np.float32), np.empty((4 * len(upper), 2), np.float32)
    holes.build_fill(points, points, upper, lower, corners, source)
    out = np.zeros((60, 80, 2), np.float32)
    draw_triangles(corners, source, holes.fill_triangles(len(upper)), 0.0, 0.0, 1.0, out)
    assert out[27, 40, 1] == pytest.approx(24, abs=0.3)
    assert out[33, 40, 1] == pytest.approx(36, abs=0.3)


def test_inset_moves_contours_into_the_skin_and_corners_outwards() -> None:
    points, upper, lower = _lens(12.0)
    moved = points.copy()
    across = np.full((2, len(upper)), 2.0, np.float32)
    across[1] = 4.0
    ends = np.array([[-3.0, 0.0], [3.0, 0.0]], np.float32)
    holes.inset_source(points, upper, lower, 1.0, across, ends, 0.5, moved)
    up, down = points[upper, 1] - moved[upper, 1], moved[lower, 1] - points[lower, 1]
    assert (up[1:-1] > 0.5).all()
    assert (down[1:-1] > 1.0).all()
    assert points[upper[0], 0] - moved[upper[0], 0] == pytest.approx(1.5)
    assert moved[upper[-1], 0] - points[upper[-1], 0] == pytest.approx(1.5)
    holes.inset_source(points, upper, lower, 1.0, across, ends, 0.0, moved)
    np.testing.assert_array_equal(moved, points)


def test_the_line_of_closed_lips_has_no_steps() -> None:
    """A slanting seam is smoothed and shaded evenly along its length, however it falls on the grid."""
    points = np.array([[5.0 + 5 * i, 20.0 + 0.9 * i] for i in range(11)] * 2, np.float32)
    upper, lower = np.arange(11, dtype=np.int32), np.arange(11, 22, dtype=np.int32)
    corners, values = np.empty((22, 2), np.float32), np.empty((22, holes.STRIP_VALUES), np.float32)
    holes.build_strip(points, points, upper, lower, 1.0, 2.2, corners, values)
    strip = np.zeros((40, 62, holes.STRIP_VALUES), np.float32)
    strip[..., 0] = holes.OUTSIDE
    draw_triangles(corners, values, holes.strip_triangles(11), 0.0, 0.0, 1.0, strip)
    frame = np.full((40, 62, 3), 200, np.uint8)
    holes.soften_seam(strip, 0, 0, 0.6, 1.0, 0.2, frame)
    # all the darkness across the line, at every column that the seam fully crosses
    darkness = (200.0 - frame[..., 0].astype(float)).sum(0)[10:50]
    assert darkness.min() > 25
    assert darkness.std() < 0.15 * darkness.mean()
