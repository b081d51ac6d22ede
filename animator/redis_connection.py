"""This process's way to Redis, for messages and figures: connections that last from one use to the next.

django-rq makes a client with connections of its own at every call, and each begins with four commands.
"""

from __future__ import annotations

import functools

import django_rq
from django.conf import settings
from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.retry import Retry
from rq import Queue

#: One that Redis or something between has closed is made again, so often.
_TRIES = 2


def redis_connection() -> Redis:
    """Shared by all threads; a process that was forked makes connections of its own."""
    return _connected(settings.RQ_QUEUES["default"]["URL"])


def rq_queue(name: str) -> Queue:
    """The queue ``name``; what is put into it is sent at once."""
    return django_rq.get_queue(name, commit_mode="auto", connection=redis_connection())


@functools.lru_cache(maxsize=2)
def _connected(address: str) -> Redis:
    # The address is the key: django-rq reads the same one.
    connection: Redis = django_rq.get_connection("default")
    connection.set_retry(Retry(ExponentialBackoff(0.5, 0.05), _TRIES))
    return connection
