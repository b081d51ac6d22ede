"""A hand at the mouth keeps still, and the face gives way to it gradually."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gpu_worker.config import EngineConfig
from gpu_worker.rendering import hands
from gpu_worker.rendering.hands import HAND_AT_MOUTH, held_still
from gpu_worker.rendering.renderer import WarpEngine
from gpu_worker.schema import CONTROL, CONTROLS, FaceRig, Finding, Photo


@pytest.fixture
def held(astronaut_face: FaceRig, monkeypatch: pytest.MonkeyPatch) -> FaceRig:
    """The astronaut with a fist at her right mouth corner."""
    corner, unit = astronaut_face.landmarks[61, :2], astronaut_face.height
    around = np.linspace(0, 2 * np.pi, 21)
    fist = corner + unit * (np.array([-0.12, 0.04]) + 0.07 * np.stack([np.cos(around), np.sin(around)], axis=1))
    monkeypatch.setattr(hands, "find_hands", lambda pixels, landmarks: [fist.astype(np.float32)])
    return dataclasses.replace(astronaut_face, findings=(Finding(HAND_AT_MOUTH, "", ""),))


def test_the_hand_keeps_still_and_the_rest_of_the_face_does_not(astronaut: Photo, held: FaceRig) -> None:
    renderer = WarpEngine().prepare(astronaut, held, EngineConfig())
    controls = np.zeros(len(CONTROLS), np.float32)
    for name, value in {"jaw": 0.7, "smile_right": 0.6, "yaw": 4.0, "roll": 4.0}.items():
        controls[CONTROL[name]] = value
    changed = np.abs(renderer.frame(controls).astype(int) - astronaut.pixels).max(axis=2)
    x, y = (held.landmarks[61, :2] + held.height * np.array([-0.12, 0.04])).astype(int)
    reach = int(0.05 * held.height)
    assert changed[y - reach : y + reach, x - reach : x + reach].max() <= 3
    x, y = held.landmarks[14, :2].astype(int)
    assert changed[y - 3 : y + 8, x - 5 : x + 6].max() > 40


def test_a_face_gives_way_gradually_and_only_to_a_hand_that_was_found(
    astronaut: Photo, held: FaceRig, astronaut_face: FaceRig
) -> None:
    corner, unit = held.landmarks[61, :2], held.height
    away = np.linspace(-0.12, 0.5, 40)
    points = corner + unit * np.stack([away, np.full(40, 0.04)], axis=1)
    share = held_still(astronaut.pixels, held, points, unit)
    assert share[0] == 0.0
    assert share[-1] == 1.0
    assert (np.diff(share) >= 0).all()
    assert np.diff(share).max() < 0.25
    np.testing.assert_array_equal(held_still(astronaut.pixels, astronaut_face, points, unit), 1.0)
