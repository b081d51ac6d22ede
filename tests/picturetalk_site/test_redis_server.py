"""The bundled Redis: on loopback, behind a password, with a memory."""

from __future__ import annotations

import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from picturetalk_site.redis_server import RedisServer, bundled


@contextmanager
def running(server: RedisServer) -> Iterator[redis.Redis]:
    process = subprocess.Popen(server.command(), stdout=subprocess.DEVNULL)
    client = redis.Redis.from_url(server.url)
    try:
        for _ in range(200):
            try:
                client.ping()
                break
            except redis.ConnectionError:
                time.sleep(0.05)
        yield client
    finally:
        client.close()
        process.terminate()
        process.wait(timeout=20)


def test_what_was_queued_is_there_after_a_restart(tmp_path: Path) -> None:
    with running(bundled(tmp_path / "redis")) as client:
        client.rpush("queue", "job")
    with running(bundled(tmp_path / "redis")) as client:
        assert client.lrange("queue", 0, -1) == [b"job"]


def test_nobody_enters_without_the_password(tmp_path: Path) -> None:
    server = bundled(tmp_path / "redis")
    stranger = redis.Redis(host="127.0.0.1", port=server.port)
    with running(server), pytest.raises(redis.AuthenticationError):
        stranger.ping()
    stranger.close()


def test_the_password_is_read_by_its_owner_alone(tmp_path: Path) -> None:
    server = bundled(tmp_path / "redis")
    assert stat.S_IMODE(server.config_file.stat().st_mode) == 0o600
    assert server.password not in " ".join(server.command())
    assert "bind 127.0.0.1\n" in server.config_file.read_text()
