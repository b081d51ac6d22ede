"""The sockets: the present state first, then every change, and only to the owner. Over the real channel layer."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from accounts.models import User
from animator import realtime
from animator.models import Job
from animator.routing import websocket_urlpatterns
from animator.selectors.photo import photo_payload
from animator.services import job_run
from animator.services.job import cancel_job, create_job, delete_job
from tests.animator.conftest import finish_job, job_request, make_ready_photo, make_ready_speech

pytestmark = [pytest.mark.django_db(transaction=True)]


@sync_to_async
def prepare(jobs: int = 1) -> tuple[User, list[Job]]:
    user = User.objects.create_user(f"{uuid4().hex}@example.com", "x", adult_declared_at=timezone.now())
    made = [create_job(user, job_request(make_ready_photo(user), make_ready_speech(user))) for _ in range(jobs)]
    return user, made


def socket(path: str, user: User | AnonymousUser | None) -> WebsocketCommunicator:
    communicator = WebsocketCommunicator(URLRouter(websocket_urlpatterns), path)
    communicator.scope["user"] = user
    return communicator


async def next_message(communicator: WebsocketCommunicator) -> Any:
    return await communicator.receive_json_from(timeout=10)


async def closing_code(communicator: WebsocketCommunicator) -> int:
    connected, _ = await communicator.connect(timeout=10)
    assert connected
    message = await communicator.receive_output(timeout=10)
    assert message["type"] == "websocket.close"
    code: int = message["code"]
    return code


async def test_one_job_from_its_state_to_its_end() -> None:
    user, (job,) = await prepare()
    page = socket(f"/ws/jobs/{job.id}/", user)
    await page.connect()
    first = await next_message(page)
    assert (first["type"], first["id"], first["state"], first["queue_position"]) == ("job", str(job.id), "queued", 1)

    claimed = await sync_to_async(job_run.claim)(job.id, job.token, "w")
    assert claimed is not None
    assert (await next_message(page))["state"] == "processing"
    await sync_to_async(job_run.progress)(job.id, job.token, "render", 42.0, 3.0)
    told = await next_message(page)
    assert (told["stage"], told["percent"], told["eta_s"]) == ("render", 42.0, pytest.approx(3.0, abs=1))
    await sync_to_async(cancel_job)(user, job.id)
    assert (await next_message(page))["state"] == "cancelled"
    await sync_to_async(delete_job)(user, job.id)
    assert await next_message(page) == {"type": "job_deleted", "id": str(job.id)}
    await page.disconnect()


async def test_the_dashboard_hears_of_every_job_and_place() -> None:
    user, (first, second) = await prepare(2)
    dashboard = socket("/ws/jobs/", user)
    await dashboard.connect()
    hello = await next_message(dashboard)
    assert hello["type"] == "jobs"
    assert [(entry["id"], entry["queue_position"]) for entry in hello["jobs"]] == [
        (str(second.id), 2),
        (str(first.id), 1),
    ]
    await sync_to_async(cancel_job)(user, first.id)
    assert (await next_message(dashboard))["state"] == "cancelled"
    moved = await next_message(dashboard)
    assert (moved["id"], moved["queue_position"]) == (str(second.id), 1)
    await sync_to_async(finish_job)(second)
    states = [(await next_message(dashboard))["state"] for _ in range(2)]
    assert states == ["processing", "succeeded"]
    await dashboard.disconnect()


async def test_the_studio_hears_of_its_photo() -> None:
    user, _ = await prepare(0)
    studio = socket("/ws/jobs/", user)
    await studio.connect()
    await next_message(studio)
    photo = await sync_to_async(make_ready_photo)(user)
    payload = await sync_to_async(photo_payload)(photo)
    await sync_to_async(realtime.send_photo)(payload, user.id)
    assert await next_message(studio) == {**payload, "type": "photo"}
    await studio.disconnect()


async def test_a_quiet_socket_stays_open() -> None:
    """Longer than the layer waits for a message at a time (5 s)."""
    user, (job,) = await prepare()
    page = socket("/ws/jobs/", user)
    await page.connect()
    await next_message(page)
    assert await page.receive_nothing(timeout=6.5)
    await sync_to_async(cancel_job)(user, job.id)
    assert (await next_message(page))["state"] == "cancelled"
    await page.disconnect()


async def test_nobody_hears_of_anybody_elses() -> None:
    user, (job,) = await prepare()
    other, _ = await prepare(0)
    theirs = socket("/ws/jobs/", other)
    await theirs.connect()
    assert await next_message(theirs) == {"type": "jobs", "jobs": []}
    await sync_to_async(cancel_job)(user, job.id)
    assert await theirs.receive_nothing(timeout=0.5)
    await theirs.disconnect()


async def test_only_the_owner_may_listen_to_a_job() -> None:
    user, (job,) = await prepare()
    other, _ = await prepare(0)
    address = f"/ws/jobs/{job.id}/"
    assert await closing_code(socket(address, other)) == 4404
    assert await closing_code(socket(address, AnonymousUser())) == 4403
    assert await closing_code(socket(address, None)) == 4403
    assert await closing_code(socket("/ws/jobs/", AnonymousUser())) == 4403
    assert await closing_code(socket(f"/ws/jobs/{uuid4()}/", user)) == 4404
    moderator, _ = await prepare(0)
    moderator.is_moderator = moderator.is_staff = moderator.is_superuser = True
    await moderator.asave()
    assert await closing_code(socket(address, moderator)) == 4404


async def test_who_was_shut_out_may_not_listen() -> None:
    user, _ = await prepare(0)
    user.is_active = False
    assert await closing_code(socket("/ws/jobs/", user)) == 4403


@pytest.mark.parametrize("said", ["{}", "nonsense", '{"type": "state.changed", "payload": {}}', "x" * 10_000])
async def test_what_a_client_says_changes_nothing(said: str) -> None:
    user, _ = await prepare(0)
    page = socket("/ws/jobs/", user)
    await page.connect()
    await next_message(page)
    await page.send_to(text_data=said)
    await page.send_to(bytes_data=b"\x00")
    assert await page.receive_nothing(timeout=0.3)
    await page.disconnect()


def test_a_message_that_cannot_be_sent_costs_nothing(settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    from channels.layers import channel_layers

    layers = {
        "default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": ["redis://127.0.0.1:1"]}}
    }
    settings.CHANNEL_LAYERS = layers
    channel_layers.backends.clear()
    try:
        realtime.send_job_deleted(uuid4(), uuid4())
    finally:
        channel_layers.backends.clear()
    assert "was not sent" in caplog.text
