from __future__ import annotations

import numpy as np

from gpu_worker.rendering.lip_line import darkest_path, inner_gap, snap_to_lip_line
from gpu_worker.rendering.pose import HeadFrame
from gpu_worker.rendering.topology import LOWER_INNER, UPPER_INNER
from gpu_worker.schema import FaceRig


def test_the_path_follows_a_dark_line_and_not_a_dark_spot() -> None:
    cost = np.zeros((41, 29))
    line = np.clip(np.round(14 + 5 * np.sin(np.arange(41) / 8)), 0, 28).astype(int)
    cost[np.arange(41), line] = -1.0
    cost[20, 2] = -5.0
    np.testing.assert_array_equal(darkest_path(cost), line)


def test_a_closed_mouth_is_snapped_to_the_line_between_the_lips(astronaut_face: FaceRig) -> None:
    landmarks = astronaut_face.landmarks.astype(np.float64) * 3.0
    upper, lower = list(UPPER_INNER), list(LOWER_INNER)
    middle = (landmarks[upper] + landmarks[lower]) / 2
    landmarks[upper] = landmarks[lower] = middle
    frame = HeadFrame.from_landmarks(landmarks)
    height, width = int(landmarks[:, 1].max()) + 60, int(landmarks[:, 0].max()) + 60
    grey = np.full((height, width), 180, np.uint8)
    shift = 0.012 * frame.unit
    xs = np.arange(int(middle[0, 0]) - 10, int(middle[-1, 0]) + 11)
    ys = np.interp(xs, middle[:, 0], middle[:, 1]) + shift
    for x, y in zip(xs, np.round(ys).astype(int), strict=True):
        grey[y - 1 : y + 2, x] = 60
    snapped = snap_to_lip_line(grey, landmarks, frame)
    moved = (snapped[upper] - middle)[3:8, 1]
    np.testing.assert_allclose(moved, shift, atol=0.35 * shift)
    assert inner_gap(snapped, frame.unit) < 1e-6


def test_an_open_mouth_is_left_alone(astronaut_face: FaceRig) -> None:
    landmarks = astronaut_face.landmarks.astype(np.float64)
    frame = HeadFrame.from_landmarks(landmarks)
    assert inner_gap(landmarks, frame.unit) > 0.022
    grey = np.zeros((300, 300), np.uint8)
    np.testing.assert_array_equal(snap_to_lip_line(grey, landmarks, frame), landmarks)
