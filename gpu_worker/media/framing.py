"""Which part of the photo the video shows: the whole of it, or a cut around the faces that move, for sharing.

The cut is made in the photo before anything is drawn, so label, watermark and certificate are those of what is seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from gpu_worker.errors import InputError
from gpu_worker.schema import FaceRig, Photo

Framing = Literal["whole", "portrait", "square", "vertical"]
FRAMINGS: tuple[Framing, ...] = get_args(Framing)

#: Width by height of each cut.
_ASPECT = {"portrait": 4 / 5, "square": 1.0, "vertical": 9 / 16}
#: Height of the cut in heights of the largest face that moves: head and shoulders with some air; more where it is tall.
_HEIGHTS = {"portrait": 2.6, "square": 2.4, "vertical": 3.6}
#: Room around the outermost faces, in heights of a face; and where in the cut their centre lies, from the top.
_AROUND, _CENTRE = 0.55, 0.46


@dataclass(frozen=True)
class Framed:
    """The cut photo, with the faces that move and all faces in its pixels."""

    photo: Photo
    faces: tuple[FaceRig, ...]
    everybody: tuple[FaceRig, ...]


def frame_photo(photo: Photo, faces: Sequence[FaceRig], everybody: Sequence[FaceRig], framing: str) -> Framed:
    """The photo as ``framing`` shows it; both sides of a cut are even.

    Raises :class:`InputError` ``unknown_framing``, or ``framing_does_not_fit`` where those who move stand too far
    apart.
    """
    if framing == "whole":
        return Framed(photo, tuple(faces), tuple(everybody))
    if framing not in FRAMINGS:
        raise InputError(
            "unknown_framing", f"There is no framing called “{framing[:40]}”.", f"Choose one of {', '.join(FRAMINGS)}."
        )
    left, top, width, height = cut_around(photo.width, photo.height, [face.box for face in faces], framing)
    if not shows_all((left, top, width, height), [face.box for face in faces]):
        raise InputError(
            "framing_does_not_fit",
            "The faces that move do not fit into this framing together.",
            "Choose a wider one, the whole photo, or fewer faces.",
        )
    pixels = np.ascontiguousarray(photo.pixels[top : top + height, left : left + width])
    shift = np.array([left, top], np.float32)

    def moved(face: FaceRig) -> FaceRig:
        x, y, w, h = face.box
        landmarks = face.landmarks - np.array([left, top, 0], np.float32)
        around = tuple(outline - shift for outline in face.neighbours)
        return replace(face, box=(x - left, y - top, w, h), landmarks=landmarks, neighbours=around)

    seen = [face for face in everybody if _inside(face, left, top, width, height)]
    return Framed(replace(photo, pixels=pixels), tuple(map(moved, faces)), tuple(map(moved, seen)))


def cut_around(width: int, height: int, around: Sequence[Sequence[float]], framing: str) -> tuple[int, int, int, int]:
    """The cut (left, top, width, height) of a photo of ``width`` by ``height``: of its aspect, around the boxes of
    faces (left, top, width, height; pixels), as large as it should be or as the photo allows."""
    aspect = _ASPECT[framing]
    boxes = np.array(around, float)
    room = _AROUND * float(boxes[:, 3].max())
    low = boxes[:, :2].min(0) - room
    high = (boxes[:, :2] + boxes[:, 2:]).max(0) + room
    wanted = max(
        _HEIGHTS[framing] * float(boxes[:, 3].max()), float(high[1] - low[1]), float(high[0] - low[0]) / aspect
    )
    cut_height = min(wanted, float(height), width / aspect)
    cut_width = cut_height * aspect
    centre = (boxes[:, :2] + boxes[:, 2:] / 2).mean(0)
    left = float(np.clip(centre[0] - cut_width / 2, 0.0, width - cut_width))
    top = float(np.clip(centre[1] - _CENTRE * cut_height, 0.0, height - cut_height))
    even_width, even_height = max(2, int(cut_width) // 2 * 2), max(2, int(cut_height) // 2 * 2)
    return int(left), int(top), min(even_width, width), min(even_height, height)


def shows_all(cut: Sequence[float], around: Sequence[Sequence[float]]) -> bool:
    """Whether every box lies in the cut (both left, top, width, height), but for a tenth of its height."""
    left, top, width, height = cut
    boxes = np.array(around, float)
    room = 0.1 * boxes[:, 3:4]
    low, high = boxes[:, :2] + room, boxes[:, :2] + boxes[:, 2:] - room
    return bool((low >= (left, top)).all() and (high <= (left + width, top + height)).all())


def _inside(face: FaceRig, left: int, top: int, width: int, height: int) -> bool:
    x, y = face.box[0] + face.box[2] / 2, face.box[1] + face.box[3] / 2
    return left <= x < left + width and top <= y < top + height
