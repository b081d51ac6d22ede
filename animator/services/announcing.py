"""Telling everybody who looks at a job what became of it."""

from __future__ import annotations

from uuid import UUID

from animator import realtime
from animator.models import Job
from animator.selectors import job as selectors


def announce(job_id: UUID) -> None:
    """Send a job's present state to whoever looks at it."""
    job = Job.objects.select_related("speech", "result").filter(id=job_id).first()
    if job is not None:
        realtime.send_job(selectors.job_payload(job), job.owner_id)


def announce_places(limit: int = 50) -> None:
    """Tell those who wait, the first ``limit`` of them, their place in the queue; call it when the queue moves."""
    line = selectors.waiting_jobs()[:limit]
    for job, payload in zip(line, selectors.job_payloads(line), strict=True):
        realtime.send_job(payload, job.owner_id)
