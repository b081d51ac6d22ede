"""Which queue a job's next stage goes to: the one place that decides, by what the stage needs and who is there.

    speech, motion      ``speech``
    frames              ``render-gpu`` while a live worker serves it, else ``render-cpu``
    check, signature    ``render-cpu``
    nobody waits        ``bulk``, which workers look at when their other queues are empty

Nobody waits for what was asked for so, nor for what somebody has queued beyond their first ``bulk_after`` waiting jobs;
those come into the ordinary lanes as the ones before them are done.
"""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from animator import presence, queue
from animator.conf import site_config
from animator.models import Job
from animator.models.job import JobState
from animator.models.job_stage import StageName
from animator.selectors.line import waiting
from animator.services import job_stage
from animator.services.job_stage import FIRST, Step
from animator.services.upload import new_token


def lane_for(job: Job, step: Step, *, spare_gpu: bool = False) -> str:
    """The queue of this stage of this job; ``spare_gpu``: the accelerator had no room for it a moment ago."""
    if job.bulk or (step == FIRST and overflows(job)):
        return queue.BULK
    if step.name == StageName.SPEECH:
        return queue.SPEECH
    if step.name == StageName.RENDER and not spare_gpu and presence.is_served(queue.RENDER_GPU):
        return queue.RENDER_GPU
    return queue.RENDER_CPU


def overflows(job: Job) -> bool:
    """Whether its owner has as many jobs waiting before it as may wait in the ordinary lanes."""
    earlier = Q(turn__lt=job.turn) | Q(turn=job.turn, queued_at__lt=job.queued_at)
    mine = waiting().filter(earlier, owner_id=job.owner_id, bulk=False).exclude(id=job.id)
    return mine.count() >= site_config().bulk_after


def send(job_id: UUID, token: str, *, spare_gpu: bool = False) -> None:
    """Once the transaction is through: let a worker do the job's next stage, under ``token``. Call it in one."""
    job, step = Job.objects.get(id=job_id), job_stage.next_step(job_id)
    lane = lane_for(job, step, spare_gpu=spare_gpu)
    Job.objects.filter(id=job_id, token=token).update(lane=lane)
    queue.enqueue_job(job_id, token, lane, job_stage.time_left(step))


def move_up(owner_id: UUID) -> None:
    """One of this user's waiting jobs has begun or ended: the next of those beyond their first few moves up."""
    job = waiting().filter(owner_id=owner_id, lane=queue.BULK, bulk=False).exclude(token="").first()
    if job is not None and not overflows(job):
        _send_anew(job)


def leave_unserved() -> int:
    """Jobs that wait for an accelerator which is gone go to the processors. Returns how many."""
    stranded = list(waiting().filter(lane=queue.RENDER_GPU).exclude(token=""))
    if not stranded or presence.is_served(queue.RENDER_GPU):
        return 0
    return sum(_send_anew(job) for job in stranded)


def _send_anew(job: Job) -> bool:
    """Exchange the job's message for one in the lane that it belongs to now."""
    fresh = new_token()
    with transaction.atomic():
        moved = Job.objects.filter(id=job.id, state=JobState.QUEUED, held_at__isnull=True, token=job.token).update(
            token=fresh, updated_at=timezone.now()
        )
        if moved == 1:
            send(job.id, fresh)
            transaction.on_commit(lambda: queue.withdraw(job.lane, job.token))
    return moved == 1
