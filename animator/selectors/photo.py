"""Reading photos: the gate, and the words of the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.urls import reverse

from accounts.models import User
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
        "url": reverse("animator:media_photo", args=[photo.id]) if ready else None,
        "faces": photo.faces,
        "findings": photo.findings,
        "held": held_photo(photo),
        "error": photo.error_dict,
    }
