"""Private files: byte ranges, conditional requests, headers."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.test import AsyncClient, Client

from accounts.models import User
from animator import storage
from animator.models import Job
from animator.services.report import make_report
from tests.animator.conftest import at, finish_job

CONTENT = bytes(range(256)) * 4


@pytest.fixture
def video(job: Job, signed_in: Client) -> str:
    finish_job(job, CONTENT)
    return at(f"/media/results/{job.id}/video.mp4", job.owner)


def body(response: Any) -> bytes:
    return b"".join(response) if response.streaming else response.content


pytestmark = pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators")


def test_the_whole_file(signed_in: Client, video: str) -> None:
    response = signed_in.get(video)
    assert (response.status_code, body(response)) == (200, CONTENT)
    assert response["Content-Type"] == "video/mp4"
    assert response["Content-Length"] == "1024"
    assert response["Accept-Ranges"] == "bytes"
    assert response["Cache-Control"].startswith("private")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "Content-Disposition" not in response


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("bytes=0-0", 0, 0), ("bytes=10-19", 10, 19), ("bytes=1000-", 1000, 1023), ("bytes=-24", 1000, 1023),
     ("bytes=1000-99999", 1000, 1023), ("bytes=-99999", 0, 1023)],
)  # fmt: skip
def test_a_part(asked: str, first: int, last: int, signed_in: Client, video: str) -> None:
    response = signed_in.get(video, headers={"Range": asked})
    assert (response.status_code, body(response)) == (206, CONTENT[first : last + 1])
    assert response["Content-Range"] == f"bytes {first}-{last}/1024"
    assert response["Content-Length"] == str(last - first + 1)


@pytest.mark.parametrize("asked", ["bytes=1024-", "bytes=5000-6000", "bytes=-0"])
def test_a_part_that_is_not_there(asked: str, signed_in: Client, video: str) -> None:
    response = signed_in.get(video, headers={"Range": asked})
    assert response.status_code == 416
    assert response["Content-Range"] == "bytes */1024"


@pytest.mark.parametrize(
    "asked", ["bytes=5-2", "bytes=a-b", "lines=1-2", "bytes=0-1,5-6", "bytes=-", f"bytes={'9' * 5000}-", "bytes=٣-"]
)
def test_what_is_no_single_range_gets_the_whole(asked: str, signed_in: Client, video: str) -> None:
    response = signed_in.get(video, headers={"Range": asked})
    assert (response.status_code, body(response)) == (200, CONTENT)


def test_an_old_copy_gets_the_whole(signed_in: Client, video: str) -> None:
    first = signed_in.get(video)
    body(first)
    for condition, status in (
        (first["ETag"], 206), ('"other"', 200), (first["Last-Modified"], 206), ("Mon, 01 Jan 2001 00:00:00 GMT", 200),
        ("nonsense", 200),
    ):  # fmt: skip
        response = signed_in.get(video, headers={"Range": "bytes=0-9", "If-Range": condition})
        body(response)
        assert response.status_code == status, condition


def test_a_copy_that_is_still_good(signed_in: Client, video: str) -> None:
    etag = signed_in.head(video)["ETag"]
    assert signed_in.get(video, headers={"If-None-Match": f'"x", {etag}'}).status_code == 304
    assert signed_in.get(video, headers={"If-None-Match": '"x"'}).status_code == 200


def test_head_has_the_length_and_no_body(signed_in: Client, video: str) -> None:
    response = signed_in.head(video)
    assert (response.status_code, response.content, response["Content-Length"]) == (200, b"", "1024")


def test_a_download_is_an_attachment(signed_in: Client, video: str) -> None:
    response = signed_in.get(f"{video}&download=1")
    body(response)
    assert response["Content-Disposition"].startswith('attachment; filename="picturetalk-')


def test_a_file_that_is_gone_is_not_found(signed_in: Client, job: Job, video: str) -> None:
    storage.erase_runs(job.id)
    assert signed_in.get(video).status_code == 404


@pytest.mark.django_db(transaction=True)
async def test_it_streams_under_asgi(client: Client, django_user_model: Any) -> None:
    from asgiref.sync import sync_to_async

    from tests.animator.conftest import job_request, make_ready_photo, make_ready_speech

    def prepare() -> tuple[Any, str]:
        from django.utils import timezone

        from animator.services.job import create_job

        user = django_user_model.objects.create_user("a@example.com", "x", adult_declared_at=timezone.now())
        job = create_job(user, job_request(make_ready_photo(user), make_ready_speech(user)))
        finish_job(job, CONTENT)
        return user, at(f"/media/results/{job.id}/video.mp4", user)

    user, address = await sync_to_async(prepare)()
    browser = AsyncClient()
    await browser.aforce_login(user)
    response = await browser.get(address, headers={"Range": "bytes=100-"})
    assert response.status_code == 206
    blocks: Any = getattr(response, "streaming_content")  # noqa: B009 - unknown to the test client's types
    assert b"".join([block async for block in blocks]) == CONTENT[100:]


def test_paths_are_made_of_ids_alone() -> None:
    from uuid import UUID

    key = UUID(int=1)
    assert storage.upload_path("photos", key) == f"photos/{key}/source.bin"
    with pytest.raises(ValueError, match="content type"):
        storage.kept_path("photos", key, ".svg")
    with pytest.raises(ValueError, match="hexadecimal"):
        storage.result_folder(key, "../../etc")
    with pytest.raises(ValueError):
        storage.upload_path("photos", "../x")  # type: ignore[arg-type]


def test_a_name_leads_to_an_address_that_soon_expires(signed_in: Client, video: str, job: Job) -> None:
    name = video.split("?")[0]
    response = signed_in.get(f"{name}?download=1")
    assert (response.status_code, response["Cache-Control"]) == (302, "private, no-store")
    assert response["Location"] == f"{video}&download=1"
    part = signed_in.get(name, headers={"Range": "bytes=10-19"}, follow=True)
    assert (part.status_code, body(part)) == (206, CONTENT[10:20])


def test_an_old_address_is_refused_and_the_page_has_a_new_one(
    signed_in: Client, video: str, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 599)
    assert signed_in.head(video).status_code == 200
    monkeypatch.setattr(time, "time", lambda: now + 901)
    for headers in ({}, {"Range": "bytes=0-9"}):
        refused = signed_in.get(video, headers=headers)
        assert (refused.status_code, refused.json()["error"]) == (403, "address_expired")
    assert video not in signed_in.get(f"/jobs/{job.id}/").content.decode()
    assert signed_in.get(video.split("?")[0], follow=True).status_code == 200


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("until=", "until=9"),
        ("for=", "for=x"),
        ("video.mp4", "poster.jpg"),
        ("until=", "until=-"),
        ("until=", "until=\u0663"),
        ("&for=", "&fro="),
    ],
)
def test_an_altered_address_is_refused(old: str, new: str, signed_in: Client, video: str) -> None:
    refused = signed_in.get(video.replace(old, new))
    assert (refused.status_code, refused.json()["error"]) == (403, "address_altered")


def test_an_address_is_good_for_one_user_alone(client: Client, video: str, job: Job, moderator: User) -> None:
    make_report(job.owner, job.id, "fraud", "Not me.")
    client.force_login(moderator)
    assert client.get(video).json()["error"] == "address_altered"
    assert client.get(at(video.split("?")[0], moderator)).status_code == 200
    client.logout()
    assert client.get(video).status_code == 401


def test_pages_carry_addresses_that_expire(signed_in: Client, video: str, job: Job) -> None:
    page = signed_in.get(f"/jobs/{job.id}/").content.decode()
    assert video.replace("&", "&amp;") in page
    for payload in signed_in.get("/api/jobs/").json()["jobs"]:
        assert "&for=" in payload["poster_url"]
        assert "&for=" in payload["photo_url"]
    assert "&for=" in signed_in.get(f"/api/photos/{job.photo_id}/").json()["url"]
