"""Adds to the site's figures. A figure that cannot be written is lost: nothing waits or fails for it."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from typing import Any

from redis.exceptions import RedisError

from animator import figures
from animator.figures import Counter, Histogram, field
from animator.redis_connection import redis_connection

log = logging.getLogger(__name__)


def count(counter: Counter, amount: float = 1.0, /, **labels: str) -> None:
    """Add to a counter."""
    _add([(field(counter.name, labels), amount)])


def observe(histogram: Histogram, value: float, /, **labels: str) -> None:
    """Put one observation into its bucket."""
    bucket = histogram.bucket(value)
    _add([(field(histogram.name, labels, f"le={bucket}"), 1.0), (field(histogram.name, labels, "sum"), value)])


def tell_worker(name: str, facts: Mapping[str, Any]) -> None:
    """A worker's sign of life: which queues it serves, and what its accelerators hold."""
    try:
        redis_connection().hset(figures.WORKERS_KEY, name, json.dumps({**facts, "at": time.time()}))
    except RedisError as error:
        log.debug("A worker's figures were not written: %s", error)


def forget_worker(name: str) -> None:
    """The worker ends."""
    try:
        redis_connection().hdel(figures.WORKERS_KEY, name)
    except RedisError as error:
        log.debug("A worker's figures were not taken away: %s", error)


def _add(amounts: list[tuple[str, float]]) -> None:
    try:
        pipe = redis_connection().pipeline(transaction=False)
        for name, amount in amounts:
            pipe.hincrbyfloat(figures.COUNTS_KEY, name, amount)
        pipe.execute()
    except RedisError as error:
        log.debug("A figure was not written: %s", error)
