"""People who are shown find shared videos by a photo of themselves: without an account, and nothing else."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import skimage.data
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from accounts.models import User
from animator import queue
from animator.consent_statements import STATEMENTS
from animator.models import Job, Photo, Result, Share
from animator.selectors.depicted import findable_results, preview_key
from animator.selectors.file_check import job_by_likeness
from animator.services.consent import Confirmation
from animator.services.job import JobRequest, create_job
from gpu_worker import tasks
from tests.animator.conftest import finish_job, make_ready_photo, make_ready_speech, stored_files


def astronaut(size: int = 512, crop: int = 0) -> bytes:
    photo = Image.fromarray(skimage.data.astronaut()).crop((crop, crop, 512 - crop, 512 - crop)).resize((size, size))
    stream = io.BytesIO()
    photo.save(stream, "JPEG", quality=60)
    return stream.getvalue()


@pytest.fixture(autouse=True)
def worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker's half, in this process."""
    monkeypatch.setattr(queue, "ask_for_hashes", lambda content, patience: tasks.hash_picture(content))


@pytest.fixture
def shared(owner: User) -> Job:
    """A finished video of the astronaut that is shared so that she may find it."""
    photo, speech = make_ready_photo(owner), make_ready_speech(owner)
    consent = Confirmation("self", True, STATEMENTS["self"].version, sharing=True)
    job = finish_job(create_job(owner, JobRequest(photo=photo.id, speech=speech.id, face=0, consent=consent)))
    Photo.objects.filter(id=photo.id).update(hashes=tasks.hash_picture(astronaut())["hashes"])
    share(job)
    return job


def share(job: Job, **fields: Any) -> Share:
    return Share.objects.create(job=job, owner=job.owner, secret_hash=f"{Share.objects.count():064d}", **fields)


def look(client: Client, content: bytes) -> Any:
    return client.post("/depicted/", {"photo": SimpleUploadedFile("me.jpg", content, "image/jpeg")})


def test_a_changed_copy_of_the_photo_finds_the_shared_video(shared: Job, client: Client, media_folder: Path) -> None:
    before = stored_files(media_folder)
    page = look(client, astronaut(300, 10))
    assert page.status_code == 200
    text = page.content.decode()
    assert "1 shared video from this photo" in text
    assert f"?video={shared.id}&amp;reason=depicted" in text
    assert shared.owner.email not in text
    assert shared.title not in text
    # Nothing of what was sent is kept.
    assert stored_files(media_folder) == before
    (video,) = page.context["videos"]
    still = client.get(video["preview_url"])
    assert (still.status_code, still["Content-Type"]) == (200, "image/jpeg")


def test_the_buttons_lead_to_a_report_that_is_filled_in(shared: Job, client: Client) -> None:
    (video,) = look(client, astronaut()).context["videos"]
    objecting = client.get(video["object_url"]).context["form"]
    assert objecting["target"].value() == str(shared.id)
    assert objecting["reason"].value() == "depicted"
    assert objecting["statement"].value() == ""
    blocking = client.get(video["block_url"]).context["form"]
    assert "block the photo" in blocking["statement"].value()
    assert client.get("/report/?reason=nonsense").context["form"]["reason"].value() == ""


def test_another_photo_finds_nothing(shared: Job, client: Client) -> None:
    stream = io.BytesIO()
    Image.fromarray(skimage.data.chelsea()).save(stream, "JPEG")
    page = look(client, stream.getvalue())
    assert page.context["videos"] == []
    assert "No shared video was made from this photo" in page.content.decode()


@pytest.mark.parametrize(
    "change",
    [
        lambda job: Share.objects.update(findable=False),
        lambda job: Share.objects.update(revoked_at=timezone.now()),
        lambda job: Share.objects.update(expires_at=timezone.now() - timedelta(seconds=1)),
        lambda job: Result.objects.update(hidden_at=timezone.now()),
        lambda job: Result.objects.update(removed_at=timezone.now()),
        lambda job: Share.objects.all().delete(),
    ],
    ids=["not findable", "revoked", "expired", "hidden", "taken down", "never shared"],
)
def test_what_is_not_shared_is_not_told_of(shared: Job, client: Client, change: Callable[[Job], object]) -> None:
    still = f"/depicted/{preview_key(shared.id)}/still.jpg"
    assert client.get(still).status_code == 200
    change(shared)
    assert not findable_results().exists()
    assert look(client, astronaut()).context["videos"] == []
    # Nor by a still that was found before.
    assert client.get(still).status_code == 404


def test_a_still_needs_a_signed_name_that_expires(shared: Job, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in ("x", str(shared.id), signing.dumps(shared.id.hex), preview_key(shared.id)[:-2]):
        assert client.get(f"/depicted/{key}/still.jpg").status_code == 404
    key = preview_key(shared.id)
    monkeypatch.setattr("animator.selectors.depicted.PREVIEW_S", -1)
    assert client.get(f"/depicted/{key}/still.jpg").status_code == 404


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        (b"", 400, "empty"),
        (b"no picture at all" * 9, 400, "not a picture"),
        (astronaut()[:5000], 400, "read"),
    ],
)
def test_bad_files_are_told_why(client: Client, db: None, content: bytes, status: int, words: str) -> None:
    page = look(client, content)
    assert page.status_code == status
    assert words in page.content.decode()


def test_one_visitor_may_not_look_without_end(client: Client, db: None, settings: Any) -> None:
    settings.PICTURETALK_LOOKUPS_PER_HOUR = 1
    assert look(client, astronaut(128)).status_code == 200
    assert look(client, astronaut(128)).status_code == 429


def test_a_worker_that_does_not_answer_is_said(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "ask_for_hashes", lambda content, patience: None)
    assert look(client, astronaut(128)).status_code == 503


def test_a_video_is_known_by_its_likeness(shared: Job) -> None:
    frames = ["00ff00ff00ff00ff", "00ff00ff00ff00f0"]
    Result.objects.filter(job=shared).update(frames=frames)
    assert job_by_likeness(["00ff00ff00ff00fe", "00ff00ff00ff00f1"]) == shared.id
    assert job_by_likeness(["123456789abcdef0", "fedcba9876543210"]) is None
    # A still that looks like it says nothing.
    assert job_by_likeness(frames[:1]) is None
