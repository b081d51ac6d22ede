"""Where the lips' points lie for given controls, on the mean face: what distances of landmarks are measured on.

The renderer's own shapes on the reference face, so that a distance means what a viewer would see, whoever is shown.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from gpu_worker.landmarks import rig_fit
from gpu_worker.landmarks.points import INNER_LIPS, OUTER_LIPS
from gpu_worker.rendering.arrays import F64
from gpu_worker.rendering.basis import FieldSolver
from gpu_worker.rendering.pose import FACE_HEIGHT_MM, HeadFrame, ring_points
from gpu_worker.rendering.shapes import build_basis, measure_mouth, shape_weights
from gpu_worker.rendering.topology import FACE_POINTS, build_topology
from gpu_worker.schema import CONTROL, FloatArray

#: Points of the lips' contours, outer then inner.
LIPS: tuple[int, ...] = (*OUTER_LIPS, *INNER_LIPS)
_PIXELS = 400.0
_GAP_ROWS = (len(OUTER_LIPS) + INNER_LIPS.index(13), len(OUTER_LIPS) + INNER_LIPS.index(14))


def lip_points(controls: FloatArray) -> FloatArray:
    """Positions ``(frames, 40, 2)`` in millimetres, seen from the front, for controls ``(frames, len(CONTROLS))``."""
    rest, basis = _lips()
    weights = shape_weights(np.asarray(controls, np.float32), CONTROL)
    moved = rest + np.einsum("fk,kpd->fpd", weights, basis)
    points: FloatArray = (moved[:, :, :2] * FACE_HEIGHT_MM).astype(np.float32)
    return points


def lip_gap(points: FloatArray) -> FloatArray:
    """The gap between the lips at the middle, millimetres, of what :func:`lip_points` gives."""
    upper, lower = _GAP_ROWS
    gap: FloatArray = np.maximum(points[:, lower, 1] - points[:, upper, 1], 0.0)
    return gap


@lru_cache(maxsize=1)
def _lips() -> tuple[F64, F64]:
    """Rest ``(40, 3)`` and shapes ``(shapes, 40, 3)`` of the lips of the reference face, face heights."""
    reference = np.loadtxt(Path(rig_fit.__file__).with_name("reference_face.csv"), delimiter=",") * _PIXELS
    frame = HeadFrame.from_landmarks(reference)
    topology = build_topology()
    local = frame.to_local(topology.refine(np.concatenate([reference[:FACE_POINTS], ring_points(reference)])))
    solver = FieldSolver(local, topology.triangles, topology.constrained)
    basis = build_basis(solver, topology, local, measure_mouth(local))
    lips = list(LIPS)
    return local[lips], basis[:, lips].astype(np.float64)
