"""Writing photos: taking one in, what the face check said, erasing."""

from __future__ import annotations

import hashlib
import re
import unicodedata
import uuid
from typing import Any
from uuid import UUID

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from animator import queue, realtime, storage
from animator.conf import engine_config
from animator.errors import SiteError, conflict
from animator.magic import HEAD_BYTES, damaged_photo, looks_like_photo, not_a_photo
from animator.models.erasure import Why
from animator.models.photo import Photo
from animator.models.upload import UploadState
from animator.picture_metadata import without_metadata
from animator.selectors.photo import photo_for_user, photo_payload
from animator.services import photo_screening, quota, upload
from animator.services.file_erasure import erase_later
from animator.services.standing import check_may_make
from gpu_worker.errors import InputError


def add_photo(user: User, file: storage.Upload) -> Photo:
    """Take in a photo and send it to the face check.

    Raises ``empty_photo``, ``photo_file_too_large``, ``not_a_photo``, ``damaged_photo`` or what
    ``quota.check_upload_allowance`` raises; nothing is left behind then.
    """
    check_may_make(user)
    config = engine_config()
    if not file.size:
        raise InputError("empty_photo", "The file is empty.", "Please choose the picture again; the upload broke off.")
    too_large = SiteError(
        "photo_file_too_large",
        f"The file is larger than {config.max_photo_bytes // (1024 * 1024)} MB.",
        "Please save the picture as JPEG, or make it smaller first.",
        status=413,
    )
    if file.size > config.max_photo_bytes:
        raise too_large
    head = file.read(HEAD_BYTES)
    file.seek(0)
    if not looks_like_photo(head):
        raise not_a_photo()
    quota.check_upload_allowance(user, file.size)
    came = file.read()
    clean = without_metadata(came)
    if clean is None:
        raise damaged_photo()
    photo = Photo(id=uuid.uuid4(), owner=user, name=shown_name(file.name or ""), token=upload.new_token())
    # What was hidden in the file is gone before anything of it is stored; its hash still finds the same file again.
    path = storage.upload_path("photos", photo.id)
    stored = storage.store_upload(path, ContentFile(clean), 2 * config.max_photo_bytes, too_large)
    photo.source_path, photo.bytes = stored.path, stored.bytes
    photo.sha256 = hashlib.sha256(came).hexdigest()
    photo.seen_at = timezone.now()
    try:
        photo_screening.check_file(stored.sha256)
        with transaction.atomic():
            photo.save(force_insert=True)
            quota.count_upload(user, photo.id)
            queue.enqueue_photo_check(photo.id, photo.token)
    except BaseException:
        storage.erase([stored.path])
        raise
    return photo


def accept_photo(photo_id: UUID, token: str, kept: storage.Stored, facts: dict[str, Any]) -> bool:
    """The face check found faces; ``facts`` are width, height, faces and findings."""
    done = upload.accept(Photo, photo_id, token, kept, **facts)
    return done and _announce(photo_id)


def reject_photo(photo_id: UUID, token: str, error: InputError) -> bool:
    """The photo cannot be used, and the user is told why."""
    return upload.reject(Photo, photo_id, token, error) and _announce(photo_id)


def release_photo(photo_id: UUID, token: str, *, counts: bool = True) -> bool:
    """The check broke off: try it again."""
    done = upload.release(Photo, photo_id, token, queue.enqueue_photo_check, counts=counts)
    return done and _announce(photo_id)


def delete_photo(user: User, photo_id: UUID) -> None:
    """Erase the user's photo. Raises ``photo_in_use`` while a video was made from it."""
    photo = photo_for_user(user, photo_id)
    if photo.jobs.exists():
        raise conflict("photo_in_use", "A video was made from this photo.", "Delete the video first.")
    erase_photo(photo)


def erase_photo(photo: Photo, why: str = Why.OWNER) -> None:
    """Erase the files of a photo that no job uses; the row goes too unless a consent refers to it."""
    with transaction.atomic():
        if photo.jobs.filter(erased_at__isnull=True).exists():
            return
        erase_photo_files(photo, why)
        kept_by = (photo.consents, photo.jobs, photo.consent_requests)
        if not any(rows.exists() for rows in kept_by):
            Photo.objects.filter(id=photo.id).delete()


def erase_photo_files(photo: Photo, why: str) -> None:
    """Everything of a photo but its row, whoever uses it. Call it in a transaction."""
    erase_later("photo", photo.id, why, paths=(photo.path, photo.source_path), busy=photo.state == UploadState.CHECKING)
    Photo.objects.filter(id=photo.id).update(
        state=UploadState.ERASED, path="", source_path="", bytes=0, name="", faces=[], findings=[], hashes=[], token=""
    )  # fmt: skip


def shown_name(name: str) -> str:
    """A file's name made harmless for showing: one line, no control characters, no folders, at most 120 characters."""
    name = unicodedata.normalize("NFC", re.split(r"[/\\]", name)[-1])
    return "".join(letter for letter in name if unicodedata.category(letter)[0] != "C").strip()[:120]


def _announce(photo_id: UUID) -> bool:
    photo = Photo.objects.get(id=photo_id)
    realtime.send_photo(photo_payload(photo), photo.owner_id)
    return True
