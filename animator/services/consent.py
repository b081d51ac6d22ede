"""Writing consents: giving, and finding the one that covers a face. Rows are never changed.

Taking back and expiring are in ``animator.services.consent_end``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from animator.consent_statements import STATEMENTS
from animator.errors import SiteError, conflict
from animator.models import Job, JobFace
from animator.models.consent import Basis, Consent
from animator.models.photo import Photo
from animator.selectors.consent import usable_consents

#: How long a consent may be given for, days; None is until it is revoked.
DURATIONS = (30, 365, None)


@dataclass(frozen=True)
class Confirmation:
    """What somebody confirmed in the browser, or, in ``consent``, the id of what was given before."""

    basis: str = ""
    confirmed: bool = False
    statement_version: str = ""
    consent: UUID | None = None
    gestures: bool = True
    sharing: bool = False
    days: int | None = None
    minor: bool = False


@dataclass(frozen=True)
class Movement:
    """What a face does in a job."""

    speaks: bool = True
    gestures: bool = False


def consent_for_face(
    user: User, photo: Photo, face_index: int, confirmation: Confirmation, movement: Movement | None = None
) -> Consent:
    """The consent that a face of a new job rests on: one given before and named, or one confirmed now.

    Call it once for every face that moves. Raises as :func:`record_consent`, and ``consent_not_valid`` where the named
    one is not the user's for this face, has ended, or does not cover ``movement``.
    """
    wanted = movement or Movement()
    if confirmation.consent is None:
        return record_consent(user, photo, face_index, confirmation)
    if user.adult_declared_at is None:
        raise _not_adult()
    given = usable_consents(user, photo, face_index).filter(id=confirmation.consent).first()
    covers = given is not None and (given.allow_speech or not wanted.speaks)
    if given is None or not covers or (wanted.gestures and not given.allow_gestures):
        raise conflict(
            "consent_not_valid",
            "This consent does not cover the video: it has ended, or is for something else.",
            "Look under “My consents”, or give a new one.",
        )
    return given


def record_consent(user: User, photo: Photo, face_index: int, confirmation: Confirmation) -> Consent:
    """Keep a confirmation for one face with the very words of its version.

    Raises ``adult_not_declared``, ``consent_missing``, ``consent_basis_unknown``, ``consent_needs_the_person``,
    ``consent_duration_unknown`` or ``consent_text_changed``.
    """
    if user.adult_declared_at is None:
        raise _not_adult()
    if confirmation.confirmed is not True:
        raise SiteError(
            "consent_missing",
            "Without a confirmed consent no video can be made.",
            "Say on what grounds this face may be made to speak, and confirm it.",
        )
    statement = STATEMENTS.get(confirmation.basis)
    if statement is None:
        raise SiteError("consent_basis_unknown", "This is no known ground of consent.", "Choose one of those offered.")
    if statement.basis == Basis.LIVING_AGREED:
        raise SiteError(
            "consent_needs_the_person",
            "A living person has to agree in person.",
            "Ask them with a link; they read what it is about and answer by themselves.",
        )
    if confirmation.days not in DURATIONS:
        raise SiteError(
            "consent_duration_unknown", "A consent is not given for this long.", "Choose one of those offered."
        )
    if confirmation.statement_version != statement.version:
        raise conflict(
            "consent_text_changed",
            "The text of this consent has changed since the page was opened.",
            "Reload the page, read the new text and confirm it.",
        )
    return Consent.objects.create(
        owner=user,
        photo=photo,
        photo_sha256=photo.sha256,
        face_index=face_index,
        basis=statement.basis,
        statement_version=statement.version,
        statement_text=statement.full_text(minor=confirmation.minor),
        confirmed=True,
        allow_gestures=confirmation.gestures,
        allow_sharing=confirmation.sharing,
        expires_at=None if confirmation.days is None else timezone.now() + timedelta(days=confirmation.days),
        minor=confirmation.minor,
    )


def attach_faces(job: Job, faces: Mapping[int, tuple[Consent, Movement]]) -> None:
    """Write down which faces move in a job and why they may. Call it in the transaction that makes the job."""
    JobFace.objects.bulk_create(
        JobFace(job=job, face_index=index, consent=consent, speaks=movement.speaks, gestures=movement.gestures)
        for index, (consent, movement) in sorted(faces.items())
    )


def _not_adult() -> SiteError:
    return SiteError(
        "adult_not_declared", "Only people of 18 or over may make videos.", "Declare your age first.", status=403
    )
