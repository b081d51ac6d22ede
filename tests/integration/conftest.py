"""Workers in processes of their own, on the database and the bucket of the run."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from picturetalk_site.bucket import BUCKET, bucket_options
from picturetalk_site.environment import Environment

ROOT = Path(__file__).resolve().parents[2]
#: Long enough for the slowest machine; nothing here is about speed.
PATIENCE_S = 600.0

StartWorker = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture(autouse=True)
def bucket(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The site's own settings for a bucket, here and in the processes that a test starts."""
    if settings.DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
        pytest.fail("these tests want pytest --ds tests.integration.settings; make integration does it")
    from tests.integration.settings import BUCKET_SERVER

    environment = BUCKET_SERVER.environment()
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    storage = {**BUCKET, "OPTIONS": bucket_options(Environment(environment))}
    settings.STORAGES = {**settings.STORAGES, "default": storage}


@pytest.fixture
def owner(transactional_db: None) -> User:
    return User.objects.create_user("owner@example.com", "a long pass word", adult_declared_at=timezone.now())


@pytest.fixture
def start_worker(tmp_path: Path, redis_server: str, transactional_db: None) -> Iterator[StartWorker]:
    """Starts workers on the queues that are named; whatever still runs at the end of the test is killed."""
    running: list[subprocess.Popen[bytes]] = []
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.worker_settings", "TMPDIR": str(tmp_path)}

    def start(*queues: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "manage.py", "rqworker", "--worker-class", "gpu_worker.worker.EngineWorker", *queues]
        with (tmp_path / f"worker-{len(running)}.log").open("wb") as log:
            running.append(subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log))
        return running[-1]

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
            process.wait()


def wait_until(what: Callable[[], Any], folder: Path) -> None:
    """Until ``what`` is true; with the workers' words when it does not happen."""
    deadline = time.monotonic() + PATIENCE_S
    while not what():
        if time.monotonic() > deadline:
            logs = "\n".join(path.read_text(errors="replace")[-3000:] for path in folder.glob("worker-*.log"))
            pytest.fail(f"it did not happen; the workers said:\n{logs}")
        time.sleep(0.1)
