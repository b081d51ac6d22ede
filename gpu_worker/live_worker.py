"""``python -m gpu_worker.live_worker``: hears the sound of live previews and says what a face does, as it comes in.

A process of its own, so that no other work delays it. It takes sessions from ``animator.live_line`` as long as it has
room, answers each piece of sound with the frames that it makes sure of, and drops what comes too late. Sound lives in
memory for as long as the model needs it, a fraction of a second, and nowhere else.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import cast
from uuid import UUID

import django
import numpy as np

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "picturetalk_site.settings")
if __name__ == "__main__":
    django.setup()

from django.conf import settings
from django.db import close_old_connections
from redis import Redis
from redis.exceptions import RedisError

from animator import live_line, presence
from animator.conf import site_config
from animator.services.live import LONGEST_S, most_sessions
from gpu_worker.schema import FloatArray
from gpu_worker.sound_motion.stream import SoundStream
from gpu_worker.tasks.sound_model import use_promoted_models
from picturetalk_site.probe import Pulse

log = logging.getLogger(__name__)

#: A session that sends nothing for so long is over, seconds.
SILENT_S = 5.0
#: Sound that is so far behind the least delay of its session is dropped, seconds.
LATE_S = 0.3
#: Pause before another try when Redis is away, seconds.
AWAY_S = 1.0


@dataclass
class Session:
    """One microphone: the model's memory of it, and where on the session's clock its sound lies."""

    stream: SoundStream = field(default_factory=lambda: SoundStream(live_line.FRAME_RATE))
    begun: float = field(default_factory=time.monotonic)
    last_heard: float = field(default_factory=time.monotonic)
    #: Samples that never came, so far; the next sample; frames given; the least delay seen.
    missing: int = 0
    _next: int = 0
    _frames: int = 0
    _least: float = float("inf")

    def hear(self, pieces: Sequence[live_line.Piece], now: float) -> bytes:
        """The frames that pieces make sure of, as they travel; those that are late or out of order do not count.

        What has gathered while the processor was elsewhere is taken in one go, which costs less than piece by piece.
        """
        self.last_heard = now
        taken = [samples for piece in pieces if (samples := self._taken(piece, now)) is not None]
        return self._packed(self.stream.push(np.concatenate(taken))) if taken else b""

    def _taken(self, piece: live_line.Piece, now: float) -> FloatArray | None:
        samples = np.frombuffer(piece.samples, "<i2").astype(np.float32) / 32768.0
        delay = now - self.begun - (piece.first + len(samples)) / live_line.RATE
        self._least = min(self._least, delay)
        if piece.first < self._next or delay - self._least > LATE_S:
            return None
        self.missing += piece.first - self._next
        self._next = piece.first + len(samples)
        return samples

    def is_over(self, now: float) -> bool:
        return now - self.last_heard > SILENT_S or now - self.begun > LONGEST_S + SILENT_S

    def _packed(self, frames: FloatArray) -> bytes:
        step = live_line.RATE // live_line.FRAME_RATE
        packed = bytearray()
        for values in frames:
            packed += live_line.FRAME.pack(self._frames * step + self.missing, *values.tolist())
            self._frames += 1
        return bytes(packed)


def promoted_session() -> Session:
    """A session that hears with the model that is in use now (``animator.services.sound_model``)."""
    close_old_connections()
    use_promoted_models()
    return Session()


class LiveWorker:
    """Serves sessions until told to end."""

    def __init__(self, name: str = "", new_session: Callable[[], Session] = promoted_session) -> None:
        self.name = name or f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
        self.over = threading.Event()
        self._new_session = new_session
        self._sessions: dict[UUID, Session] = {}
        self._lock = threading.Lock()
        # A wait for a message lasts a second at most; the socket's own limit must be longer.
        self._redis = Redis.from_url(settings.REDIS_URL, socket_timeout=30)

    def run(self) -> None:
        """Load the model, then take and serve sessions."""
        self._new_session().stream.push(np.zeros(live_line.RATE // 2, np.float32))
        asking = threading.Thread(target=self._with_redis, args=(self._take_sessions,), name="asking", daemon=True)
        with Pulse("live"):
            asking.start()
            self._with_redis(self._serve)
            asking.join(timeout=2 * AWAY_S)
            self._say_over()

    def _with_redis(self, work: Callable[[], None]) -> None:
        """Do ``work`` until it is over; again after a pause whenever Redis went away."""
        while not self.over.is_set():
            try:
                work()
            except RedisError as error:
                log.warning("Live previews wait, Redis is away: %s", error)
                with self._lock:
                    self._sessions.clear()
                self.over.wait(AWAY_S)

    def _take_sessions(self) -> None:
        """Whoever asks first gets the next free place; with none free, others may be quicker."""
        due = 0.0
        while not self.over.is_set():
            if time.monotonic() >= due:
                presence.say_served(self.name, [live_line.SERVICE])
                due = time.monotonic() + site_config().heartbeat_s
            if len(self._sessions) >= most_sessions():
                self.over.wait(0.2)
                continue
            asked = cast("tuple[bytes, bytes] | None", self._redis.blpop([live_line.ASKED], timeout=1))
            if asked is not None:
                self._take(UUID(asked[1].decode()))

    def _take(self, session: UUID) -> None:
        begun = self._new_session()
        with self._lock:
            self._sessions[session] = begun
        # Nobody listens any more: the page was closed while it waited.
        if not self._redis.publish(live_line.frames_channel(session), live_line.taken_by(self.name)):
            self._drop(session)

    def _serve(self) -> None:
        with self._redis.pubsub(ignore_subscribe_messages=True) as line:  # type: ignore[no-untyped-call]
            line.subscribe(live_line.sound_channel(self.name))
            while not self.over.is_set():
                gathered: dict[UUID, list[live_line.Piece]] = {}
                message = line.get_message(timeout=0.5)
                while message is not None:
                    self._gather(message["data"], gathered)
                    message = line.get_message()
                for key, pieces in gathered.items():
                    self._hear(key, pieces)
                self._forget_silent()

    def _gather(self, message: bytes, gathered: dict[UUID, list[live_line.Piece]]) -> None:
        try:
            piece = live_line.unpack_piece(message)
        except ValueError as error:
            log.warning("Something that is no sound came over the line: %s", error)
            return
        if piece.samples:
            gathered.setdefault(piece.session, []).append(piece)
        else:
            gathered.pop(piece.session, None)
            self._drop(piece.session)

    def _hear(self, key: UUID, pieces: list[live_line.Piece]) -> None:
        session = self._sessions.get(key)
        frames = session.hear(pieces, time.monotonic()) if session is not None else b""
        if frames:
            self._redis.publish(live_line.frames_channel(key), frames)

    def _forget_silent(self) -> None:
        now = time.monotonic()
        for key in [key for key, session in list(self._sessions.items()) if session.is_over(now)]:
            self._redis.publish(live_line.frames_channel(key), live_line.OVER)
            self._drop(key)

    def _drop(self, session: UUID) -> None:
        with self._lock:
            self._sessions.pop(session, None)

    def _say_over(self) -> None:
        """To everybody who is still served: look for another worker."""
        presence.leave(self.name, [live_line.SERVICE])
        try:
            for key in list(self._sessions):
                self._redis.publish(live_line.frames_channel(key), live_line.OVER)
        except RedisError:
            # They notice by themselves that nobody answers.
            return


def main() -> int:
    worker = LiveWorker()

    def end(signal_number: int, frame: FrameType | None) -> None:
        worker.over.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    worker.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
