"""Noting in the audit log when somebody looks at what is not theirs."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from accounts.models import User
from animator.models import AuditEntry, Result
from animator.services import audit

#: Players ask for a video in many pieces: one entry stands for all of them within this time.
ONE_VISIT = timedelta(minutes=10)


def note_foreign_access(user: User, result: Result, name: str) -> None:
    """One entry for a visit; none for one's own."""
    if result.job.owner_id == user.id:
        return
    since = timezone.now() - ONE_VISIT
    seen = AuditEntry.objects.filter(
        actor=user, action="viewed", object_type="job", object_id=str(result.job_id), at__gte=since, detail__file=name
    )
    if not seen.exists():
        audit.record(user, "viewed", "job", result.job_id, file=name)
