"""What belongs to no noun: configuration, system checks, the limit on bodies, the scheduler, first looks at files."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from django.core import checks as django_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.test import Client

from animator import checks, ledger
from animator.conf import engine_config, longest_measuring_s, site_config
from animator.magic import looks_like_photo, looks_like_sound
from animator.models import Job
from animator.upload_limit import UploadLimit
from gpu_worker.config import EngineConfig
from gpu_worker.languages import LANGUAGES


def codes(found: list[django_checks.CheckMessage]) -> list[str | None]:
    assert all(message.hint for message in found)
    return [message.id for message in found]


def test_settings_replace_the_defaults(settings: Any) -> None:
    settings.PICTURETALK_HEARTBEAT_S = 1.5
    settings.RENDER_TIMEOUT = 99
    assert (site_config().heartbeat_s, site_config().job_timeout_s) == (1.5, 99)


@pytest.mark.parametrize(("longest", "measuring"), [(600.0, 1200), (60.0, 300), (1800.0, 3600)])
def test_longer_sound_has_longer_to_be_measured(longest: float, measuring: int, settings: Any) -> None:
    settings.ENGINE_CONFIG = replace(engine_config(), max_sound_seconds=longest)
    assert longest_measuring_s() == measuring


@pytest.mark.parametrize("value", ["3", -1, True, None])
def test_a_bad_setting_is_named(value: object, settings: Any) -> None:
    settings.PICTURETALK_HEARTBEAT_S = value
    with pytest.raises(ImproperlyConfigured, match="PICTURETALK_HEARTBEAT_S"):
        site_config()
    assert codes(checks.configuration(None)) == ["animator.E001"]


def test_the_engine_gets_its_own_configuration_only(settings: Any) -> None:
    settings.ENGINE_CONFIG = {"fps": 25}
    with pytest.raises(ImproperlyConfigured, match="ENGINE_CONFIG"):
        engine_config()


@pytest.mark.django_db
def test_a_complete_site_passes_its_checks() -> None:
    assert django_checks.run_checks(databases=["default"]) == []


def test_clocks_that_do_not_fit_together(settings: Any) -> None:
    settings.PICTURETALK_STALE_AFTER_S = 4
    assert codes(checks.configuration(None)) == ["animator.E002"]


def test_a_missing_queue(settings: Any) -> None:
    settings.RQ_QUEUES = {"inspect": {}}
    assert codes(checks.queues(None)) == ["animator.E003"]


def test_a_layer_that_workers_do_not_share(settings: Any) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    assert codes(checks.channel_layer(None)) == ["animator.W001"]


def test_private_files_among_public_ones(settings: Any) -> None:
    settings.MEDIA_ROOT = f"{settings.STATIC_ROOT}/media"
    assert codes(checks.media_storage(None)) == ["animator.E005"]


def test_s3_without_its_library(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": "storages.backends.s3.S3Storage"}}
    assert codes(checks.media_storage(None)) == ["animator.E004"]


@pytest.mark.django_db
def test_a_database_without_its_guards() -> None:
    ledger.remove_triggers()
    assert codes(checks.ledger(None, databases=["default"])) == ["animator.E007"]
    ledger.install_triggers()


async def asgi(headers: list[tuple[bytes, bytes]], chunks: list[bytes]) -> tuple[list[Any], list[Any]]:
    """What an application behind the limit received, and what was sent."""
    received: list[Any] = []
    sent: list[Any] = []
    waiting = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]

    async def receive() -> Any:
        return waiting.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        received.extend([await receive() for _ in chunks])

    await UploadLimit(application)({"type": "http", "headers": headers}, receive, send)
    return received, sent


async def test_a_body_announced_too_large_is_refused_before_it_is_read(settings: Any) -> None:
    settings.ENGINE_CONFIG = EngineConfig(max_photo_bytes=10, max_sound_bytes=20)
    for length in (b"9999999", b"1e3", b"-5", b"9" * 400):
        received, sent = await asgi([(b"content-length", length)], [b"x"])
        assert received == []
        assert sent[0]["status"] == 413
        assert json.loads(sent[1]["body"])["error"] == "file_too_large"


async def test_a_body_that_grows_too_large_ends(settings: Any) -> None:
    settings.ENGINE_CONFIG = EngineConfig(max_photo_bytes=10, max_sound_bytes=20)
    received, sent = await asgi([], [b"x" * 600_000, b"x" * 600_000])
    assert [message["type"] for message in received] == ["http.request", "http.disconnect"]
    assert sent[0]["status"] == 413
    received, sent = await asgi([(b"content-length", b"5")], [b"hello"])
    assert (received[0]["body"], sent) == (b"hello", [])


@pytest.mark.django_db
def test_the_scheduler_does_everything_once(job: Job) -> None:
    call_command("scheduler", "--once")


def test_the_languages_are_for_everybody(client: Client) -> None:
    answer = client.get("/api/languages/").json()["languages"]
    assert [entry["code"] for entry in answer] == [language.code for language in LANGUAGES]
    assert answer[0]["voices"][0].keys() == {"id", "name"}


@pytest.mark.parametrize("method", ["post", "delete"])
def test_a_foreign_page_gets_json_from_the_api(method: str, owner: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    response = getattr(client, method)("/api/photos/00000000-0000-0000-0000-000000000000/")
    assert (response.status_code, response.json()["error"]) == (403, "csrf_failed")


@pytest.mark.parametrize(
    "head",
    [b"RIFF\x00\x00\x00\x00WAVE", b"ID3\x04", b"\xff\xfb\x90", b"\xff\xf1P", b"fLaC", b"OggS", b"\x1aE\xdf\xa3",
     b"\x00\x00\x00\x20ftypM4A ", b"#!AMR\n", b"FORM\x00\x00\x00\x00AIFF"],
)  # fmt: skip
def test_sounds_pass_the_first_look(head: bytes) -> None:
    assert looks_like_sound(head)


@pytest.mark.parametrize(
    "head", [b"", b"Hello", b"<html>", b"#EXTM3U", b"ffconcat", b"%PDF", b"\x89PNG\r\n\x1a\n", b"PK\x03\x04"]
)
def test_other_files_do_not(head: bytes) -> None:
    assert not looks_like_sound(head)
    assert looks_like_photo(head) == head.startswith(b"\x89PNG")


def test_the_api_speaks_json_even_where_there_is_nothing(signed_in: Client) -> None:
    response = signed_in.get("/api/nothing/")
    assert (response.status_code, response.json()["error"]) == (404, "not_found")
    assert "text/html" in signed_in.get("/nothing/")["Content-Type"]


def test_the_api_speaks_json_even_when_it_breaks(signed_in: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("animator.api.job.jobs_for_user", broken)
    signed_in.raise_request_exception = False
    response = signed_in.get("/api/jobs/")
    assert (response.status_code, response.json()["error"]) == (500, "server_error")
    assert "a bug" not in response.content.decode()
