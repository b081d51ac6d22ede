"""A made-up face: enough of one to run the whole renderer without a photo."""

from __future__ import annotations

import cv2
import numpy as np
from scipy.sparse import coo_matrix, diags
from scipy.sparse.linalg import spsolve

from gpu_worker.config import EngineConfig
from gpu_worker.rendering.arrays import F64, U8
from gpu_worker.rendering.renderer import WarpEngine
from gpu_worker.rendering.topology import EYES, FACE_POINTS, OVAL, edges_of, face_triangles
from gpu_worker.schema import CONTROL, CONTROLS, FaceRig, Photo

_SIDE = 128
#: Half axes of the face in pixels, and how far its middle stands out.
_HALF_WIDTH, _HALF_HEIGHT, _BULGE = 27.0, 36.0, 20.0


def synthetic_landmarks() -> F64:
    """478 points in pixels: the mesh laid out flat inside an ellipse (Tutte's embedding), then bulged.

    Mouth and eyes come out as open polygons, because nothing holds their contours together.
    """
    edges = edges_of(face_triangles())
    rows, columns = np.concatenate([edges, edges[:, ::-1]]).T
    adjacency = coo_matrix((np.ones(len(rows)), (rows, columns)), shape=(FACE_POINTS, FACE_POINTS)).tocsr()
    laplacian = diags(np.asarray(adjacency.sum(axis=1)).ravel()) - adjacency
    angle = 2 * np.pi * np.arange(len(OVAL)) / len(OVAL)
    points = np.zeros((FACE_POINTS, 2))
    points[list(OVAL)] = np.stack([np.sin(angle), -np.cos(angle)], axis=1)
    free = np.setdiff1d(np.arange(FACE_POINTS), OVAL)
    inside = laplacian[free]
    points[free] = spsolve(inside[:, free].tocsc(), -(inside[:, list(OVAL)] @ points[list(OVAL)]))
    depth = -_BULGE * np.sqrt(np.clip(1.0 - (points**2).sum(axis=1), 0.0, 1.0))
    flat = points * (_HALF_WIDTH, _HALF_HEIGHT) + _SIDE / 2
    irises = []
    for eye in EYES.values():
        middle = flat[[*eye.upper, *eye.lower]].mean(axis=0)
        irises += [middle + offset for offset in ((0, 0), (1.5, 0), (0, -1.5), (-1.5, 0), (0, 1.5))]
    return np.concatenate([np.column_stack([flat, depth]), np.column_stack([np.array(irises), np.zeros(10)])])


def synthetic_photo() -> U8:
    """Skin with grain and nothing else."""
    noise = np.random.default_rng(1).normal(0.0, 3.0, (_SIDE, _SIDE, 1))
    pixels: U8 = np.clip(np.array([190.0, 150.0, 130.0]) + noise, 0, 255).astype(np.uint8)
    return pixels


def synthetic_face(side: int) -> tuple[Photo, FaceRig]:
    """The made-up face on a photo of ``side`` pixels."""
    scale = side / _SIDE
    pixels = cv2.resize(synthetic_photo(), (side, side), interpolation=cv2.INTER_CUBIC)
    landmarks = (synthetic_landmarks() * scale).astype(np.float32)
    low, high = landmarks[:, :2].min(axis=0).tolist(), landmarks[:, :2].max(axis=0).tolist()
    box = (low[0], low[1], high[0] - low[0], high[1] - low[1])
    face = FaceRig(0, box, 1.0, landmarks, 2 * _HALF_HEIGHT * scale, 0.0, 0.0, 0.0, 0.1)
    return Photo(np.asarray(pixels, dtype=np.uint8), "0" * 64, "array"), face


def draw_frames() -> None:
    """Analyse the face and draw two frames that use every part of the renderer."""
    photo, face = synthetic_face(_SIDE)
    renderer = WarpEngine().prepare(photo, face, EngineConfig())
    for close in (0.0, 0.7):
        controls = np.zeros(len(CONTROLS), dtype=np.float32)
        for name, value in {"jaw": 0.5, "close": close, "blink_left": 0.6, "blink_right": 0.6, "yaw": 3.0}.items():
            controls[CONTROL[name]] = value
        renderer.frame(controls)
