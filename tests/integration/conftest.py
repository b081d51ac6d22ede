"""Workers in processes of their own, on the database and the bucket of the run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from picturetalk_site.bucket import BUCKET, bucket_options
from picturetalk_site.environment import Environment
from tests.engine_workers import Start, engine_workers


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
def start_worker(tmp_path: Path, redis_server: str, transactional_db: None) -> Iterator[Start]:
    """Starts workers on the queues that are named; whatever still runs at the end of the test is killed."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.worker_settings", "TMPDIR": str(tmp_path)}
    with engine_workers(tmp_path, environment) as start:
        yield start
