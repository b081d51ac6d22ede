"""Head pose: the schema's signs, and known rotations read back."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from gpu_worker.landmarks.mesh import MeshEngine
from gpu_worker.landmarks.points import NOSE_TIP
from gpu_worker.landmarks.pose import face_height, head_axes, head_pose, mouth_gap
from gpu_worker.schema import FloatArray, Image


@pytest.fixture(scope="module")
def frontal(mesh: MeshEngine, hopper: Image) -> FloatArray:
    """Landmarks turned so that they look straight ahead."""
    landmarks = mesh.locate(hopper)[0].landmarks
    return np.asarray((landmarks - landmarks.mean(axis=0)) @ head_axes(landmarks), dtype=np.float32)


def rotation(yaw: float, pitch: float, roll: float) -> NDArray[np.float64]:
    y, p, r = (math.radians(angle) for angle in (-yaw, pitch, roll))
    about_y = np.array([[math.cos(y), 0, math.sin(y)], [0, 1, 0], [-math.sin(y), 0, math.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, math.cos(p), -math.sin(p)], [0, math.sin(p), math.cos(p)]])
    about_z = np.array([[math.cos(r), -math.sin(r), 0], [math.sin(r), math.cos(r), 0], [0, 0, 1]])
    return np.asarray(about_z @ about_y @ about_x)


@pytest.mark.parametrize(("yaw", "pitch", "roll"), [(0, 0, 0), (30, 0, 0), (-40, 10, 5), (10, -20, 60), (5, 15, -150)])
def test_known_rotations_are_read_back(frontal: FloatArray, yaw: float, pitch: float, roll: float) -> None:
    pose = head_pose((frontal @ rotation(yaw, pitch, roll).T).astype(np.float32))
    straight = head_pose(frontal)
    assert pose.yaw - straight.yaw == pytest.approx(yaw, abs=0.1)
    assert pose.pitch - straight.pitch == pytest.approx(pitch, abs=0.1)
    assert pose.roll - straight.roll == pytest.approx(roll, abs=0.1)


def test_signs_are_those_of_the_schema(frontal: FloatArray) -> None:
    middle = frontal[NOSE_TIP]
    assert (frontal @ rotation(20, 0, 0).T)[NOSE_TIP, 0] > middle[0] + 1, "positive yaw: nose to the image's right"
    assert (frontal @ rotation(0, 20, 0).T)[NOSE_TIP, 1] > middle[1] + 1, "positive pitch: nose down"
    eyes = (frontal @ rotation(0, 0, 20).T)[[33, 263]]
    assert eyes[1, 1] > eyes[0, 1], "positive roll: clockwise, so the eye on the image's right sinks"


def test_a_mirrored_face_has_mirrored_yaw_and_roll(mesh: MeshEngine, cameraman: Image) -> None:
    pose = head_pose(mesh.locate(cameraman)[0].landmarks)
    mirrored = head_pose(mesh.locate(np.ascontiguousarray(cameraman[:, ::-1]))[0].landmarks)
    assert pose.yaw > 30, "the cameraman looks to the right"
    assert mirrored.yaw == pytest.approx(-pose.yaw, abs=4)
    assert mirrored.roll == pytest.approx(-pose.roll, abs=4)
    assert mirrored.pitch == pytest.approx(pose.pitch, abs=4)


def test_portraits_look_about_straight_ahead(mesh: MeshEngine, astronaut: Image, hopper: Image) -> None:
    for pixels in (astronaut, hopper):
        pose = head_pose(mesh.locate(pixels)[0].landmarks)
        assert abs(pose.yaw) < 8
        assert abs(pose.pitch) < 12
        assert abs(pose.roll) < 8


def test_size_and_gap_do_not_depend_on_scale(frontal: FloatArray) -> None:
    assert face_height(frontal * 3) == pytest.approx(3 * face_height(frontal))
    assert mouth_gap(frontal * 3) == pytest.approx(mouth_gap(frontal))
    opened = frontal.copy()
    opened[[14, 87, 317], 1] += 0.1 * face_height(frontal)
    assert mouth_gap(opened) - mouth_gap(frontal) == pytest.approx(0.1, abs=0.01)
