"""Websockets: the present state on connect, then whatever changes. What a client sends is ignored.

The group is joined before the state is read, so that nothing is missed between the two; a change that comes twice does
no harm, since every message is a whole state.
"""

from __future__ import annotations

from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from accounts.models import User
from animator.models.job import Job
from animator.realtime import job_group, user_group
from animator.selectors.job import job_for_user, job_payload, job_payloads, jobs_for_user

#: Close codes: nobody is signed in; there is no such job of this user's.
SIGNED_OUT = 4403
NOT_FOUND = 4404


class _StateConsumer(AsyncJsonWebsocketConsumer):  # type: ignore[misc]  # Channels has no types
    group = ""

    async def connect(self) -> None:
        # Accepted first: a close code reaches the browser only over an open socket.
        await self.accept()
        user = self.scope.get("user")
        if not isinstance(user, User) or not user.is_active:
            await self.close(SIGNED_OUT)
            return
        try:
            self.group = await self.group_of(user)
            await self.channel_layer.group_add(self.group, self.channel_name)
            await self.send_json(await self.present_state(user))
        except Job.DoesNotExist:
            await self.close(NOT_FOUND)

    async def disconnect(self, code: int) -> None:
        if self.group:
            await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any) -> None:
        """Nothing that comes from the browser is acted upon."""

    async def state_changed(self, event: dict[str, Any]) -> None:
        """A message of ``animator.realtime``."""
        await self.send_json(event["payload"])
        if event["payload"].get("type") == "job_deleted":
            await self.deleted()

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
