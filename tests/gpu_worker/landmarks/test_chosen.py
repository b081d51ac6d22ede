"""Which engine finds the faces: the chosen one, what stands in for it, and that this is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gpu_worker.config import EngineConfig
from gpu_worker.errors import EngineError, FallbackForbiddenError, InputError
from gpu_worker.landmarks import chosen
from gpu_worker.landmarks.base import LandmarkEngine, LocatedFace
from gpu_worker.landmarks.chosen import locate, usable_fan
from gpu_worker.landmarks.fan import Flavour
from gpu_worker.landmarks.inspect import inspect_photo
from gpu_worker.landmarks.mesh import MeshEngine
from gpu_worker.schema import FloatArray, Image
from gpu_worker.weights import FAN_2D, FAN_3D, FAN_DEPTH
from tests.gpu_worker.landmarks.conftest import as_photo


class Blind:
    """An engine that finds nobody, or breaks."""

    name = "mediapipe-mesh"

    def __init__(self, fault: str = "") -> None:
        self._fault = fault

    def locate(self, pixels: Image) -> Sequence[LocatedFace]:
        if self._fault:
            raise EngineError(self._fault)
        return []

    def follow(self, pixels: Image, landmarks: FloatArray) -> LocatedFace | None:
        return None

    def close(self) -> None:
        pass


@pytest.fixture(autouse=True)
def no_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A models folder without models, and no other."""
    monkeypatch.setenv("PICTURETALK_MODELS", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("PICTURETALK_NON_COMMERCIAL_MODELS", "1")
    return tmp_path


@pytest.fixture
def other(mesh: MeshEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of face-alignment, whose true weights are nobody's to ship, another engine that does find faces."""

    def shared(_: Flavour) -> LandmarkEngine:
        return mesh

    monkeypatch.setattr(chosen, "usable_fan", lambda: "face-alignment-3d")
    monkeypatch.setattr(chosen, "shared_fan", shared)


def test_the_mesh_comes_first(mesh: MeshEngine, hopper: Image, other: None) -> None:
    found = locate(hopper, EngineConfig(), mesh)
    assert found.engine == "mediapipe-mesh"
    assert found.fallbacks == ()
    assert found.anybody


@pytest.mark.parametrize(("fault", "reason"), [("", "found nobody"), ("no model", "The mesh failed: no model")])
def test_where_the_mesh_fails_face_alignment_is_asked(fault: str, reason: str, hopper: Image, other: None) -> None:
    inspection = inspect_photo(as_photo(hopper), EngineConfig(), Blind(fault))
    assert len(inspection.faces) == 1
    assert inspection.engine == "face-alignment-3d"
    (fallback,) = inspection.fallbacks
    assert (fallback.stage, fallback.wanted, fallback.used) == ("inspect", "mediapipe-mesh", "face-alignment-3d")
    assert reason in fallback.reason


def test_nobody_is_nobody_where_neither_sees_a_face(other: None) -> None:
    empty = np.full((300, 300, 3), 128, np.uint8)
    with pytest.raises(InputError) as caught:
        inspect_photo(as_photo(empty), EngineConfig(), Blind())
    assert caught.value.code == "no_face"


@pytest.mark.parametrize("config", [
    EngineConfig(landmark_engine="mesh"), EngineConfig(no_fallback=frozenset({"mediapipe-mesh"}))
])  # fmt: skip
def test_nothing_stands_in_for_the_mesh_where_that_is_not_wanted(
    config: EngineConfig, hopper: Image, other: None
) -> None:
    assert locate(hopper, config, Blind()).faces == ()
    with pytest.raises(EngineError, match="broken"):
        locate(hopper, config, Blind("broken"))


def test_the_mesh_stands_in_for_face_alignment_without_its_files(
    mesh: MeshEngine, hopper: Image, no_weights: Path
) -> None:
    config = EngineConfig(landmark_engine="face-alignment-2d")
    found = locate(hopper, config, mesh)
    assert found.engine == "mediapipe-mesh"
    assert found.anybody
    (fallback,) = found.fallbacks
    assert (fallback.wanted, fallback.used) == ("face-alignment-2d", "mediapipe-mesh")
    assert f"fan-2d was not found; looked for {no_weights}" in fallback.reason
    with pytest.raises(FallbackForbiddenError, match="face-alignment-2d cannot be used"):
        locate(hopper, replace(config, no_fallback=frozenset({"face-alignment-2d"})), mesh)


def test_which_engine_has_its_files_and_may_be_used(no_weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert usable_fan() is None
    (no_weights / FAN_2D.path).parent.mkdir(parents=True)
    (no_weights / FAN_2D.path).write_bytes(b"weights")
    assert usable_fan() == "face-alignment-2d"
    for model in (FAN_3D, FAN_DEPTH):
        (no_weights / model.path).write_bytes(b"weights")
    assert usable_fan() == "face-alignment-3d"
    monkeypatch.delenv("PICTURETALK_NON_COMMERCIAL_MODELS")
    assert usable_fan() is None, "their licence forbids commercial use"
