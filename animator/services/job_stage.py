"""The stages of a job: which is next, which are done, and what becomes of their results.

A stage that is done stays done: whoever takes the job next, after a failure, a shutdown or on another machine, goes on
with the first one that is not. The rows say what is to be done; results are files in storage, gone with the job's end.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone

from animator import storage
from animator.conf import site_config
from animator.models import Job, JobStage
from animator.models.job import JobState
from animator.models.job_stage import StageName, StageState

log = logging.getLogger(__name__)

#: A video judged red is drawn and checked once more.
MOST_ATTEMPTS = 2


@dataclass(frozen=True)
class Step:
    """One stage of a job; ``number`` is the attempt that it belongs to."""

    name: StageName
    number: int = 1


FIRST = Step(StageName.SPEECH)
#: In the order in which they are done.
ORDER = (FIRST, *(Step(name, number) for number in (1, 2) for name in (StageName.RENDER, StageName.CHECK)))


def next_step(job_id: UUID) -> Step:
    """The first stage that is not done."""
    done = {Step(StageName(row.name), row.number) for row in _done(job_id)}
    return next((step for step in ORDER if step not in done), ORDER[-1])


def results_of(job_id: UUID) -> dict[Step, JobStage]:
    """What is done, and where it lies."""
    return {Step(StageName(row.name), row.number): row for row in _done(job_id)}


def time_limit(step: Step) -> int:
    """Longest run of one stage, seconds."""
    config = site_config()
    limits = {
        StageName.SPEECH: config.speech_timeout_s,
        StageName.RENDER: config.job_timeout_s,
        StageName.CHECK: config.finish_timeout_s,
    }
    return limits[step.name]


def time_left(step: Step) -> int:
    """Longest time that one worker may spend on a job from ``step`` on, seconds: it may do all that is left."""
    return sum(time_limit(one) for one in ORDER[ORDER.index(step) :])


def begin(job_id: UUID, step: Step, worker: str) -> None:
    """A run takes the stage up. Call it in the transaction that claims the job, or within its run."""
    row, _ = JobStage.objects.get_or_create(job_id=job_id, name=step.name, number=step.number)
    JobStage.objects.filter(id=row.id).update(
        state=StageState.RUNNING, worker=worker, attempts=F("attempts") + 1, started_at=timezone.now()
    )


def complete(job_id: UUID, token: str, step: Step, folder: str, basis: str) -> bool:
    """The stage is done and its results lie in ``folder``; False, and they are erased, where the run is unwanted."""
    now = timezone.now()
    with transaction.atomic():
        # Locked, so that who cancels sees either the finished stage or none.
        mine = Job.objects.select_for_update().filter(id=job_id, state=JobState.PROCESSING, token=token).exists()
        if mine and token:
            row = JobStage.objects.get(job_id=job_id, name=step.name, number=step.number)
            started = row.started_at or now
            JobStage.objects.filter(id=row.id).update(
                state=StageState.DONE,
                folder=folder,
                basis=basis,
                seconds=(now - started).total_seconds(),
                finished_at=now,
            )
            return True
    storage.erase_folder(folder)
    return False


def interrupt(job_id: UUID) -> None:
    """The run that was at it has ended without finishing its stage."""
    JobStage.objects.filter(job_id=job_id, state=StageState.RUNNING).update(state=StageState.WAITING, worker="")


def close(job_id: UUID) -> float | None:
    """The job is made: its results go, the rows stay as a record. Seconds of work of all its stages together."""
    now = timezone.now()
    for row in JobStage.objects.filter(job_id=job_id, state=StageState.RUNNING):
        JobStage.objects.filter(id=row.id).update(
            state=StageState.DONE, seconds=(now - (row.started_at or now)).total_seconds(), finished_at=now
        )
    JobStage.objects.filter(job_id=job_id).update(folder="")
    transaction.on_commit(lambda: _erase(job_id))
    total: float | None = JobStage.objects.filter(job_id=job_id).aggregate(sum=Sum("seconds"))["sum"]
    return total


def drop(job_id: UUID) -> None:
    """Nothing of what was done is to be used: rows and results go."""
    JobStage.objects.filter(job_id=job_id).delete()
    transaction.on_commit(lambda: _erase(job_id))


def _erase(job_id: UUID) -> None:
    try:
        storage.erase_object("stages", job_id)
    except storage.UNREACHABLE as error:
        # They go with the job, at the latest.
        log.error("Results of stages are not erased yet: %s", error)


def _done(job_id: UUID) -> list[JobStage]:
    return list(JobStage.objects.filter(job_id=job_id, state=StageState.DONE))
