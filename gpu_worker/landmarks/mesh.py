"""The default landmark engine: MediaPipe's attention mesh, 478 points, on faces of any size and inclination."""

from __future__ import annotations

import functools

import numpy as np

from gpu_worker.landmarks.base import LocatedFace
from gpu_worker.landmarks.crop import Region, region_around
from gpu_worker.landmarks.likeness import Witnesses, confirmation
from gpu_worker.landmarks.mediapipe_models import MESH_SIDE, DetectorModels, MeshModel
from gpu_worker.landmarks.points import CHIN, MIRROR, TOP
from gpu_worker.landmarks.search import Candidate, candidates
from gpu_worker.schema import FloatArray, Image

#: The model counts pixels from somewhere between a pixel's edge and its centre: found by comparing mirrored crops.
_PIXEL_OFFSET = 0.35
#: Passes over one face, each on the crop that the one before suggests; after three the points rest within 0.3 %.
_PASSES = 3
#: Places looked at closely, at most: a bound on the time a picture full of faces or of noise can take.
_MAX_CANDIDATES = 48
#: Face score of the mesh model below which a place does not even resemble a face.
_MIN_PRESENCE = 0.5
#: Scale, turn (radians) and mirroring of the crops of :meth:`MeshEngine.readings`.
_CROPS = (
    (1.0, 0.0, False), (1.0, 0.0, True), (0.85, 0.0, False), (1.2, 0.0, False),
    (1.0, 0.17, False), (1.0, -0.17, False), (1.0, 0.17, True), (1.0, -0.17, True),
)  # fmt: skip
#: Faces whose boxes overlap by more than this (intersection over the smaller one) are one face.
_SAME_FACE = 0.5


class MeshEngine:
    """Finds faces and lays the mesh on each. Models stay loaded until :meth:`close`; safe to share among threads."""

    name = "mediapipe-mesh"

    def __init__(self) -> None:
        self._mesh = MeshModel()
        self._detectors = DetectorModels()

    def locate(self, pixels: Image) -> list[LocatedFace]:
        """All faces, and what resembles one (``human`` False), the surest first."""
        faces: list[LocatedFace] = []
        for candidate in candidates(pixels, self._detectors)[:_MAX_CANDIDATES]:
            if any(face.human and _covers(face, candidate) for face in faces):
                continue
            face = self._examine(pixels, candidate.region)
            if face is not None:
                faces.append(face)
        return _distinct(faces)

    def follow(self, pixels: Image, landmarks: FloatArray) -> LocatedFace | None:
        """The face near ``landmarks`` (of an earlier frame, same picture size); None where there is none any more."""
        face = self._examine(pixels, region_around(landmarks), passes=2)
        return face if face is not None and face.human else None

    def readings(self, pixels: Image, landmarks: FloatArray) -> FloatArray:
        """The face around ``landmarks`` read from eight slightly different crops: ``(8, 478, 2)`` in pixels."""
        face = region_around(landmarks)
        readings = []
        for scale, turn, mirrored in _CROPS:
            region = Region(face.x, face.y, scale * face.side, face.angle + turn)
            crop = region.cut(pixels, MESH_SIDE)
            points, _ = self._mesh(crop[:, ::-1] if mirrored else crop)
            points[:, :2] -= _PIXEL_OFFSET
            if mirrored:
                points = points[list(MIRROR)]
                points[:, 0] = (MESH_SIDE - 1) - points[:, 0]
            readings.append(region.to_picture(points, MESH_SIDE)[:, :2])
        return np.stack(readings)

    def close(self) -> None:
        self._mesh.close()
        self._detectors.close()

    def _examine(self, pixels: Image, region: Region, passes: int = _PASSES) -> LocatedFace | None:
        landmarks, presence = self._read(pixels, region)
        for _ in range(passes - 2):
            region = region_around(landmarks)
            landmarks, presence = self._read(pixels, region)
        if presence < _MIN_PRESENCE or not _plausible(landmarks):
            return None
        region = region_around(landmarks)
        landmarks, presence, disagreement = self._read_twice(pixels, region)
        if not _plausible(landmarks):
            return None
        witnesses = Witnesses(presence, disagreement, confirmation(pixels, region_around(landmarks), self._detectors))
        return LocatedFace(landmarks, witnesses.likeness, witnesses.human, self.name)

    def _read(self, pixels: Image, region: Region) -> tuple[FloatArray, float]:
        points, presence = self._mesh(region.cut(pixels, MESH_SIDE))
        points[:, :2] -= _PIXEL_OFFSET
        return region.to_picture(points, MESH_SIDE), presence

    def _read_twice(self, pixels: Image, region: Region) -> tuple[FloatArray, float, float]:
        """Mean of the readings of a crop and of its mirror image, the lower face score, and their disagreement.

        Averaging the two halves the noise and takes out what the model prefers on one side.
        """
        crop = region.cut(pixels, MESH_SIDE)
        points, presence = self._mesh(crop)
        mirrored, mirrored_presence = self._mesh(crop[:, ::-1])
        back = mirrored[list(MIRROR)]
        points[:, :2] -= _PIXEL_OFFSET
        back[:, 0] = (MESH_SIDE - 1) - (back[:, 0] - _PIXEL_OFFSET)
        back[:, 1] -= _PIXEL_OFFSET
        height = max(1e-3, float(np.linalg.norm(points[TOP] - points[CHIN])))
        disagreement = float(np.linalg.norm((points - back)[:, :2], axis=1).mean()) / height
        landmarks = region.to_picture((points + back) / 2, MESH_SIDE)
        return landmarks, min(presence, mirrored_presence), disagreement


@functools.cache
def shared_mesh() -> MeshEngine:
    """The process's own mesh engine, loaded at the first call and kept."""
    return MeshEngine()


def _plausible(landmarks: FloatArray) -> bool:
    """Whether the points can be worked with at all: finite, and not folded into a spot."""
    return bool(np.isfinite(landmarks).all()) and bool(np.ptp(landmarks[:, :2], axis=0).min() > 2.0)


def _covers(face: LocatedFace, candidate: Candidate) -> bool:
    """Whether a face already accepted lies where the candidate points, at about the same size."""
    known, place = region_around(face.landmarks), candidate.region
    apart = np.hypot(known.x - place.x, known.y - place.y)
    return bool(apart < 0.25 * max(known.side, place.side) and 0.5 < known.side / place.side < 2.0)


def _distinct(faces: list[LocatedFace]) -> list[LocatedFace]:
    """Without those that lie on a surer one; human faces come before what only resembles one."""
    kept: list[LocatedFace] = []
    for face in sorted(faces, key=lambda entry: (not entry.human, -entry.likeness)):
        if all(_overlap(face, other) < _SAME_FACE for other in kept):
            kept.append(face)
    return kept


def _overlap(one: LocatedFace, other: LocatedFace) -> float:
    low = np.maximum(one.landmarks[:, :2].min(axis=0), other.landmarks[:, :2].min(axis=0))
    high = np.minimum(one.landmarks[:, :2].max(axis=0), other.landmarks[:, :2].max(axis=0))
    shared = float(np.prod(np.maximum(high - low, 0)))
    areas = [float(np.prod(np.ptp(face.landmarks[:, :2], axis=0))) for face in (one, other)]
    return shared / max(1e-6, min(areas))
