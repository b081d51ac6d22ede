"""A new key is put in force without signing anybody out; without the old one everything it signed is void."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from animator.models import Job
from tests.animator.conftest import at, finish_job

OLD, NEW = "o" * 50, "n" * 50


@pytest.fixture
def signed(settings: Any, job: Job, client: Client) -> tuple[Client, str]:
    """A session and an address of media, both made under the old key."""
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = OLD, []
    done = finish_job(job)
    client.force_login(job.owner)
    return client, at(f"/media/results/{done.id}/video.mp4", job.owner)


@pytest.mark.django_db
def test_what_the_old_key_signed_stays_good(signed: tuple[Client, str], settings: Any) -> None:
    client, address = signed
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [OLD]
    assert client.get("/jobs/").status_code == 200
    assert client.get(address).status_code == 200
    # The session was signed anew when it was used: the old key can go.
    settings.SECRET_KEY_FALLBACKS = []
    assert client.get("/jobs/").status_code == 200
    assert client.get(address).status_code == 403


@pytest.mark.django_db
def test_without_the_old_key_nothing_of_it_counts(signed: tuple[Client, str], settings: Any, owner: User) -> None:
    client, address = signed
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, []
    assert client.get("/jobs/").status_code == 302
    client.force_login(owner)
    assert client.get(address).json()["error"] == "address_altered"
    assert client.get(address.split("?")[0], follow=True).status_code == 200, "the name leads to a fresh one"
