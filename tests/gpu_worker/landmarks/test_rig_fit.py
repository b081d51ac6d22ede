"""From 68 points to the rig: how near the mesh it comes on real portraits."""

from __future__ import annotations

import numpy as np
import pytest

from gpu_worker.errors import EngineError
from gpu_worker.landmarks.mesh import MeshEngine
from gpu_worker.landmarks.points import INNER_LIPS, LEFT_IRIS, MIRROR, OUTER_LIPS, RIGHT_IRIS
from gpu_worker.landmarks.pose import face_height, head_pose
from gpu_worker.landmarks.rig_fit import MESH_OF_68, RigFit
from gpu_worker.schema import FloatArray, Image


@pytest.fixture(scope="module")
def fit() -> RigFit:
    return RigFit.load()


@pytest.fixture(scope="module")
def faces(mesh: MeshEngine, astronaut: Image, hopper: Image, cameraman: Image) -> list[FloatArray]:
    return [mesh.locate(pixels)[0].landmarks for pixels in (astronaut, hopper, cameraman)]


def test_the_reference_is_symmetrical_and_upright(fit: RigFit) -> None:
    mirrored = fit.reference[list(MIRROR)] * (-1, 1, 1)
    assert np.abs(mirrored - fit.reference).max() < 1e-3
    assert face_height(fit.reference.astype(np.float32)) == pytest.approx(1, abs=1e-3)


def test_68_points_give_the_mesh_back(fit: RigFit, faces: list[FloatArray]) -> None:
    for number, landmarks in enumerate(faces):
        height = face_height(landmarks)
        rig = fit.rig(landmarks[list(MESH_OF_68), :2])
        errors = np.linalg.norm((rig - landmarks)[:, :2], axis=1) / height
        assert errors.mean() < (0.006, 0.006, 0.012)[number], "the third is seen half from the side"
        assert errors[list(OUTER_LIPS + INNER_LIPS)].mean() < 0.006
        assert errors[[RIGHT_IRIS, LEFT_IRIS]].max() < (0.015, 0.015, 0.07)[number]


def test_depth_makes_the_depth_better(fit: RigFit, faces: list[FloatArray]) -> None:
    for landmarks in faces:

        def depth_error(rig: FloatArray, truth: FloatArray = landmarks) -> float:
            apart = (rig - truth)[:, 2]
            return float(np.abs(apart - np.median(apart)).mean() / face_height(truth))

        flat = depth_error(fit.rig(landmarks[list(MESH_OF_68), :2]))
        deep = depth_error(fit.rig(landmarks[list(MESH_OF_68)]))
        assert deep < flat < 0.06
        assert deep < 0.01


def test_pose_survives_the_fit(fit: RigFit, faces: list[FloatArray]) -> None:
    for landmarks in faces:
        expected, found = head_pose(landmarks), head_pose(fit.rig(landmarks[list(MESH_OF_68), :2]))
        assert found.roll == pytest.approx(expected.roll, abs=3)
        assert found.yaw == pytest.approx(expected.yaw, abs=10)


def test_the_shape_of_a_face_is_told_from_strewn_points(fit: RigFit, faces: list[FloatArray]) -> None:
    for landmarks in faces:
        assert fit.misfit(landmarks[list(MESH_OF_68)]) < 0.04
    strewn = np.random.default_rng(0).uniform(0, 200, (20, 68, 2)).astype(np.float32)
    assert min(fit.misfit(points) for points in strewn) > 0.5


def test_no_face_no_rig(fit: RigFit) -> None:
    with pytest.raises(EngineError):
        fit.rig(np.zeros((68, 2), dtype=np.float32))
    line = np.stack([np.arange(68), np.arange(68)], axis=1).astype(np.float32)
    with pytest.raises(EngineError):
        fit.rig(line)
