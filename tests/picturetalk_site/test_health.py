"""What process supervisors and browsers are told."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from redis.exceptions import ConnectionError as RedisGone

from picturetalk_site import health


def test_healthz_needs_nothing(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert "no-store" in answer.headers["Cache-Control"]
    assert client.post("/healthz").status_code == 405


@pytest.mark.django_db
def test_readyz_asks_the_database_and_redis(client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"database": True, "redis": True})


@pytest.mark.django_db
def test_readyz_says_what_is_missing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> None:
        raise RedisGone("no")

    def broken(*_: object) -> None:
        raise DatabaseError("no")

    monkeypatch.setattr(health, "get_connection", gone)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"database": True, "redis": False})
    with monkeypatch.context() as patch:
        patch.setattr(connection, "cursor", broken)
        answer = client.get("/readyz")
    assert answer.json() == {"database": False, "redis": False}


@pytest.mark.django_db
def test_every_page_has_its_headers(client: Client) -> None:
    answer = client.get("/accounts/login/")
    assert "script-src 'self';" in answer.headers["Content-Security-Policy"] + ";"
    assert "unsafe-inline" not in answer.headers["Content-Security-Policy"]
    assert "microphone=(self)" in answer.headers["Permissions-Policy"]
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["X-Frame-Options"] == "DENY"


@pytest.mark.django_db
def test_only_the_queue_pages_may_carry_scripts_of_their_own(admin_client: Client) -> None:
    assert "'unsafe-inline'" in admin_client.get("/admin/queues/").headers["Content-Security-Policy"]
    assert "'unsafe-inline'" not in admin_client.get("/admin/").headers["Content-Security-Policy"]
