"""From 68 landmarks (the iBUG 300-W scheme) to the 478 points of the rig.

A reference face is brought into the pose of the 68 points (scaled orthographic pose from correspondences, DeMenthon
& Davis 1995, one step), then bent: the displacement field over the mesh that meets the 68 points and is otherwise as
smooth as it can be (bi-Laplacian surface editing, Sorkine et al. 2004). Both lips bend apart, since the mesh has no
edge across the mouth's opening. The smooth field is linear in the 68 residuals, so it is one matrix, made once.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from gpu_worker.errors import EngineError
from gpu_worker.landmarks.points import LEFT_EYE, LEFT_IRIS, RIGHT_EYE, RIGHT_IRIS
from gpu_worker.schema import FloatArray

#: Mesh points that stand for the 68, in their order: jaw, brows, nose, eyes, outer and inner lips.
MESH_OF_68: tuple[int, ...] = (
    162, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 389,
    70, 63, 105, 66, 107, 336, 296, 334, 293, 300,
    168, 197, 5, 4, 98, 97, 2, 326, 327,
    33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,
    61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181,
    78, 82, 13, 312, 308, 317, 14, 87,
)  # fmt: skip
_JAW = slice(0, 17)
_SKIN = 468
#: Mean face of six public-domain portraits, made symmetrical, height 1, looking straight ahead: 478 rows x, y, z.
_REFERENCE = Path(__file__).with_name("reference_face.csv")
#: The jaw's points slide along the outline when the head turns, so they say less about the pose and the shape.
_JAW_WEIGHT = 0.3
_FIT_WEIGHT, _REST_WEIGHT = 20.0, 1e-3


@dataclass(frozen=True)
class RigFit:
    """``reference`` is (478, 3) with height 1; ``spread`` is (468, 68): residuals at the 68 to displacements."""

    reference: NDArray[np.float64]
    spread: NDArray[np.float64]

    @classmethod
    def load(cls) -> Self:
        """With the reference face that comes with the package, and MediaPipe's triangulation."""
        from mediapipe.python.solutions.face_mesh_connections import FACEMESH_TESSELATION

        return cls.from_reference(np.loadtxt(_REFERENCE, delimiter=","), sorted(FACEMESH_TESSELATION))

    @classmethod
    def from_reference(cls, reference: NDArray[np.float64], edges: list[tuple[int, int]]) -> Self:
        """``reference`` is (478, 3) in any unit, looking straight ahead; ``edges`` are those of the 468 skin points."""
        adjacency = np.zeros((_SKIN, _SKIN))
        for one, other in edges:
            weight = 1.0 / (1e-3 + float(np.linalg.norm(reference[one] - reference[other])))
            adjacency[one, other] = adjacency[other, one] = weight
        laplacian = np.eye(_SKIN) - adjacency / adjacency.sum(axis=1, keepdims=True)
        pull = np.zeros((_SKIN, len(MESH_OF_68)))
        pull[list(MESH_OF_68), np.arange(len(MESH_OF_68))] = _FIT_WEIGHT * _weights()
        system = laplacian.T @ laplacian + _REST_WEIGHT * np.eye(_SKIN) + np.diag(pull.sum(axis=1))
        return cls(reference, np.linalg.solve(system, pull))

    def rig(self, points: FloatArray) -> FloatArray:
        """The 478 landmarks ``(478, 3)`` for ``points`` ``(68, 2)`` or, with depth, ``(68, 3)``; pixels.

        Raises:
            EngineError: when the points lie on a line or a spot, so that no pose can be found.
        """
        scale, rotation, shift = self._pose(points[:, :2].astype(np.float64))
        posed = scale * self.reference @ rotation.T
        posed[:, :2] += shift
        residuals = np.zeros((len(MESH_OF_68), 3))
        residuals[:, :2] = points[:, :2] - posed[list(MESH_OF_68), :2]
        if points.shape[1] == 3:
            depth = points[:, 2] - posed[list(MESH_OF_68), 2]
            # Depth has no zero of its own: what all points share is no shape.
            residuals[:, 2] = depth - np.median(depth)
        bent = posed.copy()
        bent[:_SKIN] += self.spread @ residuals
        for eye, iris in ((RIGHT_EYE, RIGHT_IRIS), (LEFT_EYE, LEFT_IRIS)):
            bent[iris : iris + 5] += (bent[list(eye)] - posed[list(eye)]).mean(axis=0)
        return bent.astype(np.float32)

    def misfit(self, points: FloatArray) -> float:
        """How far ``points`` ``(68, 2 or 3)`` lie from those of the posed reference face, before it is bent: root mean
        square in face heights. Real faces have 0.03 and less, points strewn at random more than 1.

        Raises:
            EngineError: as :meth:`rig`.
        """
        flat = points[:, :2].astype(np.float64)
        scale, rotation, shift = self._pose(flat)
        posed = (scale * self.reference[list(MESH_OF_68)] @ rotation.T)[:, :2] + shift
        return float(np.sqrt(((posed - flat) ** 2).sum(axis=1).mean()) / scale)

    def _pose(self, points: NDArray[np.float64]) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
        """Scale, rotation (3, 3) and shift (2,) of the reference under scaled orthographic projection."""
        weights = np.sqrt(_weights())[:, None]
        model = np.concatenate([self.reference[list(MESH_OF_68)], np.ones((len(MESH_OF_68), 1))], axis=1)
        solution = np.linalg.lstsq(model * weights, points * weights, rcond=None)[0]
        left, scales, right = np.linalg.svd(solution[:3].T, full_matrices=False)
        if not np.isfinite(solution).all() or scales[1] < 1e-3 * max(scales[0], 1e-6):
            raise EngineError("the 68 landmarks do not have the shape of a face")
        rows = left @ right
        rotation = np.vstack([rows, np.cross(rows[0], rows[1])])
        return float(scales.mean()), rotation, solution[3]


def _weights() -> NDArray[np.float64]:
    weights = np.ones(len(MESH_OF_68))
    weights[_JAW] = _JAW_WEIGHT
    return weights
