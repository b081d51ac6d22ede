"""Erasing files for good: put on a list with the decision, done after the commit, finished by the scheduler.

Not in charge of deciding what goes: see ``animator.services.erasure``.
"""

from __future__ import annotations

import logging
import re
import shutil
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from redis.exceptions import RedisError

from animator import job_cache, storage
from animator.conf import work_root
from animator.models import Erasure, Job
from animator.models.job import JobState

log = logging.getLogger(__name__)

#: Everything that is stored of an object lies in a folder of one of these kinds, named by its id.
FOLDERS = {
    "job": ("results", "stages", "previews", "live"),
    "photo": ("photos",),
    "speech": ("speech",),
    "export": ("exports",),
}
#: As long as this a run that was stopped might still be writing.
WATCH = timedelta(minutes=10)
#: A run that is no longer wanted has left its folder on this machine by then, seconds.
GRACE_S = 30.0

_AWAY: tuple[type[Exception], ...] = (*storage.UNREACHABLE, RedisError)
_WORK_FOLDER = re.compile(r"([0-9a-f-]{36})-([0-9a-f]{32})")


def erase_later(object_type: str, object_id: UUID, why: str, *, paths: Iterable[str] = (), busy: bool = False) -> None:
    """Erase an object's files once the transaction is through. ``busy``: something may be writing at this moment."""
    row = Erasure.objects.create(
        object_type=object_type,
        object_id=object_id,
        paths=sorted({path for path in paths if path}),
        why=why,
        watch_until=timezone.now() + WATCH if busy else None,
    )
    transaction.on_commit(lambda: _carry_out(row))


def finish_erasures(now: datetime) -> int:
    """Go on with what was begun and not finished, and look again where something was writing. Returns how many."""
    rows = Erasure.objects.filter(Q(done_at__isnull=True) | Q(watch_until__gte=now - WATCH))
    count = sum(_carry_out(row) for row in rows.order_by("asked_at")[:500])
    Erasure.objects.filter(done_at__isnull=False, watch_until__lt=now - WATCH).update(watch_until=None)
    return count


def forget_abandoned_work() -> int:
    """Remove what killed runs left on this machine, once their job is erased, cancelled or run anew elsewhere."""
    count = 0
    for folder in work_root().glob("*-*"):
        named = _WORK_FOLDER.fullmatch(folder.name)
        try:
            fresh = time.time() - folder.stat().st_mtime < GRACE_S
        except FileNotFoundError:
            continue
        if named is None or fresh:
            continue
        running = Q(token=named[2], state=JobState.PROCESSING)
        just_stopped = Q(updated_at__gte=timezone.now() - timedelta(seconds=GRACE_S))
        if not Job.objects.filter(running | just_stopped, id=UUID(named[1])).exists():
            shutil.rmtree(folder, ignore_errors=True)
            count += 1
    return count


def _carry_out(row: Erasure) -> bool:
    """Whether everything is gone now; what cannot be reached stays on the list."""
    try:
        storage.erase(row.paths)
        for kind in FOLDERS[row.object_type]:
            storage.erase_object(kind, row.object_id)
        if row.object_type == "job":
            job_cache.forget(row.object_id)
    except _AWAY as error:
        log.error("%s is not erased yet: %s", row, error)
        return False
    Erasure.objects.filter(id=row.id, done_at__isnull=True).update(done_at=timezone.now())
    return True
