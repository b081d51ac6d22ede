"""Reading photos: the gate, and the words of the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from accounts.models import User
from animator.media_address import media_address
from animator.models.photo import Photo
from animator.models.upload import UploadState
from animator.selectors.hold import held_photo


def photo_for_user(user: User, photo_id: UUID) -> Photo:
    """The user's own photo. Raises ``Photo.DoesNotExist`` for anybody else's and for an erased one."""
    return Photo.objects.exclude(state=UploadState.ERASED).get(id=photo_id, owner=user)


def photo_payload(photo: Photo) -> dict[str, Any]:
    """A photo as the API says it. Boxes are fractions of the picture."""
    ready = photo.state == UploadState.READY
    return {
        "id": str(photo.id),
        "state": photo.state,
        "name": photo.name,
        "width": photo.width,
        "height": photo.height,
        "url": media_address("media_photo", [photo.id], photo.owner_id) if ready else None,
        "faces": photo.faces,
        "findings": photo.findings,
        "held": held_photo(photo),
        "error": photo.error_dict,
    }


def face_window(photo: Photo, face_index: int, margin: float = 0.35) -> tuple[int, int, int, int] | None:
    """The square around one face, (x, y, width, height) in pixels of the photo; None where the face is not known.

    ``margin`` is what is added on each side, in face heights; the square is cut off at the photo's edges.
    """
    box = next((face["box"] for face in photo.faces if face["index"] == face_index), None)
    if box is None or not photo.width or not photo.height:
        return None
    left, top, width, height = box[0] * photo.width, box[1] * photo.height, box[2] * photo.width, box[3] * photo.height
    half = max(width, height) * (0.5 + margin)
    x0, y0 = max(0, round(left + width / 2 - half)), max(0, round(top + height / 2 - half))
    x1 = min(photo.width, round(left + width / 2 + half))
    y1 = min(photo.height, round(top + height / 2 + half))
    return (x0, y0, x1 - x0, y1 - y0) if x1 > x0 and y1 > y0 else None
