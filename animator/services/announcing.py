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


def announce_places() -> None:
    """The queue has moved. One short message, however many wait; sockets that show a place look it up themselves."""
    realtime.send_line_moved()
