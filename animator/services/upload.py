"""What photos and speeches have in common on the way from upload to checked file.

The worker's half works by token: whoever holds the row's present token may write the outcome, once; anybody else gets
``False`` and has to leave quietly.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from animator import queue, storage
from animator.conf import site_config
from animator.models.photo import Photo
from animator.models.speech import Speech
from animator.models.upload import UploadState
from animator.services.lost_runs import release_lost
from gpu_worker.errors import InputError

U = TypeVar("U", Photo, Speech)
Enqueue = Callable[[UUID, str], None]


def new_token() -> str:
    """A fresh name for one run."""
    return uuid.uuid4().hex


def claim(model: type[U], upload_id: UUID, token: str) -> U | None:
    """Begin the check that ``token`` names; None when it is no longer wanted."""
    mine = model.objects.filter(id=upload_id, state=UploadState.CHECKING, token=token)
    if mine.update(attempts=F("attempts") + 1, seen_at=timezone.now()) != 1:
        return None
    return model.objects.get(id=upload_id)


def accept(model: type[U], upload_id: UUID, token: str, kept: storage.Stored, **facts: Any) -> bool:
    """The check is passed: keep the clean file, drop the one that came."""
    source = model.objects.values_list("source_path", flat=True).filter(id=upload_id).first() or ""
    mine = model.objects.filter(id=upload_id, state=UploadState.CHECKING, token=token)
    done = mine.update(
        state=UploadState.READY, path=kept.path, bytes=kept.bytes, source_path="", token="", error=None, **facts
    )
    storage.erase([source] if done == 1 else [])
    return done == 1


def reject(model: type[U], upload_id: UUID, token: str, error: InputError) -> bool:
    """The check is not passed: say why and erase every file of it."""
    mine = model.objects.filter(id=upload_id, state=UploadState.CHECKING, token=token)
    paths = mine.values_list("source_path", "path").first()
    done = mine.update(
        state=UploadState.REJECTED, error=error.as_dict(), path="", source_path="", bytes=0, token=""
    )  # fmt: skip
    if done == 1 and paths is not None:
        storage.erase(paths)
    return done == 1


def release(model: type[U], upload_id: UUID, token: str, enqueue: Enqueue, *, counts: bool = True) -> bool:
    """The check could not be made, through our fault: another run, or, after the last, a rejection that says so.

    ``counts=False`` (the worker is shutting down) does not count as a run.
    """
    row = model.objects.filter(id=upload_id, state=UploadState.CHECKING, token=token).first()
    if row is None:
        return False
    if counts and tried_enough(row):
        return reject(model, upload_id, token, check_failed())
    with transaction.atomic():
        fresh = new_token()
        attempts = F("attempts") if counts or row.attempts == 0 else F("attempts") - 1
        mine = model.objects.filter(id=upload_id, state=UploadState.CHECKING, token=token)
        done = mine.update(token=fresh, attempts=attempts, seen_at=timezone.now())
        if done == 1:
            enqueue(upload_id, fresh)
    return done == 1


def tried_enough(row: Photo | Speech) -> bool:
    """Whether a check that broke off is not tried again."""
    return row.attempts >= site_config().max_attempts


def keep_alive(model: type[U], upload_id: UUID, token: str) -> bool:
    """The worker gives a sign of life; False when the check is no longer its."""
    mine = model.objects.filter(id=upload_id, state=UploadState.CHECKING, token=token)
    return mine.update(seen_at=timezone.now()) == 1


def recover(model: type[U], enqueue: Enqueue, now: datetime) -> int:
    """Enqueue again the checks that were lost; returns how many. Raises ``RedisError``."""
    rows = model.objects.filter(state=UploadState.CHECKING)
    return release_lost(rows, queue.INSPECT, now, lambda key, token: release(model, key, token, enqueue))


def check_failed() -> InputError:
    """Told when the check itself broke, more than once."""
    return InputError(
        "check_failed",
        "This file could not be checked, which is our fault.",
        "Please try again in a moment; if it fails again, save the file in another format first.",
    )
