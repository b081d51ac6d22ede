"""The line in which videos wait for a worker: its order, and the place of some of them, without loading the rest.

The order is that of ``Job.turn`` (``animator.services.turns`` draws it): everybody's first video, then everybody's
second, and so on; among equals who came first. What waits in the lane for bulk comes after everything else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from animator.models.job import Job, JobState
from animator.selectors.quota import limits_of

#: The lane whose jobs nobody waits for (``animator.queue.BULK``, which selectors do not import).
BULK = "bulk"
#: Up to so many places are counted one by one.
FEW = 3


@dataclass(frozen=True)
class Place:
    """``number`` counts from 1; ``seconds_before`` is the length of all speech that waits before it."""

    number: int
    seconds_before: float


def waiting() -> QuerySet[Job]:
    """Every job that waits for a worker, the next one first; not those that wait for a person."""
    return Job.objects.filter(state=JobState.QUEUED, held_at__isnull=True).order_by("turn", "queued_at", "id")


def places(jobs: Iterable[Job]) -> dict[UUID, Place]:
    """The places of these jobs; those that do not wait are left out.

    A few are counted by the database, by its index, one query each; for many the ids of the line are read once.
    """
    asked = [job for job in jobs if job.state == JobState.QUEUED and job.held_at is None]
    if len(asked) <= FEW:
        return {job.id: _place(job) for job in asked}
    wanted, found, seconds = {job.id for job in asked}, {}, 0.0
    lines = [waiting().exclude(lane=BULK)]
    if any(job.lane == BULK for job in asked):
        lines.append(waiting().filter(lane=BULK))
    else:
        lines = [lines[0].filter(turn__lte=max(job.turn for job in asked))]
    everybody = chain.from_iterable(one.values_list("id", "speech_s").iterator() for one in lines)
    for number, (key, own) in enumerate(everybody, start=1):
        if key in wanted:
            found[key] = Place(number, seconds)
        seconds += own
    return found


def _place(job: Job) -> Place:
    earlier = Q(queued_at__lt=job.queued_at) | Q(queued_at=job.queued_at, id__lt=job.id)
    ahead = Q(turn__lt=job.turn) | Q(turn=job.turn) & earlier
    line = waiting().order_by()
    if job.lane == BULK:
        before = line.filter(~Q(lane=BULK) | ahead)
    else:
        before = line.exclude(lane=BULK).filter(ahead, turn__lte=job.turn)
    counted = before.aggregate(number=Count("id"), seconds=Coalesce(Sum("speech_s"), 0.0))
    return Place(counted["number"] + 1, counted["seconds"])


def owners_at_their_limit() -> list[UUID]:
    """Who has as many videos running as they may have."""
    running = dict(
        Job.objects.filter(state=JobState.PROCESSING).order_by().values_list("owner").annotate(number=Count("id"))
    )
    limits = limits_of(running)
    return [owner for owner, number in running.items() if number >= limits[owner].running_jobs]
