"""The face that a browser moves: small, and where the renderer's own face is."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from gpu_worker.config import EngineConfig
from gpu_worker.packed import unpack
from gpu_worker.rendering.preview_rig import preview_rig
from gpu_worker.rendering.renderer import WarpRenderer
from gpu_worker.rendering.shapes import shape_weights
from gpu_worker.rendering.workspace import Workspace
from gpu_worker.schema import CONTROL, CONTROLS, FaceRig, Photo


@pytest.fixture(scope="module")
def rig(astronaut: Photo, astronaut_face: FaceRig) -> tuple[bytes, dict[str, Any], dict[str, Any]]:
    packed = preview_rig(astronaut, astronaut_face, EngineConfig())
    return (packed, *unpack(packed))


def moved(head: dict[str, Any], parts: dict[str, Any], controls: np.ndarray) -> np.ndarray:
    """Local positions of all points, from the description alone."""
    points: np.ndarray = parts["rest"].reshape(-1, 3) * head["scales"]["rest"]
    first = 0
    for shape, weight in zip(head["shapes"], shape_weights(controls, CONTROL), strict=True):
        last = first + shape["count"]
        where = parts["shape_points"][first:last]
        points[where] += weight * shape["scale"] * parts["shape_moves"].reshape(-1, 3)[first:last]
        first = last
    return points


def test_it_is_small_and_knows_its_controls(rig: tuple[bytes, dict[str, Any], dict[str, Any]]) -> None:
    packed, head, parts = rig
    assert len(packed) < 300_000
    assert head["controls"] == list(CONTROLS)
    assert parts["triangles"].max() < head["points"]
    assert parts["upper"].startswith(b"\x89PNG")
    assert "own" in parts, "she smiles: her own teeth are kept"
    x, y, width, height = head["view"]
    assert 0 <= x < x + width <= head["width"]
    assert 0 <= y < y + height <= head["height"]


def test_every_point_moves_as_in_a_video(
    rig: tuple[bytes, dict[str, Any], dict[str, Any]], renderer: WarpRenderer
) -> None:
    _, head, parts = rig
    controls = np.zeros(len(CONTROLS), np.float32)
    for name, value in {"jaw": 0.7, "pucker": 0.4, "close": 0.9, "smile_left": 0.5, "blink_right": 0.8}.items():
        controls[CONTROL[name]] = value
    space = Workspace(renderer.portrait)
    renderer.place(controls, space)
    found = moved(head, parts, controls)
    # The whole photo is within reach of this face, so that both are measured in the same pixels.
    assert head["part"] == [0.0, 0.0, 1.0, 1.0]
    np.testing.assert_allclose(found, space.local[: head["points"]], atol=2e-3)


def test_a_large_face_is_described_smaller_and_a_part_of_the_photo(
    astronaut: Photo, astronaut_face: FaceRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gpu_worker.rendering import preview_rig as module

    monkeypatch.setattr(module, "_MOST_HEIGHT", 80.0)
    wide = np.pad(astronaut.pixels, ((0, 0), (300, 0), (0, 0)), mode="edge")
    face = dataclasses.replace(
        astronaut_face,
        box=(astronaut_face.box[0] + 300, *astronaut_face.box[1:]),
        landmarks=astronaut_face.landmarks + np.array([300, 0, 0], np.float32),
    )
    head, _ = unpack(module.preview_rig(dataclasses.replace(astronaut, pixels=wide), face, EngineConfig()))
    left, top, width, _ = head["part"]
    assert left > 0.3
    assert top == 0.0
    assert left + width == pytest.approx(1.0)
    assert head["unit"] == pytest.approx(80.0, rel=0.05)
    assert head["width"] == pytest.approx(width * wide.shape[1] * 80.0 / astronaut_face.height, abs=1.5)
