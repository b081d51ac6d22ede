"""Reading questions for a consent: the owner's gate, the secret's, and the words of the API."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from animator.consent_statements import person_text
from animator.models.consent import Consent
from animator.models.consent_request import ConsentRequest


def request_for_user(user: User, request_id: UUID) -> ConsentRequest:
    """The user's own question. Raises ``ConsentRequest.DoesNotExist``."""
    return ConsentRequest.objects.get(id=request_id, owner=user)


def requests_for_user(user: User) -> QuerySet[ConsentRequest]:
    return ConsentRequest.objects.filter(owner=user).order_by("-created_at")


def request_by_secret(secret: str) -> ConsentRequest:
    """The question whose link has this secret. Raises ``ConsentRequest.DoesNotExist``."""
    key = hashlib.sha256(secret.encode()).hexdigest()
    return ConsentRequest.objects.select_related("photo", "owner").get(secret_hash=key)


def consent_given(request: ConsentRequest) -> Consent | None:
    """What the person agreed to, if they did, be it revoked since or not."""
    return Consent.objects.filter(request=request).select_related("revocation").first()


def asked_scope(request: ConsentRequest) -> list[str]:
    """What is asked for, of ``speech``, ``gestures`` and ``sharing``."""
    asked = {"speech": request.ask_speech, "gestures": request.ask_gestures, "sharing": request.ask_sharing}
    return [name for name, wanted in asked.items() if wanted]


def text_for(request: ConsentRequest, scope: list[str]) -> str:
    """The words that the person confirms."""
    return person_text(request.asker, scope, minor=request.minor)


def request_payload(request: ConsentRequest) -> dict[str, Any]:
    """A question as its owner sees it; never the secret."""
    consent = getattr(request, "consent", None)
    return {
        "id": str(request.id),
        "state": request.state,
        "state_title": request.get_state_display(),
        "photo": str(request.photo_id),
        "face": request.face_index,
        "person": request.person,
        "scope": asked_scope(request),
        "created_at": request.created_at.isoformat(),
        "expires_at": request.expires_at.isoformat(),
        "answered_at": None if request.answered_at is None else request.answered_at.isoformat(),
        "consent": None if consent is None else str(consent.id),
    }


def answer_payload(request: ConsentRequest) -> dict[str, Any]:
    """What the person's page asks while a recording is listened to."""
    return {"state": request.state, "phrase": request.phrase, "error": request.error_dict}
