"""Copies of a video: made from the same photo, or the same file; they are often decided together."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from animator.models import Job, Report
from animator.models.report import ReportState
from animator.selectors.item_lock import account_name
from animator.selectors.photo_matching import copies_of as copies_of_photo


def copies_of(job: Job) -> QuerySet[Job]:
    """Other videos from the same photo or a copy of it (resized, cropped, mirrored), or of the same file; oldest first,
    whoever's they are."""
    photos = [photo.id for photo, _ in copies_of_photo(job.photo.sha256, job.photo.hashes)]
    same = Q(photo__in=[*photos, job.photo_id])
    result = getattr(job, "result", None)
    if result is not None:
        same |= Q(result__sha256=result.sha256)
    found = Job.objects.filter(same, result__isnull=False, erased_at__isnull=True).exclude(pk=job.pk)
    return found.select_related("result", "photo", "owner").order_by("created_at").distinct()


def copy_lines(job: Job, limit: int = 100) -> list[dict[str, Any]]:
    """Copies as a moderator sees them.

    ``{"id", "title", "account", "same_owner", "how", "created_at", "hidden", "reports"}``, the last a number.
    """
    lines = []
    for copy in copies_of(job)[:limit]:
        same_photo = copy.photo_id == job.photo_id or copy.photo.sha256 == job.photo.sha256
        same_file = getattr(job, "result", None) is not None and copy.result.sha256 == job.result.sha256
        hidden = copy.result.removed_at is not None or copy.result.hidden_at is not None
        lines.append(
            {
                "id": copy.id,
                "title": copy.title,
                "account": account_name(copy.owner_id),
                "same_owner": copy.owner_id == job.owner_id,
                "how": "the same file" if same_file else "the same photo" if same_photo else "a copy of the photo",
                "created_at": copy.created_at,
                "hidden": hidden,
                "reports": _open_reports(copy.id),
            }
        )
    return lines


def _open_reports(job_id: UUID) -> int:
    return Report.objects.filter(job_ref=job_id, state=ReportState.OPEN).count()
