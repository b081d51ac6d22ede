"""Noting in the audit log when somebody looks at what is not theirs."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from animator.models import AuditEntry, Photo, Result, Speech
from animator.services import audit

#: Players ask for a video in many pieces: one entry stands for all of them within this time.
ONE_VISIT = timedelta(minutes=10)


def note_foreign_access(user: User, result: Result, name: str) -> None:
    """One entry for a visit; none for one's own."""
    _note(user, result.job.owner_id, "job", result.job_id, file=name)


def note_foreign_upload(user: User, found: Photo | Speech) -> None:
    """The same for a photo or a speech that a moderator opens."""
    _note(user, found.owner_id, "photo" if isinstance(found, Photo) else "speech", found.id)


def _note(user: User, owner_id: UUID, object_type: str, object_id: UUID, **detail: str) -> None:
    if owner_id == user.id:
        return
    since = timezone.now() - ONE_VISIT
    seen = AuditEntry.objects.filter(
        actor=user, action="viewed", object_type=object_type, object_id=str(object_id), at__gte=since, detail=detail
    )
    if not seen.exists():
        audit.record(user, "viewed", object_type, object_id, **detail)
