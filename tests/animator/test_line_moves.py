"""A busy queue does not speak to every open page at every step; what is left unsaid is said a little later."""

from __future__ import annotations

from typing import Any

import pytest

from animator import realtime


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, redis_server: str) -> list[str]:
    found: list[str] = []

    def message(group: str, message: dict[str, Any]) -> None:
        found.append(f"{group}: {message['type']}")

    monkeypatch.setattr(realtime, "_message", message)
    return found


def test_a_quiet_queue_is_told_at_once(said: list[str]) -> None:
    for _ in range(3):
        realtime.send_line_moved()
    assert said == ["line: line.moved"] * 3
    assert not realtime.send_late_move()
    assert len(said) == 3


def test_a_busy_queue_is_told_seldom_and_at_last(said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(realtime, "MOVES_IN_S", 3600)
    for _ in range(10 * realtime.MOVES):
        realtime.send_line_moved()
    assert len(said) == realtime.MOVES
    assert realtime.send_late_move()
    assert len(said) == realtime.MOVES + 1
    assert not realtime.send_late_move(), "once is enough"


def test_without_redis_it_is_told_as_ever(said: list[str], settings: Any) -> None:
    away = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {**settings.CACHES, "default": away}
    realtime.send_line_moved()
    assert said == ["line: line.moved"]
    assert not realtime.send_late_move()
