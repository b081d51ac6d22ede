"""Live previews: sound through the socket, Redis, a live worker and the real model, and what ends a session."""

from __future__ import annotations

import json
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
import redis
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from accounts.models import User
from animator import live_consumer, live_line, presence
from animator.errors import SiteError
from animator.services import live
from gpu_worker import live_worker
from gpu_worker.live_worker import LiveWorker, Session, promoted_session
from gpu_worker.schema import CONTROL
from gpu_worker.sound_motion.stream import SoundStream
from tests.animator.test_consumers import closing_code, socket

pytestmark = [pytest.mark.django_db(transaction=True)]

#: 40 ms.
PIECE = 640


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here is about speed: a busy machine may take its time."""
    monkeypatch.setattr(live_line, "PATIENCE_S", 60.0)


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[LiveWorker]:
    monkeypatch.setattr(live_worker, "LATE_S", 60.0)
    with serving() as one:
        yield one


@contextmanager
def serving(name: str = "live-test") -> Iterator[LiveWorker]:
    """A live worker in a thread; in the end it is told to end, and does."""
    one = LiveWorker(name)
    thread = threading.Thread(target=one.run)
    thread.start()
    try:
        yield one
    finally:
        one.over.set()
        thread.join(timeout=30)
        assert not thread.is_alive()


@sync_to_async
def somebody() -> User:
    return User.objects.create_user(f"{uuid4().hex}@example.com", "x", adult_declared_at=timezone.now())


def piece(first: int, samples: Any) -> bytes:
    return struct.pack("<I", first) + np.asarray(samples, "<i2").tobytes()


def tone(seconds: float) -> Any:
    """Something like a voice: harmonics of 120 Hz."""
    at = np.arange(int(seconds * live_line.RATE)) / live_line.RATE
    return (sum(np.sin(2 * np.pi * 120 * k * at) / k for k in range(1, 12)) * 6000).astype("<i2")


async def begun(user: User) -> WebsocketCommunicator:
    page = socket("/ws/live/", user)
    assert (await page.connect(timeout=60))[0]
    hello = json.loads(await page.receive_from(timeout=60))
    assert hello == {
        "type": "live", "rate": 16000, "frame_rate": 50, "controls": list(CONTROL),
    }  # fmt: skip
    return page


async def ended(page: WebsocketCommunicator) -> int:
    while True:
        message = await page.receive_output(timeout=60)
        if message["type"] == "websocket.close":
            code: int = message["code"]
            # As a server does, once the socket is closed.
            await page.disconnect()
            return code


async def refused(page: WebsocketCommunicator) -> int:
    """The code with which a session ends before it begins."""
    code = await closing_code(page)
    await page.disconnect()
    return code


def frames_of(message: bytes) -> list[tuple[int, tuple[float, ...]]]:
    return [(one[0], one[1:]) for one in live_line.FRAME.iter_unpack(message)]


async def collect(page: WebsocketCommunicator, count: int) -> list[tuple[int, tuple[float, ...]]]:
    found: list[tuple[int, tuple[float, ...]]] = []
    while len(found) < count:
        found += frames_of(await page.receive_from(timeout=60))
    return found


async def test_sound_becomes_the_frames_that_the_model_gives(worker: LiveWorker) -> None:
    page = await begun(await somebody())
    sound = tone(0.4)
    for at in range(0, len(sound), PIECE):
        await page.send_to(bytes_data=piece(at, sound[at : at + PIECE]))
    stream = SoundStream(50.0)
    expected = stream.push(sound.astype(np.float32) / 32768.0)
    found = await collect(page, len(expected))
    assert [sample for sample, _ in found] == [320 * index for index in range(len(expected))]
    np.testing.assert_allclose([values for _, values in found], expected, atol=1e-5)
    assert len(expected) >= 12
    await page.disconnect()
    # The worker hears of it at once, and nothing of the session is left in Redis.
    for _ in range(100):
        if not worker._sessions:
            break
        await sync_to_async(worker.over.wait)(0.05)
    assert not worker._sessions
    with redis.Redis.from_url(settings.REDIS_URL) as line:
        assert not list(line.keys("picturetalk:live:*"))


async def test_who_is_not_signed_in_is_refused() -> None:
    assert await refused(socket("/ws/live/", AnonymousUser())) == 4403
    assert await refused(socket("/ws/live/", None)) == 4403


async def test_a_frozen_account_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(user: User) -> None:
        raise SiteError("account_frozen", "Your account is frozen.", status=403)

    monkeypatch.setattr(live, "check_may_make", refuse)
    assert await refused(socket("/ws/live/", await somebody())) == live_consumer.REFUSED


async def test_nobody_serves_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_line, "PATIENCE_S", 0.2)
    assert await refused(socket("/ws/live/", await somebody())) == live_consumer.NOT_SERVED


async def test_a_second_page_takes_over(worker: LiveWorker) -> None:
    user = await somebody()
    first = await begun(user)
    second = await begun(user)
    assert await ended(first) == live_consumer.ELSEWHERE
    await second.send_to(bytes_data=piece(0, tone(0.1)))
    await second.send_to(bytes_data=piece(1600, tone(0.1)))
    assert await collect(second, 1)
    await second.disconnect()


async def test_what_is_no_sound_ends_the_session(worker: LiveWorker) -> None:
    user = await somebody()
    for said in (b"\x00", b"odd" * 3, b"\x00" * (live.LARGEST_PIECE + 2)):
        page = await begun(user)
        await page.send_to(bytes_data=said)
        assert await ended(page) == live_consumer.BAD_SOUND
    page = await begun(user)
    await page.send_to(text_data="words")
    assert await ended(page) == live_consumer.BAD_SOUND


async def test_a_worker_that_ends_says_so() -> None:
    with serving() as worker:
        page = await begun(await somebody())
        worker.over.set()
        assert await ended(page) == live_consumer.NOT_SERVED


async def test_a_worker_that_vanished_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_consumer, "SILENT_S", 0.2)
    monkeypatch.setattr(live, "RENEW_EVERY_S", 0.05)
    with serving() as worker:
        page = await begun(await somebody())
        monkeypatch.setattr(worker, "_hear", lambda key, pieces: None)
        for number in range(20):
            await page.send_to(bytes_data=piece(PIECE * number, tone(0.04)))
            await sync_to_async(worker.over.wait)(0.03)
        assert await ended(page) == live_consumer.NOT_SERVED


async def test_time_runs_out(worker: LiveWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LONGEST_S", 0.1)
    monkeypatch.setattr(live, "RENEW_EVERY_S", 0.05)
    page = await begun(await somebody())
    assert await ended(page) == live_consumer.TIME_OVER


async def test_a_full_worker_takes_no_more(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.LIVE_SESSIONS = 1
    with serving():
        first = await begun(await somebody())
        monkeypatch.setattr(live_line, "PATIENCE_S", 0.3)
        assert await refused(socket("/ws/live/", await somebody())) == live_consumer.NOT_SERVED
        await first.disconnect()
        monkeypatch.setattr(live_line, "PATIENCE_S", 60.0)
        again = await begun(await somebody())
        await again.disconnect()


def test_the_worker_is_present_as_long_as_it_serves() -> None:
    assert not live.is_served()
    with serving() as worker:
        for _ in range(200):
            if live.is_served():
                break
            worker.over.wait(0.05)
        assert presence.workers_of(live_line.SERVICE) == {"live-test"}
    assert not live.is_served()


def test_only_as_much_sound_passes_as_time_has_passed() -> None:
    meter = live.Meter()
    assert meter.passes(piece(0, [0] * 1600))
    assert not meter.passes(piece(0, [0] * 1600))  # came already
    # Sound of 48 kHz sent as 16 kHz soon is ahead of the clock, and so is a number that leaps.
    assert not meter.passes(piece(60 * 16000, [0] * 100))
    assert meter.passes(piece(1600, [0] * 1600))
    meter.started -= 3
    assert meter.passes(piece(3 * 16000, [0] * 1600))


def test_what_was_dropped_leaves_a_gap_and_no_shift() -> None:
    session, sound = Session(), tone(0.8)
    now = session.begun
    early: list[tuple[int, tuple[float, ...]]] = []
    late: list[tuple[int, tuple[float, ...]]] = []
    for at in range(0, len(sound), PIECE):
        now += PIECE / live_line.RATE
        if 3200 <= at < 6400:
            continue
        part = live_line.Piece(uuid4(), at, sound[at : at + PIECE].tobytes())
        (early if at < 3200 else late).extend(frames_of(session.hear([part], now)))
    assert session.missing == 3200
    assert early[-1][0] < 3200
    assert late[-1][0] > len(sound) - 0.2 * live_line.RATE


def test_what_comes_too_late_is_dropped() -> None:
    session = Session()
    sound = live_line.Piece(uuid4(), 0, tone(0.2).tobytes())
    assert session.hear([sound], session.begun + 0.2)
    stale = live_line.Piece(uuid4(), 3200, tone(0.2).tobytes())
    assert session.hear([stale], session.begun + 0.4 + 2 * live_worker.LATE_S) == b""
    assert session.missing == 0
    fresh = live_line.Piece(uuid4(), 6400, tone(0.2).tobytes())
    assert session.hear([fresh], session.begun + 0.6)
    assert session.missing == 3200


def test_what_gathered_is_the_same_in_one_go() -> None:
    sound, key = tone(0.4), uuid4()
    pieces = [live_line.Piece(key, at, sound[at : at + PIECE].tobytes()) for at in range(0, len(sound), PIECE)]
    one, other = Session(), Session()
    together = one.hear(pieces, one.begun + 0.4)
    apart = b"".join(other.hear([part], other.begun + 0.4) for part in pieces)
    for (first, values), (second, others) in zip(frames_of(together), frames_of(apart), strict=True):
        assert first == second
        np.testing.assert_allclose(values, others, atol=1e-4)


@pytest.mark.parametrize("message", [b"", b"x" * 19, b"x" * 21])
def test_what_is_no_piece_is_not_taken_for_one(message: bytes) -> None:
    with pytest.raises(ValueError, match="no piece"):
        live_line.unpack_piece(message)


def test_every_session_asks_which_model_is_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr("gpu_worker.live_worker.use_promoted_models", lambda: asked.append(True))
    promoted_session()
    promoted_session()
    assert asked == [True, True]
