"""Reading jobs: the gate, the place in the queue, and the words of the API and the sockets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from animator.media_address import media_address
from animator.models.job import ACTIVE_STATES, TERMINAL_STATES, Job, JobState
from animator.selectors.eta import Pace, current_pace, remaining_seconds, waiting_seconds
from animator.selectors.hold import held_by_job
from animator.selectors.line import places


def _jobs() -> QuerySet[Job]:
    return Job.objects.select_related("speech", "result")


def job_for_user(user: User, job_id: UUID) -> Job:
    """The user's own job. Raises ``Job.DoesNotExist`` for anybody else's."""
    return _jobs().get(id=job_id, owner=user, owner_deleted_at__isnull=True)


def jobs_for_user(user: User, limit: int = 200) -> list[Job]:
    """The user's latest jobs, newest first."""
    return list(_jobs().filter(owner=user, owner_deleted_at__isnull=True).order_by("-created_at")[:limit])


def job_payloads(jobs: Iterable[Job]) -> list[dict[str, Any]]:
    """Jobs as the API says them, with place in the queue and estimated time left."""
    jobs = list(jobs)
    now = timezone.now()
    pace = current_pace() if any(job.is_active for job in jobs) else Pace(None)
    line, held = places(jobs), held_by_job(jobs)
    running = (
        [remaining_seconds(job, now, pace) for job in Job.objects.filter(state=JobState.PROCESSING)] if line else []
    )
    payloads = []
    for job in jobs:
        place, eta = line.get(job.id), None
        if place is not None:
            eta = waiting_seconds(job, place.seconds_before, running, pace)
        elif job.state == JobState.PROCESSING:
            eta = remaining_seconds(job, now, pace)
        payloads.append(_payload(job, place.number if place else None, eta, held.get(job.id)))
    return payloads


def waiting_payloads(user: User, job_ids: Iterable[UUID]) -> list[dict[str, Any]]:
    """Those of the user's jobs that still wait, as the API says them."""
    return job_payloads(_jobs().filter(id__in=list(job_ids), owner=user, state=JobState.QUEUED))


def job_payload(job: Job) -> dict[str, Any]:
    """One job as the API says it."""
    return job_payloads([job])[0]


def _payload(job: Job, position: int | None, eta: float | None, held: dict[str, Any] | None) -> dict[str, Any]:
    result = getattr(job, "result", None)
    taken_down = result is not None and result.removed_at is not None
    hidden = result is not None and result.hidden_at is not None and not taken_down
    shown = result is not None and not taken_down and not hidden
    return {
        "type": "job",
        "id": str(job.id),
        "state": job.state,
        "stage": job.stage or None,
        "percent": round(job.percent, 1),
        "eta_s": None if eta is None else round(eta, 1),
        "queue_position": position,
        "held": held,
        "at": job.updated_at.isoformat(),
        "title": job.title,
        "speaks": job.speech_id is not None,
        "motion": job.motion or None,
        "framing": job.framing,
        "created_at": job.created_at.isoformat(),
        "url": reverse("animator:job_detail", args=[job.id]),
        "photo_url": None if job.erased_at else media_address("media_photo", [job.photo_id], job.owner_id),
        "poster_url": media_address("media_result", [job.id, "poster.jpg"], job.owner_id) if shown else None,
        "removed": taken_down or hidden or job.erased_at is not None,
        "hidden": hidden,
        "erased": _erased(job),
        "can": {
            "cancel": job.state in ACTIVE_STATES,
            "retry": _may_retry(job),
            "delete": job.state in TERMINAL_STATES,
        },
        "error": job.error_dict,
    }


def _may_retry(job: Job) -> bool:
    return job.state == JobState.FAILED and job.error_code != "refused_by_moderator" and job.erased_at is None


def _erased(job: Job) -> dict[str, str] | None:
    """Why what was made is gone, for the owner."""
    if job.erased_at is None:
        return None
    return {"at": job.erased_at.isoformat(), "why": job.erased_why, "message": job.get_erased_why_display()}
