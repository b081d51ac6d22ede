"""Portraits of minors: what the operator wants done with them when a job is made.

The owner declares the age with the consent. Where the engine measured a small child's proportions in a face that was
declared to be an adult's, a person looks as well.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings

from animator.errors import SiteError
from animator.models import Consent, Job, Photo
from animator.models.hold import HoldCode
from animator.services.hold import hold_job

REFUSE, HOLD, ALLOW = "refuse", "hold", "allow"
POLICIES = (REFUSE, HOLD, ALLOW)
#: Proportions of a child of about seven or younger, as the face check measures them, in [0, 1].
CHILD = 0.8


def policy() -> str:
    """``settings.MINORS``: one of :data:`POLICIES`."""
    return str(getattr(settings, "MINORS", HOLD))


def check_minors(consents: Iterable[Consent]) -> None:
    """Raises ``minors_refused`` (403) where the operator takes no portraits of minors and one was declared."""
    if policy() == REFUSE and any(consent.minor for consent in consents):
        raise SiteError(
            "minors_refused",
            "Portraits of people under 18 are not animated here.",
            str(getattr(settings, "MINORS_TEXT", "")) or "Use a picture of a grown-up person.",
            status=403,
        )


def hold_minors(job: Job, photo: Photo, consents: Iterable[Consent]) -> bool:
    """Hold a new job that shows a minor, declared or by proportions; whether it is held. Call it in a transaction."""
    given = list(consents)
    if not needs_a_look(photo, given):
        return False
    declared, unexpected = _minors(photo, given)
    told = str(getattr(settings, "MINORS_TEXT", "")) or HoldCode.MINOR.label
    hold_job(job, HoldCode.MINOR, {"declared": declared, "proportions_of_a_child": unexpected}, told[:300])
    return True


def needs_a_look(photo: Photo, consents: Iterable[Consent]) -> bool:
    """Whether a person has to look before these faces move."""
    declared, unexpected = _minors(photo, consents)
    # Whoever allows minors still wants to know of a child that was declared to be grown up.
    return bool(unexpected) or (policy() == HOLD and bool(declared))


def _minors(photo: Photo, consents: Iterable[Consent]) -> tuple[list[int], list[int]]:
    """Faces that were declared to be minors', and faces with a child's proportions that were not."""
    given = list(consents)
    declared = [consent.face_index for consent in given if consent.minor]
    moving = {consent.face_index for consent in given}
    likely = [
        face["index"] for face in photo.faces if face["index"] in moving and float(face.get("child", 0.0)) >= CHILD
    ]
    return declared, sorted(set(likely) - set(declared))
