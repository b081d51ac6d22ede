"""Reading checks of files, and finding the job that a file's manifest, watermark or fingerprint points to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from statistics import median
from typing import Any
from uuid import UUID

from django.urls import reverse

from animator.models.file_check import FileCheck
from animator.models.job import Job, JobState
from animator.models.rendition import Rendition
from animator.models.result import Result
from gpu_worker.provenance.hashes import COPY_DISTANCE, hash_distance


def file_check(check_id: UUID) -> FileCheck:
    """One check: its id is the key to it. Raises ``FileCheck.DoesNotExist``."""
    return FileCheck.objects.get(id=check_id)


def file_check_payload(check: FileCheck) -> dict[str, Any]:
    """A check as the API says it. Of our job it tells the day alone."""
    made = Job.objects.filter(id=check.job_ref).first() if check.job_ref else None
    answer = check.answer or {}
    return {
        "id": str(check.id),
        "state": check.state,
        "url": reverse("animator:api_file_check", args=[check.id]),
        "report_url": f"{reverse('animator:report_new')}?check={check.id}",
        "kind": answer.get("kind"),
        "manifest": answer.get("manifest"),
        "watermark": answer.get("watermark"),
        "fingerprint": answer.get("fingerprint"),
        "labelled": answer.get("labelled"),
        "made_here": {"on": _day(made)} if made is not None and answer.get("sure", True) else None,
        "error": check.error_dict,
    }


def job_by_watermark(identifier: str | None) -> UUID | None:
    """The job whose id begins with these 12 hex digits; None for none, and for the unheard-of case of two."""
    if not identifier or len(identifier) != 12:
        return None
    first, last = UUID(f"{identifier}{'0' * 20}"), UUID(f"{identifier}{'f' * 20}")
    found = list(Job.objects.filter(id__gte=first, id__lte=last, state=JobState.SUCCEEDED).values_list("id")[:2])
    return found[0][0] if len(found) == 1 else None


def job_by_id(identifier: str | None) -> UUID | None:
    """The finished job with this id, as a manifest names it."""
    try:
        key = UUID(identifier or "")
    except ValueError:
        return None
    return key if Job.objects.filter(id=key, state=JobState.SUCCEEDED).exists() else None


def job_by_sha256(digest: str) -> UUID | None:
    """The job whose video, in whatever form, has exactly these bytes."""
    found = Result.objects.filter(sha256=digest).values_list("job_id", flat=True).first()
    return found or Rendition.objects.filter(sha256=digest).values_list("result_id", flat=True).first()


def job_by_likeness(frames: Sequence[str]) -> UUID | None:
    """The latest job whose video looks like one with these hashes: the same picture moved, re-encoded or resized.

    Several frames are needed: a still picture that looks like a video's says nothing. Videos of one portrait look
    alike, so this names the portrait rather than the job.
    """
    if len(frames) < 2:
        return None
    best: tuple[float, UUID] | None = None
    rows = Result.objects.exclude(frames=[]).order_by("-created_at").values_list("job_id", "frames")
    for job_id, own in rows.iterator():
        distance = median(min(hash_distance(one, other) for other in own) for one in frames)
        if distance <= COPY_DISTANCE and (best is None or distance < best[0]):
            best = (distance, job_id)
    return None if best is None else best[1]


def _day(job: Job) -> str | None:
    return None if job.finished_at is None else job.finished_at.astimezone(UTC).date().isoformat()
