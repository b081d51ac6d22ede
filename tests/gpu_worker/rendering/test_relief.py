from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import gpu_worker.landmarks
from gpu_worker.rendering.pose import HeadFrame, head_weights, ring_points, rotation, turning_point
from gpu_worker.rendering.relief import STEEPEST, gentle_depth, with_relief
from gpu_worker.rendering.topology import build_topology

_REFERENCE = Path(gpu_worker.landmarks.__file__).with_name("reference_face.csv")


def _face(yaw: float) -> np.ndarray:
    """An even face of 300 pixels, seen turned by ``yaw`` degrees: 468 points and its rings."""
    points = np.loadtxt(_REFERENCE, delimiter=",") * 300.0 + 400.0
    landmarks = (points - points.mean(0)) @ rotation(yaw, 0.0, 0.0).T + 400.0
    return np.concatenate([landmarks[:468], ring_points(landmarks)])


def _turned(base: np.ndarray, points: np.ndarray, yaw: float, pitch: float) -> np.ndarray:
    """Where the picture's points go when the head turns (orthographic; follow weights as in a portrait)."""
    frame = HeadFrame.from_landmarks(base[:468])
    local = frame.to_local(points)
    follow = head_weights(build_topology(), frame.to_local(base))[:, None]
    pivot = turning_point(local)
    moved = local + follow * ((local - pivot) @ rotation(yaw, pitch, 0.0).T + pivot - local)
    return frame.to_pixels(moved)[:, :2]


def _folds(base: np.ndarray, points: np.ndarray) -> int:
    """Pairs of points of the picture, 5 % of the face apart and more, that a turn of 10 degrees brings together."""
    apart = np.linalg.norm(base[:, None, :2] - base[None, :, :2], axis=2)
    count = 0
    for yaw, pitch in ((10.0, 0.0), (-10.0, 0.0), (0.0, 8.0), (0.0, -8.0)):
        screen = _turned(base, points, yaw, pitch)
        then = np.linalg.norm(screen[:, None] - screen[None, :], axis=2)
        count += int(((apart > 15.0) & (then < 0.4 * apart)).sum())
    return count


def test_depth_is_gentle_and_plain_slopes_are_kept() -> None:
    rng = np.random.default_rng(1)
    points = np.concatenate([rng.uniform(0, 1, (200, 2)), rng.uniform(-1, 1, (200, 1))], axis=1)
    gentle = gentle_depth(points)
    away = np.linalg.norm(points[:, None, :2] - points[None, :, :2], axis=2)
    assert (np.abs(gentle[:, None] - gentle[None, :]) <= STEEPEST * away + 1e-9).all()
    plane = points.copy()
    plane[:, 2] = 0.8 * points[:, 0] - 0.5 * points[:, 1]
    np.testing.assert_allclose(gentle_depth(plane), plane[:, 2], atol=1e-12)


@pytest.mark.parametrize("yaw", [0.0, 18.0, 32.0])
def test_turns_do_not_fold_the_picture(yaw: float) -> None:
    base = _face(yaw)
    frame = HeadFrame.from_landmarks(base[:468])
    moved = with_relief(base, frame)
    np.testing.assert_array_equal(moved[:, :2], base[:, :2])
    assert _folds(base, moved) == 0
    if yaw > 30:
        assert _folds(base, base) > 0, "the plain depth folds, or the test shows nothing"


def test_the_middle_of_the_face_keeps_its_depth() -> None:
    base = _face(0.0)
    moved = with_relief(base, HeadFrame.from_landmarks(base[:468]))
    before, after = base[152, 2] - base[1, 2], moved[152, 2] - moved[1, 2]
    assert after == pytest.approx(before, rel=0.1)
