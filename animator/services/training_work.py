"""The worker's half of data sets, training runs and evaluations: claimed by token, given back when lost.

Whoever holds the row's present token may write; anybody else gets ``False`` and has to leave. A run that was told to
stop stays ``running`` with ``stopping`` until its worker has left the folder, so that no two work in one.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import User
from animator import queue
from animator.conf import site_config
from animator.errors import conflict
from animator.models import TrainingData, TrainingEvaluation, TrainingRun
from animator.models.training_work import WorkState
from animator.services import audit
from animator.services.lost_runs import release_lost
from animator.services.upload import new_token
from gpu_worker.errors import InputError

log = logging.getLogger(__name__)

W = TypeVar("W", TrainingData, TrainingRun, TrainingEvaluation)

#: What the audit log calls each kind, and the task that does it.
NOUN: dict[type, str] = {
    TrainingData: "training_data",
    TrainingRun: "training_run",
    TrainingEvaluation: "training_evaluation",
}
TASK: dict[type, str] = {TrainingData: "make_data", TrainingRun: "train", TrainingEvaluation: "evaluate"}
#: Of what the work says, the last so many characters are kept.
LOG_CHARACTERS = 6000


def send(row: TrainingData | TrainingRun | TrainingEvaluation) -> None:
    """Put a row that was just made into the queue. Call it in the transaction that made it."""
    row.token = new_token()
    row.seen_at = timezone.now()
    row.save(update_fields=["token", "seen_at"])
    queue.enqueue_training_work(TASK[type(row)], row.id, row.token)


def claim(model: type[W], key: UUID, token: str, worker: str) -> W | None:
    """Begin the attempt that ``token`` names; None when it is no longer wanted."""
    now = timezone.now()
    waiting = model.objects.filter(id=key, state=WorkState.QUEUED, token=token)
    begun = waiting.update(
        state=WorkState.RUNNING, worker=worker[:120], attempts=F("attempts") + 1, seen_at=now, error=None,
        started_at=Coalesce(F("started_at"), now), finished_at=None,
    )  # fmt: skip
    return model.objects.get(id=key) if begun == 1 else None


def beat(model: type[W], key: UUID, token: str) -> bool:
    """A sign of life; False when the work is to end."""
    return _mine(model, key, token).filter(stopping=False).update(seen_at=timezone.now()) == 1


def is_wanted(model: type[W], key: UUID, token: str) -> bool:
    """Whether the work is to go on."""
    return _mine(model, key, token).filter(stopping=False).exists()


def tell(model: type[W], key: UUID, token: str, **changes: Any) -> bool:
    """Where the work is."""
    return _mine(model, key, token).update(seen_at=timezone.now(), **changes) == 1


def end(model: type[W], key: UUID, token: str, state: str, **changes: Any) -> bool:
    """It is over; False where it was somebody else's by now."""
    return (
        _mine(model, key, token).update(
            state=state, token="", stopping=False, worker="", finished_at=timezone.now(), **changes
        )
        == 1
    )


def fail(model: type[W], key: UUID, token: str, error: InputError) -> bool:
    """Over, with what an administrator can do about it."""
    return end(model, key, token, WorkState.FAILED, error=error.as_dict(), **_nothing_left(model))


def release(model: type[W], key: UUID, token: str, *, counts: bool = True, reason: str = "") -> bool:
    """The attempt broke off: another one goes on with what it left; or it is over, where that was wished, or after
    the last. ``counts`` False: the worker shut down."""
    row = model.objects.filter(id=key, state__in=(WorkState.QUEUED, WorkState.RUNNING), token=token).first()
    if row is None or not token:
        return False
    if row.state == WorkState.QUEUED:
        return _again(row)
    if row.stopping:
        return end(model, key, token, WorkState.CANCELLED, **_nothing_left(model))
    if counts and row.attempts >= site_config().max_attempts:
        why = reason or "Its worker was lost each time; perhaps memory runs out."
        error = InputError(
            "training_broke",
            f"The work broke off again and again. {why}",
            "See the worker's log; resume it when the cause is gone.",
        )
        return fail(model, key, token, error)
    with transaction.atomic():
        attempts = F("attempts") if counts else F("attempts") - 1
        done = _mine(model, key, token).update(state=WorkState.QUEUED, attempts=attempts, worker="") == 1
        if done:
            row.refresh_from_db()
            send(row)
    return done


def ask_to_stop(administrator: User, row: TrainingData | TrainingRun | TrainingEvaluation) -> bool:
    """Stop what waits at once, what runs within seconds; False where it was over or is stopping already."""
    model = type(row)
    now = timezone.now()
    with transaction.atomic():
        done = model.objects.filter(id=row.id, state=WorkState.QUEUED).update(
            state=WorkState.CANCELLED, token="", finished_at=now
        ) or model.objects.filter(id=row.id, state=WorkState.RUNNING, stopping=False).update(stopping=True)
        if done:
            audit.record(administrator, f"{NOUN[model]}_stopped", NOUN[model], row.id)
    if done and row.state == WorkState.QUEUED:
        queue.withdraw(queue.TRAINING, row.token)
    return bool(done)


def queue_again(administrator: User, row: TrainingData | TrainingRun | TrainingEvaluation) -> bool:
    """Go on where it was; False where it waits or runs already. Raises ``training_is_over`` for what succeeded."""
    model = type(row)
    with transaction.atomic():
        done = model.objects.filter(id=row.id, state__in=(WorkState.FAILED, WorkState.CANCELLED)).update(
            state=WorkState.QUEUED, stopping=False, attempts=0, error=None, finished_at=None
        )
        row.refresh_from_db()
        if not done:
            if row.is_active:
                return False
            raise conflict("training_is_over", "There is nothing to go on with: it is through.")
        send(row)
        audit.record(administrator, f"{NOUN[model]}_resumed", NOUN[model], row.id)
    return True


def recover(now: datetime) -> int:
    """Give back what was lost; returns how many. Raises ``RedisError``."""
    return _recovered(TrainingData, now) + _recovered(TrainingRun, now) + _recovered(TrainingEvaluation, now)


def _recovered(model: type[W], now: datetime) -> int:
    active = model.objects.filter(state__in=(WorkState.QUEUED, WorkState.RUNNING))
    return release_lost(active, queue.TRAINING, now, lambda key, token: release(model, key, token))


def _again(row: TrainingData | TrainingRun | TrainingEvaluation) -> bool:
    """A message that Redis lost is sent anew."""
    with transaction.atomic():
        same = type(row).objects.filter(id=row.id, state=WorkState.QUEUED, token=row.token)
        if same.update(seen_at=timezone.now()) != 1:
            return False
        send(row)
    return True


def _nothing_left(model: type) -> dict[str, Any]:
    return {"eta_s": None} if model is TrainingRun else {}


def _mine(model: type[W], key: UUID, token: str) -> QuerySet[W]:
    if not token:
        return model.objects.none()
    return model.objects.filter(id=key, state=WorkState.RUNNING, token=token)
