"""The check a photo passes before anything is rendered: which faces are there, and what is wrong with each."""

from __future__ import annotations

from collections.abc import Sequence

from gpu_worker.config import EngineConfig
from gpu_worker.errors import InputError
from gpu_worker.landmarks.base import LandmarkEngine, LocatedFace
from gpu_worker.landmarks.chosen import locate
from gpu_worker.landmarks.findings import face_findings, photo_findings
from gpu_worker.landmarks.mesh import shared_mesh
from gpu_worker.landmarks.pose import face_height, head_pose, mouth_gap
from gpu_worker.schema import FaceRig, Inspection, Photo


def inspect_photo(photo: Photo, config: EngineConfig, engine: LandmarkEngine | None = None) -> Inspection:
    """Find every human face in ``photo`` and say what may keep it from talking well.

    ``engine`` stands for the mesh (by default the process's shared one); ``config.landmark_engine`` says whether it, or
    face-alignment, is asked first. At most ``config.max_faces`` faces are kept, the largest
    ones; they are numbered from left to right.

    Raises:
        InputError: ``no_face``, ``not_a_human_face`` or ``face_too_small``: what no choice of a face can mend.
    """
    found = locate(photo.pixels, config, engine or shared_mesh())
    located = found.faces
    human = [face for face in located if face.human]
    if not human:
        raise _nobody(located)
    large = [face for face in human if face_height(face.landmarks) >= config.min_face_height]
    if not large:
        raise _too_small(max(face_height(face.landmarks) for face in human), config)
    large.sort(key=lambda face: -face_height(face.landmarks))
    kept = sorted(large[: config.max_faces], key=lambda face: float(face.landmarks[:, 0].mean()))
    faces = tuple(_rig(index, face, photo) for index, face in enumerate(kept))
    findings = photo_findings(len(faces), left_out=len(human) - len(faces))
    return Inspection(photo.width, photo.height, faces, findings, found.engine, found.fallbacks)


def choose_face(inspection: Inspection, index: int | None) -> FaceRig:
    """The face to animate; ``index`` may be None where there is only one.

    Raises:
        InputError: ``several_faces`` when a choice is needed and none was made, ``unknown_face`` for a number that
            no face has.
    """
    count = len(inspection.faces)
    if index is None:
        if count == 1:
            return inspection.faces[0]
        raise InputError(
            "several_faces", f"There are {count} faces in this photo.", "Please choose the one who shall speak."
        )
    if not 0 <= index < count:
        raise InputError(
            "unknown_face",
            f"There is no face number {index} in this photo.",
            f"The faces are numbered from 0 to {count - 1}, from left to right.",
        )
    return inspection.faces[index]


def _rig(index: int, face: LocatedFace, photo: Photo) -> FaceRig:
    pose = head_pose(face.landmarks)
    low = face.landmarks[:, :2].min(axis=0).clip(0, (photo.width, photo.height))
    high = face.landmarks[:, :2].max(axis=0).clip(0, (photo.width, photo.height))
    return FaceRig(
        index=index,
        box=(float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1])),
        score=face.likeness,
        landmarks=face.landmarks,
        height=face_height(face.landmarks),
        yaw=pose.yaw,
        pitch=pose.pitch,
        roll=pose.roll,
        mouth_gap=mouth_gap(face.landmarks),
        findings=face_findings(photo, face.landmarks),
    )


def _nobody(located: Sequence[LocatedFace]) -> InputError:
    if located:
        return InputError(
            "not_a_human_face",
            "There is something like a face in this picture, but it does not look like a person's.",
            "Animals, toys and simple drawings cannot be animated. Please use a photo or a painting of a person, "
            "with the face well visible.",
        )
    return InputError(
        "no_face",
        "No face was found in this picture.",
        "Please use a picture in which the face is turned to the camera, well lit and not covered.",
    )


def _too_small(height: float, config: EngineConfig) -> InputError:
    return InputError(
        "face_too_small",
        f"The face is only {height:.0f} pixels high; it takes at least {config.min_face_height:.0f}.",
        "Please use a larger picture, the original instead of a preview, or scan the print at a higher resolution.",
    )
