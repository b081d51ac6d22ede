"""Regions: cutting and mapping back agree, reductions average, nothing leaks in from outside."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gpu_worker.landmarks.crop import Region, region_around
from gpu_worker.landmarks.points import MIRROR


@pytest.mark.parametrize("angle", [0, 30, 90, 180, -45])
@pytest.mark.parametrize("side", [60.0, 200.0, 900.0])
def test_a_dot_is_found_where_it_was(angle: float, side: float) -> None:
    picture = np.zeros((1000, 800, 3), dtype=np.uint8)
    radius = max(3, round(side / 20))
    y, x = np.ogrid[:1000, :800]
    picture[(x - 420) ** 2 + (y - 510) ** 2 <= radius**2] = 255
    region = Region(400, 500, side, math.radians(angle))
    cut = region.cut(picture, 192)[..., 0].astype(float)
    rows, columns = np.indices(cut.shape)
    centre = np.array([[(columns * cut).sum(), (rows * cut).sum()]]) / cut.sum()
    found = region.to_picture(centre.astype(np.float32), 192)
    assert np.abs(found - (420, 510)).max() < max(0.3, side / 192 * 0.15)


def test_mapping_there_and_back_is_the_identity() -> None:
    region = Region(31.5, -12.0, 77.0, 0.7)
    points = np.random.default_rng(0).uniform(-50, 200, (20, 3)).astype(np.float32)
    matrix = region.matrix(192)
    inside = points.copy()
    inside[:, :2] = points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    inside[:, 2] *= 192 / 77.0
    assert np.abs(region.to_picture(inside, 192) - points).max() < 1e-3


def test_strong_reduction_averages() -> None:
    checks = (np.indices((1200, 1200)).sum(axis=0) % 2 * 255).astype(np.uint8)
    cut = Region(599.5, 599.5, 1100).cut(np.repeat(checks[..., None], 3, 2), 100)
    assert np.abs(cut.astype(float) - 127.5).max() < 12


def test_outside_the_picture_is_black() -> None:
    white = np.full((50, 50, 3), 255, dtype=np.uint8)
    assert Region(500, 500, 40).cut(white, 64).max() == 0
    assert Region(500, 500, 400).cut(white, 64).max() == 0
    half = Region(0, 25, 40).cut(white, 64)
    assert half[:, :28].max() == 0
    assert half[20:44, 40:].min() == 255


def test_the_region_around_a_turned_face_is_turned() -> None:
    square = np.zeros((478, 3), dtype=np.float32)
    square[33], square[263] = (-10, 0, 0), (10, 0, 0)
    square[10], square[152] = (0, -20, 0), (0, 20, 0)
    turn = math.radians(70)
    matrix = np.array([[math.cos(turn), -math.sin(turn), 0], [math.sin(turn), math.cos(turn), 0], [0, 0, 1]])
    region = region_around((square @ matrix.T).astype(np.float32), margin=1.5)
    assert region.angle == pytest.approx(turn, abs=1e-5)
    assert region.side == pytest.approx(60, abs=1e-3)
    assert [region.x, region.y] == pytest.approx([0, 0], abs=1e-4)


def test_mirroring_the_points_twice_changes_nothing() -> None:
    assert sorted(MIRROR) == list(range(478))
    assert all(MIRROR[MIRROR[point]] == point for point in range(478))
    assert (MIRROR[33], MIRROR[61], MIRROR[1], MIRROR[468]) == (263, 291, 1, 473)
