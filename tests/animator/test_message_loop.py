"""Messages to pages: one connection to Redis for all that a process sends, and one that was lost is made again."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from uuid import uuid4

import django_rq
import pytest
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from redis import Redis

from animator import realtime
from animator.message_loop import MessageLoop

pytestmark = pytest.mark.usefixtures("redis_server")


@pytest.fixture
def own_loop(monkeypatch: pytest.MonkeyPatch) -> Iterator[MessageLoop]:
    """A loop of this test's own, without connections."""
    loop = MessageLoop(10.0)
    monkeypatch.setattr(realtime, "LOOP", loop)
    yield loop
    loop.close()


@pytest.fixture
def watch() -> Redis:
    """A connection of the test's own; Redis has counted it before anything else is."""
    connection = django_rq.get_connection("default")
    connection.ping()
    return connection


def connections(watch: Redis) -> int:
    """Connections that Redis has accepted since its start."""
    return int(watch.info("stats")["total_connections_received"])


def test_all_messages_of_a_process_share_one_connection(own_loop: MessageLoop, watch: Redis) -> None:
    before = connections(watch)
    for _ in range(20):
        realtime.send_job_deleted(uuid4(), uuid4())
    assert connections(watch) - before == 1
    layer = get_channel_layer()
    assert layer is not None
    async_to_sync(layer.group_send)("line", {"type": "line.moved"})
    assert connections(watch) - before == 2, "a loop of its own for each message would be a connection for each"


def test_a_connection_that_was_lost_is_made_again(
    own_loop: MessageLoop, watch: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    realtime.send_job_deleted(uuid4(), uuid4())
    before = connections(watch)
    watch.client_kill_filter(_type="normal", skipme=True)
    realtime.send_job_deleted(uuid4(), uuid4())
    assert connections(watch) - before == 1
    assert not caplog.records


def test_what_takes_too_long_is_given_up() -> None:
    loop = MessageLoop(0.05)
    ended: list[str] = []

    async def hang() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cancelled")

    async def nothing() -> int:
        return 7

    with pytest.raises(TimeoutError):
        loop.run(hang())
    loop._patience_s = 10.0
    assert loop.run(nothing()) == 7, "the loop goes on"
    assert ended == ["cancelled"]
    loop.close()
    assert loop.run(nothing()) == 7, "a closed one begins again"
    loop.close()


def test_a_forked_process_has_a_loop_of_its_own(own_loop: MessageLoop) -> None:
    async def process() -> int:
        return os.getpid()

    assert own_loop.run(process()) == os.getpid()
    child = os.fork()
    if not child:
        os._exit(0 if own_loop.run(process()) == os.getpid() else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
