"""Live sessions: who may have one, one at a time, and how much sound may come in it. Nothing of a session is kept."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import cast
from uuid import UUID

import django_rq
from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

from accounts.models import User
from animator import live_line, presence, queue
from animator.services import rate
from animator.services.standing import check_may_make

log = logging.getLogger(__name__)

#: Longest session, seconds.
LONGEST_S = 120.0
#: Sessions that one person may begin in a window, and its length in seconds.
SESSIONS, WINDOW_S = 240, 3600
#: Largest message, bytes: 100 ms of sound behind the number of its first sample.
LARGEST_PIECE = 4 + 2 * live_line.RATE // 10
#: Sound that may be ahead of the clock, seconds: what a machine that was busy sends at once. More is dropped.
AHEAD_S = 0.5
#: A session's mark is renewed this often and forgotten after so long, seconds.
RENEW_EVERY_S, FORGOTTEN_AFTER_S = 1.0, 10
_HELD = "picturetalk:live:held:"


def begin(user: User, session: UUID) -> None:
    """Take the one live session that ``user`` may have; another page that had it loses it.

    Raises ``account_frozen``, ``account_suspended``, ``too_often`` or ``try_later``; ``RedisError`` when it is away.
    """
    check_may_make(user)
    rate.count("live", str(user.pk), SESSIONS, WINDOW_S)
    _connection().set(_HELD + str(user.pk), session.hex, ex=FORGOTTEN_AFTER_S)


def is_held(user_id: UUID, session: UUID) -> bool:
    """Whether the session is still its user's only one; renews it. True while Redis cannot be asked."""
    key = _HELD + str(user_id)
    try:
        held = cast("bytes | None", _connection().get(key))
        if held is not None and held != session.hex.encode():
            return False
        _connection().set(key, session.hex, ex=FORGOTTEN_AFTER_S)
    except RedisError as error:
        log.warning("A live session cannot be renewed: %s", error)
    return True


def end(user_id: UUID, session: UUID) -> None:
    """Give the session back, unless another page has taken it meanwhile."""
    key = _HELD + str(user_id)
    try:
        if cast("bytes | None", _connection().get(key)) == session.hex.encode():
            _connection().delete(key)
    except RedisError:
        # It is forgotten by itself.
        return


def is_served() -> bool:
    """Whether a live worker is there, be it busy or not."""
    return presence.is_served(live_line.SERVICE)


def most_sessions() -> int:
    """Sessions that one worker takes at the same time (``settings.LIVE_SESSIONS``)."""
    return int(settings.LIVE_SESSIONS)


@dataclass
class Meter:
    """What sound of one session is passed on: as much as time has passed, and none out of order."""

    started: float = field(default_factory=time.monotonic)
    _next: int = 0

    def passes(self, message: bytes) -> bool:
        """Whether a page's message goes on to the worker. Raises ValueError where it is no piece of sound at all."""
        if len(message) > LARGEST_PIECE:
            raise ValueError("this piece of sound is too large")
        first = live_line.first_sample(message)
        last = first + (len(message) - 4) // 2
        allowed = (time.monotonic() - self.started + AHEAD_S) * live_line.RATE
        if first < self._next or last > allowed:
            return False
        self._next = last
        return True

    @property
    def is_over(self) -> bool:
        return time.monotonic() - self.started > LONGEST_S


def _connection() -> Redis:
    return django_rq.get_connection(queue.INSPECT)
