"""People, uploads and jobs for the site's tests."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from accounts.models import User
from animator import storage
from animator.consent_statements import STATEMENTS
from animator.media_address import sign
from animator.models import Job, Photo, Speech, SpeechTimeline
from animator.models.upload import UploadState
from animator.services.consent import Confirmation
from animator.services.job import JobRequest, create_job
from animator.services.job_run import FinishedVideo, claim, finish
from gpu_worker import timeline_json
from tests.gpu_worker.edited import small_timeline

FACE = {"index": 0, "box": [0.25, 0.2, 0.4, 0.5], "yaw": 0.0, "pitch": 0.0, "roll": 0.0, "findings": []}


@pytest.fixture(autouse=True)
def media_folder(settings: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Each test has its own storage, and can count what is in it."""
    folder = tmp_path / "media"
    settings.MEDIA_ROOT = folder  # type: ignore[attr-defined]
    # Uncommitted rows are not seen by the lifeline's own connection; tests of the lifeline set other numbers.
    settings.PICTURETALK_CANCEL_POLL_S = 600  # type: ignore[attr-defined]
    return folder


def stored_files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def make_user(db: None) -> Callable[..., User]:
    def make(email: str, **fields: object) -> User:
        return User.objects.create_user(email, "a long pass word", **{"adult_declared_at": timezone.now(), **fields})

    return make


@pytest.fixture
def owner(make_user: Callable[..., User]) -> User:
    return make_user("owner@example.com")


@pytest.fixture
def other(make_user: Callable[..., User]) -> User:
    return make_user("other@example.com")


@pytest.fixture
def moderator(make_user: Callable[..., User]) -> User:
    return make_user("moderator@example.com", is_moderator=True)


@pytest.fixture
def administrator(make_user: Callable[..., User]) -> User:
    return make_user("administrator@example.com", is_staff=True, is_superuser=True)


@pytest.fixture
def signed_in(owner: User, client: Client) -> Client:
    client.force_login(owner)
    return client


def picture(size: tuple[int, int] = (64, 64), kind: str = "JPEG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, (200, 180, 160)).save(buffer, kind)
    return buffer.getvalue()


def photo_file(content: bytes | None = None, name: str = "aunt.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, picture() if content is None else content, "image/jpeg")


@pytest.fixture
def ready_photo(owner: User) -> Photo:
    return make_ready_photo(owner)


@pytest.fixture
def ready_speech(owner: User) -> Speech:
    return make_ready_speech(owner)


def at(path: str, user: User) -> str:
    """The address of a private file as a page of this user's has it."""
    return sign(path, user.id)


def make_ready_photo(user: User, faces: int = 1) -> Photo:
    """A photo that passed the check, with its file."""
    key = uuid4()
    kept = storage.store_upload(storage.kept_path("photos", key, ".jpg"), photo_file(), 10**6, AssertionError())  # type: ignore[arg-type]
    return Photo.objects.create(
        id=key,
        owner=user,
        state=UploadState.READY,
        path=kept.path,
        bytes=kept.bytes,
        sha256=kept.sha256,
        width=64,
        height=64,
        faces=[{**FACE, "index": index} for index in range(faces)],
    )


def make_ready_speech(user: User) -> Speech:
    return Speech.objects.create(owner=user, kind="typed", state=UploadState.READY, text="Good morning, my dear.")


def make_timed_speech(user: User) -> Speech:
    """A typed speech whose words have been measured."""
    speech = make_ready_speech(user)
    SpeechTimeline.objects.create(
        speech=speech, version=1, state="ready", document=timeline_json.compact(small_timeline()), peaks="AAECAw=="
    )
    return speech


def confirmation(basis: str = "self", *, confirmed: bool = True, version: str | None = None) -> Confirmation:
    return Confirmation(basis, confirmed, STATEMENTS[basis].version if version is None else version)


def job_request(photo: Photo, speech: Speech, face: int | None = 0) -> JobRequest:
    return JobRequest(photo=photo.id, speech=speech.id, face=face, consent=confirmation())


@pytest.fixture
def make_job(owner: User) -> Callable[..., Job]:
    def make(user: User | None = None) -> Job:
        whose = user or owner
        return create_job(whose, job_request(make_ready_photo(whose), make_ready_speech(whose)))

    return make


@pytest.fixture
def job(make_job: Callable[..., Job]) -> Job:
    return make_job()


@pytest.fixture
def finished_job(job: Job) -> Job:
    return finish_job(job)


def finish_job(job: Job, content: bytes = b"0123456789" * 100) -> Job:
    """Let a job succeed with files of known content."""
    claimed = claim(job.id, job.token, "test")
    assert claimed is not None
    assert finish(job.id, claimed.token, stored_video(job.id, claimed.token, content))
    return Job.objects.select_related("result", "photo", "speech").get(id=job.id)


def stored_video(job_id: UUID, token: str, content: bytes) -> FinishedVideo:
    folder = storage.result_folder(job_id, token)
    video = storage.store_upload(
        f"{folder}/video.mp4",
        SimpleUploadedFile("v", content),
        10**6,
        AssertionError(),  # type: ignore[arg-type]
    )
    for name in ("poster.jpg", "certificate.json", "timeline.json"):
        storage.store_upload(f"{folder}/{name}", SimpleUploadedFile("f", b"{}"), 10**6, AssertionError())  # type: ignore[arg-type]
    return FinishedVideo(
        folder=folder,
        video=video,
        other_bytes=6,
        width=64,
        height=64,
        fps=25.0,
        duration_s=2.0,
        verdict="green",
        certificate={"verdict": "green", "checks": []},
    )
