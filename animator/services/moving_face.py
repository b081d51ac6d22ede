"""A photo that moves in its owner's browser, before a video is made of it.

Moving a face is animating it, even where nothing of it is kept: so the same is asked first, in the same words, as for
a video, and what is confirmed goes into the same ledger. No consent, no description of the face leaves the site.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from animator import queue, storage
from animator.errors import SiteError, conflict
from animator.models import Consent, Photo
from animator.models.consent import GivenBy
from animator.models.upload import UploadState
from animator.selectors.consent import usable_consents
from animator.selectors.hold import held_photo
from animator.selectors.photo import photo_for_user
from animator.selectors.photo_matching import names_given
from animator.services import minors, rate, screening
from animator.services.consent import Confirmation, consent_for_face
from animator.services.standing import check_may_make
from gpu_worker.errors import InputError

#: Of `gpu_worker.rendering.preview_rig`: descriptions of another version are made anew.
VERSION = 1
#: Longest wait for a worker, seconds.
PATIENCE_S = 20.0
#: Faces that one person may have described in a window, and its length in seconds.
FACES, WINDOW_S = 120, 3600
#: A try that found no worker is made again within this time.
_ANOTHER_TRY = timedelta(minutes=15)
#: More than any description takes, bytes.
_MOST_BYTES = 2 * 1024 * 1024


def standing_consent(user: User, photo_id: UUID, face_index: int) -> Consent | None:
    """The newest consent that covers speech of this face, given before. Raises ``Photo.DoesNotExist``."""
    photo = photo_for_user(user, photo_id)
    return usable_consents(user, photo, face_index).filter(allow_speech=True).first()


def moving_face(user: User, photo_id: UUID, face_index: int, confirmation: Confirmation) -> tuple[Consent, bytes]:
    """The consent that the movement rests on, and the face as the page moves it.

    The description is kept beside the photo and goes with it. Raises ``Photo.DoesNotExist``, ``account_frozen``,
    ``account_suspended``, ``photo_not_ready``, ``unknown_face``, what ``consent_for_face`` raises, ``minors_refused``,
    ``public_figure_refused``, ``moving_waits`` (409) where a moderator has to look first, ``too_often``, ``try_later``
    and what keeps the face from being measured.
    """
    check_may_make(user)
    named = screening.screen_names(user, names_given(photo_for_user(user, photo_id)), "photo", photo_id)
    with transaction.atomic():
        photo = Photo.objects.select_for_update().get(id=photo_for_user(user, photo_id).id)
        _check_photo(photo, face_index)
        consent = _given_just_now(user, photo, face_index, confirmation) or consent_for_face(
            user, photo, face_index, confirmation
        )
        minors.check_minors([consent])
        if held_photo(photo) or named.figures or minors.needs_a_look(photo, [consent]):
            raise conflict(
                "moving_waits",
                "A person has to look at this photo before it moves.",
                "You can go on; the video waits until a moderator has looked.",
            )
    return consent, _described(user, photo, face_index)


def _given_just_now(user: User, photo: Photo, face_index: int, confirmation: Confirmation) -> Consent | None:
    """The same confirmation, kept by a try that found no worker: it is not written down twice."""
    if confirmation.consent is not None or confirmation.confirmed is not True:
        return None
    lately = usable_consents(user, photo, face_index).filter(
        created_at__gt=timezone.now() - _ANOTHER_TRY,
        basis=confirmation.basis,
        statement_version=confirmation.statement_version,
        minor=confirmation.minor,
        allow_sharing=confirmation.sharing,
        given_by=GivenBy.OWNER,
    )
    return next((one for one in lately if _days(one) == confirmation.days), None)


def _days(consent: Consent) -> int | None:
    return None if consent.expires_at is None else round((consent.expires_at - consent.created_at) / timedelta(days=1))


def _check_photo(photo: Photo, face_index: int) -> None:
    if photo.state == UploadState.REJECTED and photo.error:
        raise InputError(photo.error["error"], photo.error["message"], photo.error["hint"])
    if photo.state != UploadState.READY:
        raise conflict("photo_not_ready", "The photo is still being looked at.", "Try again in a moment.")
    if all(face["index"] != face_index for face in photo.faces):
        raise InputError("unknown_face", "There is no such face in this photo.", "Choose one of those that are marked.")


def _described(user: User, photo: Photo, face_index: int) -> bytes:
    """What is kept of the face, or made now."""
    path = storage.rig_path(photo.id, face_index, VERSION)
    if storage.is_stored(path):
        return storage.read(path)
    rate.count("moving-face", str(user.pk), FACES, WINDOW_S)
    answer = queue.ask_for_rig(photo.path, face_index, PATIENCE_S)
    if answer is None:
        raise SiteError("try_later", "The moving picture is not ready.", "Please try again in a moment.", status=503)
    if isinstance(answer, dict):
        raise InputError(answer["error"], answer["message"], answer["hint"])
    storage.store_upload(path, ContentFile(answer), _MOST_BYTES, InputError("photo_file_too_large", "", ""))
    # The photo may have been erased while the worker looked at it.
    if not Photo.objects.filter(id=photo.id, state=UploadState.READY).exists():
        storage.erase([path])
        raise Photo.DoesNotExist
    return answer
