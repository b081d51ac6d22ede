"""``/ws/live/``: sound from a page's microphone in, controls of a face out, for as long as the page is open.

The page sends pieces as ``animator.live_line`` describes them (without the session); it gets one message of JSON,
``{"type": "live", "rate", "frame_rate", "controls"}``, once a worker has taken the session, then frames in binary. What
cannot be carried on in time is dropped, never queued. Close codes say why it ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any
from uuid import uuid4

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from redis.asyncio import Redis
from redis.exceptions import RedisError

from accounts.models import User
from animator import live_line
from animator.consumers import SIGNED_OUT
from animator.services import live
from gpu_worker.errors import InputError
from gpu_worker.schema import CONTROLS

#: Close codes: what came was no sound; not now (frozen, too often); the two minutes are over; another page of the same
#: person took over; nobody serves it, or whoever did is gone.
BAD_SOUND, REFUSED, TIME_OVER, ELSEWHERE, NOT_SERVED = 4400, 4429, 4408, 4409, 4503
#: A worker that hears sound and says nothing for so long is taken for gone, seconds.
SILENT_S = 2.5
#: A piece that waits longer than this for Redis is dropped, seconds.
LATE_S = 0.25


#: What a page is told once a worker has its session.
_HELLO = json.dumps(
    {"type": "live", "rate": live_line.RATE, "frame_rate": live_line.FRAME_RATE, "controls": list(CONTROLS)}
)


class LiveConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # Channels has no types
    #: It hears nothing of the site's groups: there is no such layer, and so no connection that waits for its messages.
    channel_layer_alias = "none"

    async def connect(self) -> None:
        # Accepted first: a close code reaches the browser only over an open socket.
        await self.accept()
        self.session, self.worker = uuid4(), ""
        self.tasks: list[asyncio.Task[None]] = []
        self.redis: Redis | None = None
        self.heard = self.told = asyncio.get_running_loop().time()
        user = self.scope.get("user")
        if not isinstance(user, User) or not user.is_active:
            await self.close(SIGNED_OUT)
            return
        self.owner = user
        try:
            await database_sync_to_async(live.begin)(user, self.session)
        except InputError:
            await self.close(REFUSED)
            return
        except RedisError:
            await self.close(NOT_SERVED)
            return
        self.meter = live.Meter()
        self.redis = Redis.from_url(settings.REDIS_URL)
        self.tasks = [asyncio.create_task(self.listen()), asyncio.create_task(self.watch())]

    async def disconnect(self, code: int) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        if self.redis is None:
            return
        with contextlib.suppress(RedisError):
            await self.redis.lrem(live_line.ASKED, 0, self.session.hex)
            if self.worker:
                await self.redis.publish(live_line.sound_channel(self.worker), live_line.pack_end(self.session))
        await self.redis.aclose()
        await database_sync_to_async(live.end)(self.owner.pk, self.session)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any) -> None:
        """A piece of sound; anything else ends the session."""
        if self.redis is None:
            return
        try:
            passes = self.meter.passes(bytes_data or b"")
        except ValueError:
            await self.close(BAD_SOUND)
            return
        # Before a worker is there nobody hears it.
        if not passes or not self.worker:
            return
        try:
            message = live_line.pack_piece(self.session, bytes_data or b"")
            async with asyncio.timeout(LATE_S):
                await self.redis.publish(live_line.sound_channel(self.worker), message)
            self.told = asyncio.get_running_loop().time()
        except TimeoutError:
            pass
        except RedisError:
            await self.close(NOT_SERVED)

    async def listen(self) -> None:
        """Ask for a worker, then pass on what it sends."""
        assert self.redis is not None  # noqa: S101 - begun after it was made
        try:
            async with self.redis.pubsub() as line:
                await line.subscribe(live_line.frames_channel(self.session))
                await self.redis.rpush(live_line.ASKED, self.session.hex)
                await self.redis.expire(live_line.ASKED, 60)
                async for message in line.listen():
                    if message["type"] == "message":
                        await self.pass_on(message["data"])
        except RedisError:
            await self.close(NOT_SERVED)

    async def pass_on(self, content: bytes) -> None:
        """What the worker sends."""
        self.heard = asyncio.get_running_loop().time()
        if content == live_line.OVER:
            await self.close(NOT_SERVED)
        elif content.startswith(live_line.TAKEN):
            self.worker = content[len(live_line.TAKEN) :].decode()
            self.told = self.heard
            await self.send(text_data=_HELLO)
        else:
            await self.send(bytes_data=content)

    async def watch(self) -> None:
        """Once a second: is anybody there, is the session still this page's, is its time over?"""
        begun = asyncio.get_running_loop().time()
        while True:
            await asyncio.sleep(live.RENEW_EVERY_S)
            now = asyncio.get_running_loop().time()
            waits = not self.worker and now - begun > live_line.PATIENCE_S
            # Sound went out lately, and for long nothing came back.
            deaf = bool(self.worker) and self.told - self.heard > SILENT_S
            if waits or deaf:
                await self.close(NOT_SERVED)
            elif self.meter.is_over:
                await self.close(TIME_OVER)
            elif not await database_sync_to_async(live.is_held)(self.owner.pk, self.session):
                await self.close(ELSEWHERE)
            else:
                continue
            return
