"""Whether one engine may stand in for another, as administrators say; and the jobs that failed because none may."""

from __future__ import annotations

import logging

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from animator.errors import SiteError, conflict
from animator.models import EngineSwitch, Job
from animator.models.job import JobState
from animator.selectors.engines import FORBIDDEN, engine_is_back, forbidden_fallbacks
from animator.services import audit
from animator.services.job import retry_job
from gpu_worker.capabilities import STAND_INS
from gpu_worker.errors import InputError

log = logging.getLogger(__name__)


def set_fallback(administrator: User, engine: str, allowed: bool) -> EngineSwitch:
    """Allow or forbid that another engine does the work of ``engine``. Jobs that waited for it are tried again.

    Raises ``not_allowed`` for anybody but an administrator, ``engine_unknown``.
    """
    if not administrator.is_administrator:
        raise conflict("not_allowed", "Only administrators may do this.")
    if engine not in STAND_INS:
        raise SiteError("engine_unknown", "There is no such engine.", "Choose one of the page.")
    with transaction.atomic():
        row, _ = EngineSwitch.objects.update_or_create(
            engine=engine,
            defaults={"fallback_allowed": allowed, "changed_by": administrator, "changed_at": timezone.now()},
        )
        audit.record(administrator, "fallback_switched", "engine", engine, allowed=allowed)
    retry_waiting()
    return row


def retry_waiting() -> int:
    """Put jobs that failed for want of an engine back into the queue, once it is back or another may stand in.

    Returns how many. What the site refuses by now (an allowance, a consent that ended) stays as it is.
    """
    forbidden, count = forbidden_fallbacks(), 0
    failed = Job.objects.filter(state=JobState.FAILED, error_code=FORBIDDEN, erased_at__isnull=True)
    for job in failed.select_related("owner")[:200]:
        if job.awaits_engine in forbidden and not engine_is_back(job.awaits_engine, job.finished_at):
            continue
        try:
            retry_job(job.owner, job.id)
        except (InputError, SiteError, Job.DoesNotExist) as error:
            log.info("Job %s waited for %s and cannot be tried again: %s", job.id, job.awaits_engine, error)
            continue
        count += 1
    return count
