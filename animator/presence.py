"""Which queues are served at this moment: workers say so every few seconds, and who is silent is taken for gone.

RQ's own register forgets a killed worker only after minutes. Not in charge of what is done with the answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from redis.exceptions import RedisError

from animator.conf import site_config
from animator.redis_connection import redis_connection

_PREFIX = "picturetalk:serves:"


def say_served(worker: str, queues: Iterable[str]) -> None:
    """``worker`` lives and serves ``queues``. Raises ``RedisError``."""
    connection = redis_connection()
    now = connection.time()[0]
    for name in queues:
        connection.zadd(_PREFIX + name, {worker: now})


def leave(worker: str, queues: Iterable[str]) -> None:
    """``worker`` ends."""
    try:
        for name in queues:
            redis_connection().zrem(_PREFIX + name, worker)
    except RedisError:
        # It will be taken for gone soon.
        return


def workers_of(name: str) -> frozenset[str]:
    """Who serves this queue. Raises ``RedisError``."""
    connection = redis_connection()
    oldest = connection.time()[0] - site_config().stale_after_s
    connection.zremrangebyscore(_PREFIX + name, "-inf", oldest - 3600)
    alive = cast("list[bytes]", connection.zrangebyscore(_PREFIX + name, oldest, "+inf"))
    return frozenset(one.decode() for one in alive)


def is_served(name: str) -> bool:
    """Whether somebody serves this queue; False while Redis is away."""
    try:
        return bool(workers_of(name))
    except RedisError:
        return False
