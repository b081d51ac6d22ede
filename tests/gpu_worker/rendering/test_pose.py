from __future__ import annotations

import numpy as np
import pytest

from gpu_worker.rendering.pose import HeadFrame, rotation
from gpu_worker.schema import FaceRig

_NOSE = np.array([0.0, 0.2, -0.3])


@pytest.mark.parametrize(("yaw", "pitch", "axis"), [(10.0, 0.0, 0), (0.0, 10.0, 1)])
def test_positive_yaw_and_pitch_move_the_nose_right_and_down(yaw: float, pitch: float, axis: int) -> None:
    moved = rotation(yaw, pitch, 0.0) @ _NOSE - _NOSE
    assert moved[axis] > 0.02


def test_positive_roll_turns_clockwise_in_the_image() -> None:
    right = rotation(0.0, 0.0, 10.0) @ np.array([1.0, 0.0, 0.0])
    assert right[1] > 0.1


def test_rotations_keep_lengths() -> None:
    matrix = rotation(7.0, -4.0, 3.0)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-12)


def test_local_coordinates_and_back(astronaut_face: FaceRig) -> None:
    landmarks = astronaut_face.landmarks.astype(np.float64)
    frame = HeadFrame.from_landmarks(landmarks)
    local = frame.to_local(landmarks)
    np.testing.assert_allclose(frame.to_pixels(local), landmarks, atol=1e-6)
    assert local[152, 1] > local[10, 1], "y runs to the chin"
    assert local[1, 2] < local[234, 2], "the nose is nearer than the ears"
    assert abs(frame.yaw) < 15
