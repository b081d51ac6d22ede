"""The one place that sends to channel groups: what changed, to whom.

A message that cannot be sent is logged and forgotten: pages ask for the present state whenever they connect, so a lost
message costs a moment, whereas a request that fails because Redis is away would cost the user's work.
"""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

from channels.exceptions import ChannelFull
from channels.layers import get_channel_layer
from django.core.cache import cache
from redis.exceptions import RedisError

from animator.message_loop import MessageLoop

log = logging.getLogger(__name__)


#: Every socket there is: the queue has moved.
LINE = "line"
#: It is said so often at most, in so many seconds.
MOVES, MOVES_IN_S = 20, 10
_MOVES_KEY, _LATE_KEY = "line-moves", "line-moved-late"
#: Longest time that one message may take, seconds.
PATIENCE_S = 10.0
#: Where messages are sent from: one connection to Redis for all of a process.
LOOP = MessageLoop(PATIENCE_S)


def job_group(job_id: UUID | str) -> str:
    """Everybody who looks at one job."""
    return f"job_{UUID(str(job_id)).hex}"


def user_group(user_id: UUID | str) -> str:
    """Every dashboard and studio that one user has open."""
    return f"user_{UUID(str(user_id)).hex}"


def send_job(payload: dict[str, Any], owner_id: UUID) -> None:
    """The present state of a job, in the API's words."""
    _send(job_group(payload["id"]), payload)
    _send(user_group(owner_id), payload)


def send_job_deleted(job_id: UUID, owner_id: UUID) -> None:
    payload = {"type": "job_deleted", "id": str(job_id)}
    _send(job_group(job_id), payload)
    _send(user_group(owner_id), payload)


def send_photo(payload: dict[str, Any], owner_id: UUID) -> None:
    _send(user_group(owner_id), {**payload, "type": "photo"})


def send_speech(payload: dict[str, Any], owner_id: UUID) -> None:
    _send(user_group(owner_id), {**payload, "type": "speech"})


def send_line_moved() -> None:
    """Places in the queue may have changed. Nothing of anybody's is in this message.

    It goes to every page that is open, so that a busy site says it ``MOVES`` times in ``MOVES_IN_S`` seconds at most;
    what was not said then is said by :func:`send_late_move`.
    """
    try:
        # Counted from the first: the window ends by itself.
        cache.add(_MOVES_KEY, 0, timeout=MOVES_IN_S)
        if cache.incr(_MOVES_KEY) > MOVES:
            cache.set(_LATE_KEY, 1, timeout=None)
            return
    except (RedisError, ValueError):
        # Away, or the window ended in between: one message more does no harm.
        pass
    _message(LINE, {"type": "line.moved"})


def send_late_move() -> bool:
    """Say once that the queue has moved if that was left unsaid; whether it was. The scheduler's turn."""
    try:
        late = bool(cache.delete(_LATE_KEY))
    except RedisError:
        return False
    if late:
        _message(LINE, {"type": "line.moved"})
    return late


def send_consent_request(payload: dict[str, Any], owner_id: UUID) -> None:
    _send(user_group(owner_id), {**payload, "type": "consent_request"})


def _send(group: str, payload: dict[str, Any]) -> None:
    _message(group, {"type": "state.changed", "payload": payload})


def _message(group: str, message: dict[str, Any]) -> None:
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        LOOP.run(layer.group_send(group, message))
    except (RedisError, OSError, ChannelFull) as error:
        log.warning("A message to %s was not sent: %s", group, error)
