"""Nothing is lost and nothing runs for ever: the scheduler calls this every few seconds, each worker as it starts."""

from __future__ import annotations

import logging

from django.utils import timezone
from redis.exceptions import RedisError

from animator import queue
from animator.models import Photo, Speech
from animator.services import (
    consent_answer,
    engine_switch,
    export,
    file_check,
    hold,
    item_lock,
    job_run,
    notice,
    rendition,
    training_work,
    upload,
)

log = logging.getLogger(__name__)


def recover() -> int:
    """Bring back lost jobs and checks; returns how many. Without Redis it waits for the next turn."""
    now = timezone.now()
    hold.close_moot_holds()
    item_lock.forget_old_locks()
    try:
        count = job_run.recover(now)
        count += upload.recover(Photo, queue.enqueue_photo_check, now)
        count += upload.recover(Speech, queue.enqueue_speech_check, now)
        count += file_check.recover(now)
        count += notice.recover(now)
        count += consent_answer.recover(now)
        count += export.recover(now)
        count += engine_switch.retry_waiting()
        count += rendition.recover(now)
        count += training_work.recover(now)
    except RedisError as error:
        log.warning("Redis is away, nothing can be recovered now: %s", error)
        return 0
    if count:
        log.info("%d lost pieces of work are back in the queue", count)
    return count
