"""What every test may use."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """``tests/integration`` runs by itself, on the servers that its settings start (``make integration``)."""
    apart = collection_path == Path(__file__).parent / "integration"
    return True if apart and "PICTURETALK_TEST_SERVICES" not in os.environ else None


#: Files and folders whose tests share what takes seconds to make (a video, a trained network): one process takes each
#: of them as a whole, so that it is made once.
TOGETHER = (
    "animator/test_renditions.py",
    "animator/test_verify.py",
    "gpu_worker/cli/test_command_line.py",
    "gpu_worker/test_benchmark.py",
    "gpu_worker/test_conversation.py",
    "gpu_worker/test_pipeline.py",
    "gpu_worker/training",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    root = Path(__file__).parent
    for item in items:
        path = Path(str(item.path))
        for name in TOGETHER:
            if path.is_relative_to(root / name):
                item.add_marker(pytest.mark.xdist_group(name))


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """A real Redis of this test process; the value is its address."""
    from tests import settings as test_settings

    server = test_settings.TEST_REDIS

    process = subprocess.Popen(server.command(), stdout=subprocess.DEVNULL)
    client = redis.Redis.from_url(server.url)
    try:
        for _ in range(100):
            try:
                client.ping()
                break
            except redis.ConnectionError:
                time.sleep(0.05)
        else:
            pytest.fail("the bundled Redis did not start")
        yield server.url
    finally:
        client.close()
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture(autouse=True)
def _clean_redis(request: pytest.FixtureRequest) -> Iterator[None]:
    """Tests that touch the database also enqueue, send and count: they get a Redis that is empty."""
    uses_database = {"db", "transactional_db", "redis_server"} & set(request.fixturenames)
    marked = request.node.get_closest_marker("django_db") is not None
    if not (uses_database or marked or _is_django_case(request)):
        yield
        return
    url = request.getfixturevalue("redis_server")
    with redis.Redis.from_url(url) as client:
        client.flushall()
    yield


def _is_django_case(request: pytest.FixtureRequest) -> bool:
    from django.test import SimpleTestCase

    return bool(request.cls) and issubclass(request.cls, SimpleTestCase)


@pytest.fixture(autouse=True, scope="session")
def _append_only_tables_can_be_emptied() -> Iterator[None]:
    """Between tests that commit, Django empties every table; the ledgers refuse that, so they stand aside meanwhile.

    ``flush`` ends with the signal that puts their triggers back.
    """
    from django.core.management.commands import flush

    from animator import ledger

    original = flush.Command.handle

    def handle(self: flush.Command, **options: Any) -> None:
        ledger.remove_triggers(options["database"])
        original(self, **options)
        ledger.install_triggers(options["database"])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flush.Command, "handle", handle)
        yield
