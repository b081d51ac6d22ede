"""Runs that were enqueued and then lost: Redis does not know of them, or the worker that took them died."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from animator import queue
from animator.conf import site_config


def release_lost(rows: QuerySet[Any], lane: str, now: datetime, release: Callable[[UUID, str], bool]) -> int:
    """Give every lost run among ``rows`` back; returns how many.

    ``rows`` are in work and have ``id``, ``token`` and ``seen_at`` (when they were enqueued or last gave a sign, None:
    never); ``lane`` is the queue they went to. ``release`` enqueues one anew, or ends it, and says whether it did.
    Raises ``RedisError`` when Redis cannot be asked.
    """
    config = site_config()
    quiet = Q(seen_at__isnull=True) | Q(seen_at__lt=now - timedelta(seconds=config.lost_after_s))
    silent = list(rows.filter(quiet).values_list("id", "token", "seen_at"))
    if not silent:
        return 0
    waiting, running = queue.waiting(lane), queue.running(lane)
    stale = now - timedelta(seconds=config.stale_after_s)
    count = 0
    for row_id, token, seen_at in silent:
        if token in waiting or (token in running and seen_at is not None and seen_at >= stale):
            continue
        if release(row_id, token):
            queue.withdraw(lane, token)
            count += 1
    return count
