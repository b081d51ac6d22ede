"""Asking a living person for their consent: the owner's half. The person's is in ``services.consent_answer``."""

from __future__ import annotations

import hashlib
import logging
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from smtplib import SMTPException
from uuid import UUID

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.mail import send_mail
from django.core.validators import validate_email
from django.db import transaction
from django.forms import ValidationError
from django.utils import timezone

from accounts.models import User
from animator import phrases, realtime, storage
from animator.conf import site_config
from animator.errors import SiteError, conflict, too_many
from animator.face_crop import crop_face
from animator.models import ConsentRequest, Photo
from animator.models.consent_request import RequestState
from animator.models.upload import UploadState
from animator.selectors.consent_request import request_for_user, request_payload
from animator.selectors.photo import face_window, photo_for_user
from animator.services import audit
from animator.services.photo import shown_name

log = logging.getLogger(__name__)

#: Longest name and note, characters.
MAX_NAME, MAX_NOTE = 80, 500
_WAITING = (RequestState.OPEN, RequestState.CHECKING)


@dataclass(frozen=True)
class Question:
    """What the owner asks. ``asker`` and ``person`` are names in the owner's words; ``email`` is not kept."""

    photo: UUID
    face: int
    person: str
    asker: str
    note: str = ""
    gestures: bool = True
    sharing: bool = False
    minor: bool = False
    language: str = "en"
    email: str = ""


def ask(user: User, question: Question) -> tuple[ConsentRequest, str]:
    """Put the question, and get the secret of the link; only its hash is kept.

    Raises ``Photo.DoesNotExist``, ``adult_not_declared``, ``photo_not_ready``, ``unknown_face``, ``name_missing``,
    ``note_too_long``, ``bad_email`` or ``too_many_requests``.
    """
    person, asker = _name(question.person, "the person you ask"), _name(question.asker, "yourself")
    _check(user, question)
    secret, key = secrets.token_urlsafe(24), uuid.uuid4()
    language = question.language if question.language in phrases.languages() else "en"
    with transaction.atomic():
        photo = Photo.objects.select_for_update().get(id=photo_for_user(user, question.photo).id)
        window = face_window(photo, question.face)
        if photo.state != UploadState.READY:
            raise conflict("photo_not_ready", "The photo is still being looked at.", "Try again in a moment.")
        if window is None:
            raise SiteError(
                "unknown_face", "There is no such face in this photo.", "Choose one of those that are marked."
            )
        with storage.local_copy(photo.path) as file:
            picture = ContentFile(crop_face(file, window))
        path = storage.beside_photo(photo.id, "face", key, ".jpg")
        too_large = SiteError("photo_file_too_large", "The face is too large.")
        request = ConsentRequest.objects.create(
            id=key,
            owner=user,
            photo=photo,
            face_index=question.face,
            asker=asker,
            person=person,
            note=question.note.strip(),
            ask_gestures=question.gestures,
            ask_sharing=question.sharing,
            minor=question.minor,
            language=language,
            secret_hash=secret_hash(secret),
            face_path=storage.store_upload(path, picture, 10 * 1024 * 1024, too_large).path,
            phrase=phrases.draw_phrase(language),
            phrases=1,
            expires_at=timezone.now() + timedelta(days=site_config().consent_link_days),
        )
        audit.record(user, "consent_asked", "photo", photo.id, request=str(key), face=question.face)
    return request, secret


def secret_hash(secret: str) -> str:
    """What is kept of a link's secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def take_back(user: User, request_id: UUID) -> ConsentRequest:
    """The owner asks no more. Raises ``ConsentRequest.DoesNotExist`` or ``request_is_answered``."""
    request = request_for_user(user, request_id)
    if not close(request, RequestState.WITHDRAWN):
        raise conflict("request_is_answered", "This question has been answered or has ended.", "")
    return request_for_user(user, request_id)


def close(request: ConsentRequest, state: RequestState) -> bool:
    """End a question that waits, without an agreement; a recording that waits to be heard goes."""
    waiting = ConsentRequest.objects.filter(id=request.id, state__in=_WAITING)
    with transaction.atomic():
        path = waiting.select_for_update().values_list("source_path", flat=True).first()
        done = waiting.update(state=state, answered_at=timezone.now(), source_path="", token="", answer=None) == 1
        if done:
            transaction.on_commit(lambda: _gone(request.id, path or ""))
    return done


def expire_requests(now: datetime) -> int:
    """End the questions whose link has run out; returns how many."""
    over = ConsentRequest.objects.filter(state__in=_WAITING, expires_at__lte=now)
    return sum(close(request, RequestState.EXPIRED) for request in over)


def announce_request(request_id: UUID) -> None:
    """Tell the owner's open pages what became of the question."""
    request = ConsentRequest.objects.filter(id=request_id).first()
    if request is not None:
        realtime.send_consent_request(request_payload(request), request.owner_id)


def mail_link(request: ConsentRequest, email: str, address: str) -> bool:
    """Send the link to the person asked; False where that failed. The address is not kept."""
    days = round(site_config().consent_link_days)
    lines = [
        f"Hello {request.person},",
        f"{request.asker} would like to animate your face in a picture with PictureTalk and asks whether you agree.",
        f"Look at the picture, read what it is about, and agree or decline here: {address}",
        f"Nothing is made before you agree. The link holds for {days} days; keep it to yourself. With the same link "
        "you can take your consent back at any time.",
        "If you do not know what this is about, decline or do nothing.",
    ]
    return send_quietly("May your picture be animated?", lines, email)


def send_quietly(subject: str, lines: list[str], to: str) -> bool:
    """Mail; a failure is logged and costs nobody their answer."""
    try:
        send_mail(f"[PictureTalk] {subject}", "\n\n".join(lines), settings.DEFAULT_FROM_EMAIL, [to])
    except (SMTPException, OSError) as error:
        log.error("A message about a consent could not be mailed: %s", error)
        return False
    return True


def _gone(request_id: UUID, path: str) -> None:
    storage.erase([path])
    announce_request(request_id)


def _name(given: str, whose: str) -> str:
    name = shown_name(given)
    if not name or len(given) > MAX_NAME:
        raise SiteError(
            "name_missing", f"Please name {whose}, in {MAX_NAME} characters at most.", "A first name is enough."
        )
    return name


def _check(user: User, question: Question) -> None:
    if user.adult_declared_at is None:
        raise SiteError(
            "adult_not_declared", "Only people of 18 or over may make videos.", "Declare your age first.", status=403
        )
    if len(question.note) > MAX_NOTE:
        raise SiteError("note_too_long", f"At most {MAX_NOTE} characters, please.", "Shorten what you write to them.")
    if question.email:
        try:
            validate_email(question.email)
        except ValidationError:
            raise SiteError(
                "bad_email", "This is no e-mail address.", "Correct it, or send the link yourself."
            ) from None
    if ConsentRequest.objects.filter(owner=user, state__in=_WAITING).count() >= site_config().max_consent_requests:
        raise too_many(
            "too_many_requests",
            "Many people have not answered you yet.",
            "Wait for an answer, or take a question back.",
        )
