"""From an upload to a video, and to its erasure, over PostgreSQL and a bucket, with two workers that share the work."""

from __future__ import annotations

import io
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import skimage.data
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from PIL import Image

from accounts.models import User
from animator.consent_statements import STATEMENTS
from animator.models import Job
from animator.models.job import JobState
from animator.services.account import close_account
from tests.engine_workers import Start, wait_until
from tests.integration.settings import BUCKET_SERVER
from tests.services.s3 import BUCKET

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def portrait() -> SimpleUploadedFile:
    buffer = io.BytesIO()
    Image.fromarray(skimage.data.astronaut()).crop((100, 0, 356, 256)).save(buffer, "PNG")
    return SimpleUploadedFile("face.png", buffer.getvalue(), "image/png")


def stored(prefix: str = "") -> list[str]:
    """Keys of the bucket."""
    pages = BUCKET_SERVER.client().get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
    return [entry["Key"] for page in pages for entry in page.get("Contents", ())]


def fetch(address: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    """Status, body and headers (names in small letters), as a browser gets them that follows a redirection."""
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=60) as answer:
            return answer.status, answer.read(), {name.lower(): value for name, value in answer.headers.items()}
    except urllib.error.HTTPError as error:
        return error.code, error.read(), {}


@pytest.fixture
def browser(owner: User) -> Client:
    client = Client()
    client.force_login(owner)
    return client


def post(client: Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(path, json.dumps(body), content_type="application/json")
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def ready_photo(client: Client, folder: Path) -> str:
    answer = client.post("/api/photos/", {"file": portrait()})
    assert answer.status_code == 201, answer.content
    address = f"/api/photos/{answer.json()['id']}/"
    wait_until(lambda: client.get(address).json()["state"] != "checking", folder)
    assert client.get(address).json()["state"] == "ready"
    return str(answer.json()["id"])


def wish(client: Client, photo: str, words: str) -> str:
    speech = post(client, "/api/speech/", {"kind": "typed", "text": words, "language": "en"})
    consent = {"basis": "self", "confirmed": True, "statement_version": STATEMENTS["self"].version}
    body = {"photo": photo, "face": 0, "speech": speech["id"], "consent": consent}
    return str(post(client, "/api/jobs/", body)["id"])


def finished(*jobs: str) -> Callable[[], bool]:
    done = (JobState.SUCCEEDED, JobState.FAILED)
    return lambda: Job.objects.filter(id__in=jobs, state__in=done).count() == len(jobs)


def signed_address(client: Client, job: str, query: str = "") -> str:
    """Where the site sends a browser that asks for the video: past the gate, to the bucket."""
    named = client.get(f"/media/results/{job}/video.mp4{query}")
    answer = client.get(named["Location"])
    assert answer.status_code == 302
    assert "no-store" in answer["Cache-Control"]
    assert "content-security-policy" in {name.lower() for name in answer.headers}
    return str(answer["Location"])


def test_from_upload_to_erasure(
    browser: Client, owner: User, start_worker: Start, tmp_path: Path, settings: Any
) -> None:
    assert connection.vendor == "postgresql"
    start_worker("inspect", "default")
    others = [name for name in settings.RQ_QUEUES if name not in ("inspect", "default")]
    workers = [start_worker(*others), start_worker(*others)]
    photo = ready_photo(browser, tmp_path)
    assert stored("photos/") == [f"photos/{photo}/kept.png"], "what came in is gone, the clean copy is there"
    jobs = [wish(browser, photo, f"Hello number {number}.") for number in ("one", "two")]
    wait_until(finished(*jobs), tmp_path)
    rows = Job.objects.filter(id__in=jobs).select_related("result")
    assert [(job.state, job.attempts, job.error_message) for job in rows] == [(JobState.SUCCEEDED, 1, "")] * 2
    assert all(worker.poll() is None for worker in workers)

    address = signed_address(browser, jobs[0])
    assert address.startswith(BUCKET_SERVER.address)
    status, video, headers = fetch(address)
    assert (status, video[4:8], headers["content-type"]) == (200, b"ftyp", "video/mp4")
    status, part, headers = fetch(address, Range="bytes=100-199")
    assert (status, part) == (206, video[100:200])
    assert headers["content-range"] == f"bytes 100-199/{len(video)}"
    download = fetch(signed_address(browser, jobs[0], "?download=1"))
    assert download[2]["content-disposition"].startswith('attachment; filename="picturetalk-')

    bare = urlsplit(address)._replace(query="").geturl()
    other = address.replace(f"results/{jobs[0]}", f"results/{jobs[1]}")
    assert [fetch(wrong)[0] for wrong in (bare, other, address[:-4] + "0000")] == [403, 403, 403]
    stranger = User.objects.create_user("other@example.com", "a long pass word")
    elsewhere = Client()
    elsewhere.force_login(stranger)
    assert elsewhere.get(f"/media/results/{jobs[0]}/video.mp4").status_code == 404

    assert browser.delete(f"/api/jobs/{jobs[0]}/").status_code in (200, 204)
    assert stored(f"results/{jobs[0]}") == []
    assert fetch(address)[0] == 404, "an address that was given away before leads nowhere"
    assert len(stored(f"results/{jobs[1]}")) == 4

    close_account(owner, owner)
    wait_until(lambda: stored() == [], tmp_path)


def test_a_large_file_comes_and_goes_in_parts(tmp_path: Path) -> None:
    """boto3 sends more than 8 MiB in several parts, at the same time."""
    from animator import storage

    content = bytes(range(256)) * 40_000
    source = tmp_path / "large.bin"
    source.write_bytes(content)
    kept = storage.store_file("exports/large/kept.zip", source)
    assert (kept.bytes, stored("exports/large")) == (len(content), ["exports/large/kept.zip"])
    with storage.local_copy(kept.path) as copy:
        assert copy.read_bytes() == content
    storage.erase([kept.path])
    assert stored("exports/large") == []


def test_a_bucket_that_browsers_reach_elsewhere(settings: Any) -> None:
    """The address that was signed is the public one, and the signature holds there."""
    from django.core.files.base import ContentFile
    from django.core.files.storage import default_storage, storages

    name = default_storage.save("exports/public/kept.json", ContentFile(b"{}"))
    public = BUCKET_SERVER.address.replace("127.0.0.1", "localhost")
    options = {
        **settings.STORAGES["default"]["OPTIONS"],
        "public_endpoint_url": public,
        "endpoint_url": "http://[::1]:9",
    }
    away = storages.create_storage({**settings.STORAGES["default"], "OPTIONS": options})
    address = away.url(name)
    assert address.startswith(f"{public}/{BUCKET}/")
    assert fetch(address)[:2] == (200, b"{}")
    default_storage.delete(name)
