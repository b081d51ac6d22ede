"""Whose video is next: one after the other from everybody, so that nobody's batch keeps anybody else waiting.

Every waiting job has a ``turn``. The next job of somebody who waits already comes one round after their last, the first
job of anybody else comes into the round that is under way (start-time fair queueing; a plan's ``share`` makes rounds
shorter). A worker takes the lowest turn of those whose owner has not as many running as they may have.

What travels through Redis is a ticket: "there is one more to do". Its name is the token of some waiting job; the worker
that draws it takes whichever job of the same lane (``animator.services.lanes``) is next, and the two jobs exchange
their tickets. So at every moment each waiting job holds one ticket of its queue, and whatever is lost is found as
before (``animator.services.job_run.recover``).
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Max, Min
from django.utils import timezone

from accounts.models import User
from animator.models import Job
from animator.models.job import ACTIVE_STATES, JobState
from animator.selectors.line import owners_at_their_limit, waiting
from animator.selectors.quota import limits_for
from animator.services import lanes
from animator.services.upload import new_token

#: Distance of two rounds for a share of 1; divided by the share.
ROUND = 1000


@dataclass(frozen=True)
class Turn:
    """``holder`` has the ticket, ``chosen`` is the job whose turn it is; often the same."""

    holder: Job
    chosen: Job


def next_turn(user: User) -> int:
    """The turn of a job that ``user`` queues now. Call it where the user's account is locked (``quota.reserve``)."""
    active = Job.objects.filter(state__in=ACTIVE_STATES)
    now = active.filter(state=JobState.PROCESSING).aggregate(turn=Max("turn"))["turn"]
    if now is None:
        now = waiting().order_by().aggregate(turn=Min("turn"))["turn"]
    last = active.filter(owner=user).aggregate(turn=Max("turn"))["turn"]
    under_way = int(now or 0)
    return under_way if last is None else max(under_way, int(last) + ROUND // limits_for(user).share)


def draw(ticket: str) -> Turn | None:
    """Which job a ticket is good for now, both locked; None where it is good for none. Call it in a transaction.

    When everybody who waits has as many running as they may have, the ticket is given up: :func:`wake` issues one as
    soon as a run of theirs ends.
    """
    holder = Job.objects.filter(token=ticket, state=JobState.QUEUED, held_at__isnull=True).first() if ticket else None
    if holder is None:
        return None
    lane = waiting().filter(lane=holder.lane)
    chosen = lane.exclude(token="").exclude(owner__in=owners_at_their_limit()).first()
    if chosen is None:
        now = timezone.now()
        Job.objects.filter(id=holder.id, state=JobState.QUEUED, token=ticket).update(token="", not_before=now)
        return None
    # Two workers that begin videos of one user are counted one after the other.
    User.objects.select_for_update().get(id=chosen.owner_id)
    if chosen.owner_id in owners_at_their_limit():
        return draw(ticket)
    locked = {
        job.id: job for job in Job.objects.select_for_update().filter(id__in={holder.id, chosen.id}).order_by("id")
    }
    if {holder.id, chosen.id} != set(locked):
        return draw(ticket)
    now_holder, now_chosen = locked[holder.id], locked[chosen.id]
    if (now_holder.token, now_chosen.token, now_chosen.state) != (ticket, chosen.token, JobState.QUEUED):
        return draw(ticket)
    return Turn(now_holder, now_chosen)


def hand_over(turn: Turn, ticket: str) -> None:
    """The chosen job runs under ``ticket``; the one that held it takes the chosen one's."""
    if turn.holder.id != turn.chosen.id:
        Job.objects.filter(id=turn.holder.id, state=JobState.QUEUED, token=ticket).update(token=turn.chosen.token)


def wake(owner_id: UUID) -> None:
    """A run of this user's has ended: issue a ticket for the next of their jobs that had to give up its own."""
    lanes.move_up(owner_id)
    with transaction.atomic():
        due = waiting().filter(owner_id=owner_id, token="", not_before__lte=timezone.now()).first()
        if due is None:
            return
        ticket = new_token()
        if Job.objects.filter(id=due.id, state=JobState.QUEUED, held_at__isnull=True, token="").update(
            token=ticket, not_before=None, updated_at=timezone.now()
        ):
            lanes.send(due.id, ticket)
