"""The mesh on real faces: any inclination, any size, several at once; and no faces where there are none."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from gpu_worker.landmarks.mesh import MeshEngine
from gpu_worker.landmarks.points import CHIN, MIRROR, NOSE_TIP, TOP
from gpu_worker.landmarks.pose import face_height, head_pose, mouth_gap
from gpu_worker.schema import FloatArray, Image
from tests.gpu_worker.landmarks.conftest import shipped


def only_face(mesh: MeshEngine, pixels: Image) -> FloatArray:
    faces = [face for face in mesh.locate(pixels) if face.human]
    assert len(faces) == 1
    return faces[0].landmarks


def turned(pixels: Image, degrees: float) -> tuple[Image, NDArray[np.float64]]:
    height, width = pixels.shape[:2]
    side = round(math.hypot(height, width) * 0.8)
    matrix = np.array(cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1), dtype=np.float64)
    matrix[:, 2] += (side - width) / 2, (side - height) / 2
    return np.asarray(cv2.warpAffine(pixels, matrix, (side, side)), dtype=np.uint8), matrix


def error(one: FloatArray, other: FloatArray) -> float:
    """Mean distance of the points, in face heights."""
    return float(np.linalg.norm((one - other)[:, :2], axis=1).mean() / face_height(one))


def test_lies_on_the_face(mesh: MeshEngine, astronaut: Image) -> None:
    landmarks = only_face(mesh, astronaut)
    assert landmarks.shape == (478, 3)
    assert landmarks.dtype == np.float32
    # Read off the picture by eye.
    for point, place in (
        (NOSE_TIP, (223, 125)),
        (TOP, (221, 71)),
        (CHIN, (222, 177)),
        (468, (206, 103)),
        (473, (244, 102)),
    ):
        assert np.linalg.norm(landmarks[point, :2] - place) < 6
    assert landmarks[NOSE_TIP, 2] < landmarks[[234, 454], 2].min(), "the nose is nearer to the camera than the ears"


@pytest.mark.parametrize("degrees", [35, 70, 90, 180, -45, -120])
def test_finds_turned_heads(mesh: MeshEngine, hopper: Image, degrees: float) -> None:
    upright = only_face(mesh, hopper)
    picture, matrix = turned(hopper, degrees)
    landmarks = only_face(mesh, picture)
    expected = upright.copy()
    expected[:, :2] = upright[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    assert error(expected, landmarks) < 0.01
    turn = math.remainder(head_pose(landmarks).roll - head_pose(upright).roll - degrees, 360)
    assert abs(turn) < 3


@pytest.mark.parametrize("height", [30, 60, 300])
def test_finds_faces_of_any_size(mesh: MeshEngine, astronaut: Image, height: int) -> None:
    whole = only_face(mesh, astronaut)
    factor = height / face_height(whole)
    picture = cv2.resize(
        astronaut, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    )
    half = np.array([0.5, 0.5, 0], dtype=np.float32)
    expected = (whole + half) * factor - half
    assert error(expected.astype(np.float32), only_face(mesh, np.asarray(picture, dtype=np.uint8))) < 0.02


def test_the_mirror_image_gives_mirrored_landmarks(mesh: MeshEngine, hopper: Image) -> None:
    landmarks = only_face(mesh, hopper)
    mirrored = only_face(mesh, np.ascontiguousarray(hopper[:, ::-1]))[list(MIRROR)]
    mirrored[:, 0] = hopper.shape[1] - 1 - mirrored[:, 0]
    assert error(landmarks, mirrored) < 0.01
    assert abs((landmarks - mirrored)[:, 0].mean()) < 0.004 * face_height(landmarks), "no side is preferred"


def test_finds_everyone_in_a_group_once(mesh: MeshEngine, astronaut: Image, hopper: Image) -> None:
    group = np.full((900, 1400, 3), 190, dtype=np.uint8)
    places = [(0, 30, astronaut, 0.45), (350, 500, hopper, 0.3), (60, 760, astronaut, 1.2), (640, 250, hopper, 0.4)]
    for y, x, picture, factor in places:
        small = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        part = group[y : y + small.shape[0], x : x + small.shape[1]]
        part[...] = small[: part.shape[0], : part.shape[1]]
    faces = [face for face in mesh.locate(group) if face.human]
    assert len(faces) == len(places)


@pytest.mark.parametrize(
    "name", ["coffee.png", "rocket.jpg", "retina.jpg", "color.png", "hubble_deep_field.jpg", "coins.png"]
)
def test_finds_no_person_where_there_is_none(mesh: MeshEngine, name: str) -> None:
    assert not any(face.human for face in mesh.locate(shipped(name)))


def test_a_cat_is_nobody_however_it_is_shown(mesh: MeshEngine, cat: Image) -> None:
    rng = np.random.default_rng(7)
    height, width = cat.shape[:2]
    for _ in range(12):
        share = rng.uniform(0.4, 1.0)
        high, wide = round(height * share), round(width * share)
        y, x = int(rng.integers(0, height - high + 1)), int(rng.integers(0, width - wide + 1))
        part = cat[y : y + high, x : x + wide]
        if rng.random() < 0.5:
            part = part[:, ::-1]
        factor = rng.uniform(0.8, 1.4) * 300 / max(part.shape[:2])
        shown = cv2.resize(np.ascontiguousarray(part), None, fx=factor, fy=factor)
        lit = np.clip(shown * rng.uniform(0.7, 1.3), 0, 255).astype(np.uint8)
        assert not any(face.human for face in mesh.locate(turned(lit, rng.uniform(-40, 40))[0]))


def test_follows_a_face_and_notices_when_it_is_gone(mesh: MeshEngine, astronaut: Image) -> None:
    landmarks = only_face(mesh, astronaut)
    moved = np.roll(astronaut, (6, -5), axis=(0, 1))
    face = mesh.follow(moved, landmarks)
    assert face is not None
    assert error(landmarks + np.array([-5, 6, 0], dtype=np.float32), face.landmarks) < 0.01
    assert mesh.follow(np.full_like(astronaut, 128), landmarks) is None


def test_gives_the_same_again_and_to_every_thread(mesh: MeshEngine, astronaut: Image, hopper: Image) -> None:
    expected = [only_face(mesh, astronaut), only_face(mesh, hopper)]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda pixels: only_face(mesh, pixels), [astronaut, hopper] * 3))
    for number, landmarks in enumerate(results):
        assert np.array_equal(landmarks, expected[number % 2])


def test_an_engine_can_be_closed_and_made_anew(astronaut: Image) -> None:
    engine = MeshEngine()
    only_face(engine, astronaut)
    engine.close()
    again = MeshEngine()
    assert mouth_gap(only_face(again, astronaut)) > 0.03
    again.close()
