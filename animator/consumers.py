"""Websockets: the present state on connect, then whatever changes. What a client sends is ignored.

The group is joined before the state is read, so that nothing is missed between the two; a change that comes twice does
no harm, since every message is a whole state.
"""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from accounts.models import User
from animator.models.job import Job
from animator.realtime import LINE, job_group, user_group
from animator.selectors.job import job_for_user, job_payload, job_payloads, jobs_for_user, waiting_payloads
from animator.selectors.standing import standing

#: Close codes: nobody is signed in; there is no such job of this user's.
SIGNED_OUT = 4403
NOT_FOUND = 4404
#: Moves of the queue within so many seconds are answered together.
LINE_PAUSE_S = 1.0


def _is_suspended(user: User) -> bool:
    return standing(user).suspended is not None


class _StateConsumer(AsyncJsonWebsocketConsumer):  # type: ignore[misc]  # Channels has no types
    group = ""

    async def connect(self) -> None:
        # Accepted first: a close code reaches the browser only over an open socket.
        await self.accept()
        #: The places that were told last, by job.
        self.places: dict[str, int] = {}
        self.look_up: asyncio.Task[None] | None = None
        user = self.scope.get("user")
        if not isinstance(user, User) or not user.is_active or await database_sync_to_async(_is_suspended)(user):
            await self.close(SIGNED_OUT)
            return
        try:
            self.group = await self.group_of(user)
            for group in (self.group, LINE):
                await self.channel_layer.group_add(group, self.channel_name)
            await self.tell(await self.present_state(user))
        except Job.DoesNotExist:
            await self.close(NOT_FOUND)

    async def disconnect(self, code: int) -> None:
        if self.group:
            for group in (self.group, LINE):
                await self.channel_layer.group_discard(group, self.channel_name)
        if self.look_up is not None:
            self.look_up.cancel()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any) -> None:
        """Nothing that comes from the browser is acted upon."""

    async def state_changed(self, event: dict[str, Any]) -> None:
        """A message of ``animator.realtime``."""
        await self.tell(event["payload"])
        if event["payload"].get("type") == "job_deleted":
            await self.deleted()

    async def line_moved(self, event: dict[str, Any]) -> None:
        """The queue has moved: look up the places that are shown here, once for all moves of a moment."""
        if self.places and (self.look_up is None or self.look_up.done()):
            self.look_up = asyncio.create_task(self.tell_places())

    async def tell_places(self) -> None:
        """Send the jobs whose place has changed."""
        await asyncio.sleep(LINE_PAUSE_S)
        user, told = self.scope["user"], dict(self.places)
        payloads = await database_sync_to_async(lambda: waiting_payloads(user, [UUID(key) for key in told]))()
        for payload in payloads:
            if payload["queue_position"] != told.get(payload["id"]):
                await self.tell(payload)

    async def tell(self, payload: dict[str, Any]) -> None:
        """Send a message, and remember the places that it told."""
        for job in payload["jobs"] if payload.get("type") == "jobs" else [payload]:
            self.places.pop(job.get("id", ""), None)
            if job.get("type") == "job" and job.get("queue_position"):
                self.places[job["id"]] = job["queue_position"]
        await self.send_json(payload)

    async def deleted(self) -> None:
        """A job is gone; a socket of that job alone has nothing more to say."""

    async def group_of(self, user: User) -> str:
        raise TypeError("a consumer says which group it listens to")

    async def present_state(self, user: User) -> dict[str, Any]:
        raise TypeError("a consumer says what it sends first")


class JobsConsumer(_StateConsumer):
    """All of a user's jobs, and the checks of their uploads."""

    async def group_of(self, user: User) -> str:
        return user_group(user.id)

    async def present_state(self, user: User) -> dict[str, Any]:
        payloads = await database_sync_to_async(lambda: job_payloads(jobs_for_user(user)))()
        return {"type": "jobs", "jobs": payloads}


class JobConsumer(_StateConsumer):
    """One job of the user's own."""

    async def group_of(self, user: User) -> str:
        job = await database_sync_to_async(job_for_user)(user, self.scope["url_route"]["kwargs"]["job_id"])
        return job_group(job.id)

    async def present_state(self, user: User) -> dict[str, Any]:
        job_id = self.scope["url_route"]["kwargs"]["job_id"]
        payload: dict[str, Any] = await database_sync_to_async(lambda: job_payload(job_for_user(user, job_id)))()
        return payload

    async def deleted(self) -> None:
        await self.close(NOT_FOUND)
