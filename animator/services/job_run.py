"""What a worker does with a job: claim, report, finish, fail, hand back; and what is done when the worker is gone.

Every write names the token of the run. It counts only while the job is in ``processing`` under that token; a run that
was cancelled, or given up for lost, gets ``False`` and has to leave without a trace.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from animator import figures, presence, queue, storage
from animator.conf import site_config
from animator.models import Job, Result
from animator.models.erasure import Why
from animator.models.job import JobState, Stage
from animator.models.job_stage import StageName
from animator.selectors.consent import job_is_covered
from animator.selectors.engines import FORBIDDEN
from animator.selectors.line import owners_at_their_limit
from animator.services import figure, job_stage, lanes, quota, stage_clock, turns
from animator.services.announcing import announce, announce_places
from animator.services.erasure import erase_job_output
from animator.services.job_stage import Step
from animator.services.quality_review import review_if_red
from animator.services.upload import new_token
from gpu_worker.errors import FallbackForbiddenError, InputError

log = logging.getLogger(__name__)

#: Letters of reference numbers: none that is easily taken for another when read out on the telephone.
_REFERENCE_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
#: What the user sees first of each stage.
_FIRST_OF = {StageName.SPEECH: Stage.INSPECT, StageName.RENDER: Stage.RENDER, StageName.CHECK: Stage.CHECK}


@dataclass(frozen=True)
class FinishedVideo:
    """What a run made, already in storage. ``folder`` is the run's own (``storage.result_folder``)."""

    folder: str
    video: storage.Stored
    other_bytes: int
    width: int
    height: int
    fps: float
    duration_s: float
    verdict: str
    certificate: dict[str, Any]
    frames: tuple[str, ...] = ()


def claim(job_id: UUID, token: str, worker: str) -> Job | None:
    """Begin the run that ``token`` names; None when it is no longer wanted."""
    return _begun(job_id) if _begin(job_id, token, token, worker) else None


def claim_next(ticket: str, worker: str) -> Job | None:
    """Begin whichever job is next in turn, under the name of the ``ticket`` that the worker drew from the queue.

    None when the ticket is no longer good for anything.
    """
    with transaction.atomic():
        turn = turns.draw(ticket)
        if turn is None or not _begin(turn.chosen.id, turn.chosen.token, ticket, worker):
            return None
        turns.hand_over(turn, ticket)
    return _begun(turn.chosen.id)


def _begin(job_id: UUID, token: str, run: str, worker: str) -> bool:
    now, step = timezone.now(), job_stage.next_step(job_id)
    waiting = Job.objects.filter(id=job_id, state=JobState.QUEUED, held_at__isnull=True, token=token)
    claimed = waiting.update(
        state=JobState.PROCESSING, stage=_FIRST_OF[step.name], eta_s=None, attempts=F("attempts") + 1, token=run,
        worker=worker, not_before=None, started_at=Coalesce(F("started_at"), now), heartbeat_at=now, updated_at=now,
    )  # fmt: skip
    if claimed == 1:
        job_stage.begin(job_id, step, worker)
    return claimed == 1


def _begun(job_id: UUID) -> Job | None:
    job = Job.objects.select_related("photo", "speech", "consent").get(id=job_id)
    if not job_is_covered(job, timezone.now()):
        # It ran out a moment ago; the scheduler would find it within the minute.
        erase_job_output(job, Why.CONSENT_EXPIRED)
        return None
    if job.percent == 0:
        # What was begun before and goes on elsewhere has waited in another sense.
        figure.observe(figures.WAIT_SECONDS, max(0.0, (timezone.now() - job.queued_at).total_seconds()))
    announce(job_id)
    announce_places()
    # One that waited behind it among its owner's first few has moved.
    lanes.move_up(job.owner_id)
    return job


def is_mine(job_id: UUID, token: str) -> bool:
    """Whether the run is still wanted."""
    return _mine(job_id, token).exists()


def beat(job_id: UUID, token: str) -> bool:
    """The worker gives a sign of life."""
    return _mine(job_id, token).update(heartbeat_at=timezone.now()) == 1


def progress(job_id: UUID, token: str, stage: str, percent: float, eta_s: float | None = None) -> bool:
    """Where the run is; ``percent`` of the whole job, in [0, 100]. Tells everybody who looks."""
    now = timezone.now()
    percent = min(max(percent, 0.0), 100.0)
    changed = _mine(job_id, token).update(stage=stage, percent=percent, eta_s=eta_s, heartbeat_at=now, updated_at=now)
    if changed != 1:
        return False
    stage_clock.enter(token, stage)
    announce(job_id)
    return True


def stage_done(job_id: UUID, token: str, step: Step, folder: str, basis: str) -> bool:
    """A stage is done, its results lie in ``folder``; those of a run that is no longer wanted are erased."""
    return job_stage.complete(job_id, token, step, folder, basis)


def go_on(job_id: UUID, token: str, step: Step, worker: str) -> bool:
    """The run that has just done a stage begins the next one itself."""
    if not is_mine(job_id, token):
        return False
    job_stage.begin(job_id, step, worker)
    return True


def begin_anew(job_id: UUID, token: str) -> bool:
    """Nothing of what was done can be used: the run begins with the first stage."""
    with transaction.atomic():
        if _mine(job_id, token).update(percent=0) != 1:
            return False
        job_stage.drop(job_id)
    return True


def pass_on(job_id: UUID, token: str) -> bool:
    """The next stage is for somebody else: the job waits for them, ahead of whoever came later."""
    return _requeue(job_id, token, pause_s=0.0, counts=False, begun=True)


def finish(job_id: UUID, token: str, video: FinishedVideo) -> bool:
    """The video is there. Files of a run that is no longer wanted are erased."""
    now = timezone.now()
    stage_clock.leave(token)
    with transaction.atomic():
        started_at = Job.objects.values_list("started_at", flat=True).filter(id=job_id).first() or now
        done = _mine(job_id, token).update(
            state=JobState.SUCCEEDED,
            stage="",
            percent=100,
            eta_s=None,
            finished_at=now,
            updated_at=now,
            fallbacks=video.certificate.get("fallbacks", []),
        )
        if done == 1:
            worked_s = job_stage.close(job_id)
            made = Result.objects.create(
                job_id=job_id,
                folder=video.folder,
                bytes=video.video.bytes + video.other_bytes,
                sha256=video.video.sha256,
                width=video.width,
                height=video.height,
                fps=video.fps,
                duration_s=video.duration_s,
                verdict=video.verdict,
                certificate=video.certificate,
                frames=list(video.frames),
                seconds_taken=(now - started_at).total_seconds() if worked_s is None else worked_s,
            )
            review_if_red(made)
            quota.settle(job_id, video.duration_s)
    if done != 1:
        storage.erase_folder(video.folder)
        return False
    _count_video(video, (now - started_at).total_seconds())
    storage.erase_runs(job_id, keep=video.folder)
    _ended(job_id)
    return True


def _count_video(video: FinishedVideo, seconds: float) -> None:
    figure.count(figures.VIDEOS, verdict=video.verdict)
    figure.count(figures.VIDEO_SECONDS, video.duration_s)
    figure.observe(figures.JOB_SECONDS, seconds)
    if video.duration_s > 0:
        figure.observe(figures.REAL_TIME_FACTOR, seconds / video.duration_s)


def fail_input(job_id: UUID, token: str, error: InputError) -> bool:
    """The input is at fault: over, with what the user can do. The allowance is given back: no video was made."""
    return _fail(job_id, token, error.code, error.message, error.hint, reference="")


def fail_for_engine(job_id: UUID, token: str, error: FallbackForbiddenError) -> bool:
    """An engine is missing and no other may stand in: over for now, until it is back (services.engine_switch)."""
    log.error("Job %s waits for %s: %s", job_id, error.engine, error.reason)
    return _fail(
        job_id, token, FORBIDDEN,
        "A part of our machinery is out of order, and its work may not be done by another.",
        "Your video is made by itself as soon as that part is back. You need not do anything.",
        reference="", awaits_engine=error.engine[:40],
        fallbacks=[{"stage": "", "wanted": error.engine, "used": "", "reason": error.reason[:500]}],
    )  # fmt: skip


def fail_ours(job_id: UUID, token: str, *, permanent: bool = False, pause: bool = True) -> bool:
    """We are at fault: another run after a pause, or, after the last, over with a reference number."""
    config = site_config()
    attempts = _mine(job_id, token).values_list("attempts", flat=True).first()
    if attempts is None:
        return False
    if permanent or attempts >= config.max_attempts:
        reference = "".join(secrets.choice(_REFERENCE_LETTERS) for _ in range(8))
        log.error("Job %s is given up after %d runs, reference %s", job_id, attempts, reference)
        return _fail(
            job_id,
            token,
            "engine_failed",
            f"The video could not be made, which is our fault (reference {reference}).",
            "Try again later; if it fails again, tell us the reference.",
            reference=reference,
        )
    return _requeue(job_id, token, pause_s=config.retry_pause_s * attempts if pause else 0.0, counts=True)


def hand_back(job_id: UUID, token: str, *, spare_gpu: bool = False) -> bool:
    """The worker shuts down, or its accelerator has no room (``spare_gpu``): the job goes back to its place in the
    queue, and the run does not count. Where only accelerators draw, it waits a little for room."""
    alone = spare_gpu and not presence.is_served(queue.RENDER_CPU)
    pause_s = site_config().retry_pause_s if alone else 0.0
    return _requeue(job_id, token, pause_s=pause_s, counts=False, spare_gpu=spare_gpu)


def recover(now: datetime) -> int:
    """Bring back jobs whose worker died, and those that Redis does not know of. Returns how many.

    Raises ``RedisError`` when Redis cannot be asked.
    """
    config = site_config()
    count = 0
    stale = Job.objects.filter(
        state=JobState.PROCESSING, heartbeat_at__lt=now - timedelta(seconds=config.stale_after_s)
    )
    for job_id, token in stale.values_list("id", "token"):
        log.warning("Job %s: its worker is silent, the job goes back to the queue", job_id)
        if fail_ours(job_id, token, pause=False):
            queue.withdraw(queue.RENDER_CPU, token)
            count += 1
    count += lanes.leave_unserved()
    rows = list(
        Job.objects.filter(
            state=JobState.QUEUED, held_at__isnull=True, updated_at__lt=now - timedelta(seconds=config.lost_after_s)
        )
        .exclude(not_before__gt=now)
        .values_list("id", "token")
    )
    known = set(rows)
    due = Job.objects.filter(state=JobState.QUEUED, held_at__isnull=True, token="", not_before__lte=now)
    rows += [row for row in due.values_list("id", "token") if row not in known]
    if not rows:
        return count
    waiting, patient = queue.waiting_jobs(), _wait_for_their_own()
    for job_id, token in rows:
        if token not in waiting and job_id not in patient and _enqueue_anew(job_id, token):
            queue.withdraw(queue.RENDER_CPU, token)
            count += 1
    return count


def _wait_for_their_own() -> set[UUID]:
    """Jobs that gave up their ticket because their owner has as many running as they may have."""
    full = owners_at_their_limit()
    rows = Job.objects.filter(state=JobState.QUEUED, token="", not_before__isnull=False, owner__in=full)
    return set(rows.values_list("id", flat=True))


def _enqueue_anew(job_id: UUID, token: str) -> bool:
    fresh = new_token()
    with transaction.atomic():
        done = Job.objects.filter(id=job_id, state=JobState.QUEUED, held_at__isnull=True, token=token).update(
            token=fresh, not_before=None, updated_at=timezone.now()
        )
        if done == 1:
            lanes.send(job_id, fresh)
    return done == 1


def _requeue(
    job_id: UUID, token: str, *, pause_s: float, counts: bool, begun: bool = False, spare_gpu: bool = False
) -> bool:
    """Back into the queue, before the first stage that is not done. ``begun``: the user sees it go on."""
    now = timezone.now()
    stage_clock.leave(token)
    fresh = "" if pause_s > 0 else new_token()
    changes: dict[str, Any] = {} if counts else {"attempts": F("attempts") - 1}
    if not begun:
        changes |= {"percent": 0, "started_at": None}
    with transaction.atomic():
        done = _mine(job_id, token).update(
            state=JobState.QUEUED, stage="", token=fresh, worker="", heartbeat_at=None, eta_s=None,
            not_before=now + timedelta(seconds=pause_s) if pause_s > 0 else None, updated_at=now, **changes,
        )  # fmt: skip
        if done == 1:
            job_stage.interrupt(job_id)
        if done == 1 and fresh:
            lanes.send(job_id, fresh, spare_gpu=spare_gpu)
    if done == 1:
        if counts:
            figure.count(figures.RETRIES)
        _ended(job_id)
    return done == 1


def _fail(job_id: UUID, token: str, code: str, message: str, hint: str, *, reference: str, **more: Any) -> bool:
    now = timezone.now()
    stage_clock.leave(token)
    with transaction.atomic():
        done = _mine(job_id, token).update(
            state=JobState.FAILED, error_code=code, error_message=message, error_hint=hint, reference=reference,
            finished_at=now, updated_at=now, **more,
        )  # fmt: skip
        if done == 1:
            quota.refund(job_id)
            if reference or more:
                # What was done until then serves the user's next try.
                job_stage.interrupt(job_id)
            else:
                job_stage.drop(job_id)
    if done == 1:
        figure.count(figures.FAILURES, kind="job", code=code)
        storage.erase_runs(job_id)
        _ended(job_id)
    return done == 1


def _ended(job_id: UUID) -> None:
    """A run is over, in whatever way: tell everybody, and let its owner's next one go."""
    announce(job_id)
    announce_places()
    owner = Job.objects.filter(id=job_id).values_list("owner_id", flat=True).first()
    if owner is not None:
        turns.wake(owner)


def _mine(job_id: UUID, token: str) -> QuerySet[Job]:
    if not token:
        return Job.objects.none()
    return Job.objects.filter(id=job_id, state=JobState.PROCESSING, token=token)
