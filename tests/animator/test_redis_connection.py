"""One client for all that a process asks of Redis; a connection that was lost is made again, unnoticed."""

from __future__ import annotations

import pytest
from redis import Redis

from animator import figures, presence, queue
from animator.redis_connection import redis_connection
from animator.services import figure
from tests.animator.test_message_loop import connections, watch

pytestmark = pytest.mark.usefixtures("redis_server")

__all__ = ["watch"]


def use_all() -> None:
    figure.count(figures.VIDEOS, verdict="green")
    presence.say_served("w", ["render-cpu"])
    assert presence.is_served("render-cpu")
    assert queue.waiting(queue.INSPECT) == frozenset()
    assert queue.running(queue.INSPECT) == frozenset()
    queue.withdraw(queue.INSPECT, "no-such-message")


def test_what_is_asked_later_needs_no_connection_of_its_own(watch: Redis) -> None:
    redis_connection().ping()
    before = connections(watch)
    for _ in range(5):
        use_all()
    assert connections(watch) == before


def test_a_connection_that_was_lost_is_made_again(watch: Redis) -> None:
    redis_connection().ping()
    before = connections(watch)
    watch.client_kill_filter(_type="normal", skipme=True)
    use_all()
    assert connections(watch) == before + 1
    assert redis_connection().hlen(figures.COUNTS_KEY) == 1, "no figure was lost"
