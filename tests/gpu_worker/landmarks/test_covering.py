"""What is in front of the mouth: things drawn onto real faces, and real faces with nothing there."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from gpu_worker.landmarks import covering
from gpu_worker.landmarks.covering import asymmetry, covering_findings, hand_distance, lip_spread
from gpu_worker.landmarks.mesh import MeshEngine
from gpu_worker.landmarks.pose import face_height
from gpu_worker.schema import FloatArray, Image

Draw = Callable[[Image, FloatArray], None]


def _at(landmarks: FloatArray, right: float, down: float) -> tuple[int, int]:
    """A pixel beside the middle of the mouth, by face heights."""
    middle = landmarks[[13, 14], :2].mean(axis=0) + np.array([right, down]) * face_height(landmarks)
    return int(middle[0]), int(middle[1])


def _microphone(pixels: Image, landmarks: FloatArray) -> None:
    height = face_height(landmarks)
    cv2.line(pixels, _at(landmarks, 0.15, 0.05), _at(landmarks, 0.6, 0.7), (40, 40, 44), int(0.08 * height))
    cv2.circle(pixels, _at(landmarks, 0.13, 0.06), int(0.13 * height), (110, 110, 115), -1, cv2.LINE_AA)


def _cigarette(pixels: Image, landmarks: FloatArray) -> None:
    width = int(0.03 * face_height(landmarks))
    cv2.line(pixels, _at(landmarks, 0.05, 0.01), _at(landmarks, 0.36, 0.14), (236, 232, 226), width, cv2.LINE_AA)


def _mask(pixels: Image, landmarks: FloatArray) -> None:
    outline = landmarks[[50, 5, 280, 361, 397, 378, 152, 149, 172, 132], :2]
    cv2.fillPoly(pixels, [outline.round().astype(np.int32)], (150, 190, 215))


def _beard(pixels: Image, landmarks: FloatArray) -> None:
    """Dark, rough, alike on both sides; the lips stay free."""
    hairy = np.zeros(pixels.shape[:2], np.uint8)
    around = [132, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 361, 436, 426, 0, 206, 216]
    lips = [61, 40, 37, 0, 267, 270, 291, 321, 314, 17, 84, 91]
    cv2.fillPoly(hairy, [landmarks[around, :2].round().astype(np.int32)], (1,))
    cv2.fillPoly(hairy, [landmarks[lips, :2].round().astype(np.int32)], (0,))
    share = 0.85 * cv2.GaussianBlur(hairy.astype(np.float32), (0, 0), 1.5)[..., None]
    hair = np.array([60, 42, 30]) + np.random.default_rng(1).normal(0, 20, pixels.shape[:2])[..., None]
    pixels[:] = np.clip(pixels * (1 - share) + hair * share, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def hopper_points(mesh: MeshEngine, hopper: Image) -> FloatArray:
    return mesh.locate(hopper)[0].landmarks


def _codes(mesh: MeshEngine, pixels: Image, points: FloatArray) -> list[str]:
    found = mesh.follow(pixels, points)
    landmarks = points if found is None else found.landmarks
    return [finding.code for finding in covering_findings(pixels, landmarks)]


@pytest.mark.parametrize("draw", [_microphone, _cigarette, _mask])
def test_things_in_front_of_the_mouth_are_seen(
    mesh: MeshEngine, hopper: Image, hopper_points: FloatArray, draw: Draw
) -> None:
    pixels = hopper.copy()
    draw(pixels, hopper_points)
    assert _codes(mesh, pixels, hopper_points) == ["mouth_covered"]


def test_a_free_mouth_and_a_beard_raise_no_alarm(mesh: MeshEngine, hopper: Image, hopper_points: FloatArray) -> None:
    bearded = hopper.copy()
    _beard(bearded, hopper_points)
    assert _codes(mesh, hopper, hopper_points) == _codes(mesh, bearded, hopper_points) == []


def test_light_from_the_side_and_clipped_skin_raise_no_alarm(hopper: Image, hopper_points: FloatArray) -> None:
    middle, height = hopper_points[4, 0], face_height(hopper_points)
    lit = 1.0 - 0.3 * (1 + np.clip((np.arange(hopper.shape[1]) - middle) / (0.15 * height), -1, 1))
    for pixels in ((hopper * lit[None, :, None]).astype(np.uint8), np.clip(hopper * 1.5, 0, 255).astype(np.uint8)):
        assert asymmetry(pixels, hopper_points) < covering.UNLIKE


def test_covered_lips_are_read_differently_each_time(hopper: Image, hopper_points: FloatArray) -> None:
    masked = hopper.copy()
    _mask(masked, hopper_points)
    assert lip_spread(hopper, hopper_points) < 0.5 * covering.UNSURE
    assert lip_spread(masked, hopper_points) > covering.UNSURE


def test_a_hand_at_the_lips(hopper: Image, hopper_points: FloatArray, monkeypatch: pytest.MonkeyPatch) -> None:
    assert hand_distance(hopper, hopper_points) == np.inf, "no hand in the picture, none found"
    side = covering._HAND_SIDE

    def hand_at(x: float, y: float) -> None:
        points = np.tile(np.array([[x, y]], np.float32), (21, 1)) * side
        monkeypatch.setattr(covering, "_shared_hands", lambda: lambda crop: [points])

    hand_at(0.55, 0.55)
    assert [finding.code for finding in covering_findings(hopper, hopper_points)] == ["hand_at_mouth"]
    hand_at(0.95, 0.95)
    assert hand_distance(hopper, hopper_points) > 0.4
    assert covering_findings(hopper, hopper_points) == ()


def test_tiny_faces_are_not_judged_by_colour(mesh: MeshEngine, hopper: Image) -> None:
    small = np.asarray(cv2.resize(hopper, None, fx=0.3, fy=0.3, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    points = mesh.locate(small)[0].landmarks
    assert asymmetry(small, points) == 0.0
    assert covering_findings(small, points) == ()
