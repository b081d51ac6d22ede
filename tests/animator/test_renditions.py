"""Other forms of a video: asked for once, made by the real task, private, counted, and gone with the video."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone
from PIL import Image

from accounts.models import User
from animator import queue, storage
from animator.models import Job, Rendition, Result, UserLimits
from animator.selectors.export import files_of
from animator.selectors.file_check import job_by_sha256
from animator.selectors.quota import stored_bytes
from animator.services import rendition
from animator.services.erasure import erase_job_output
from gpu_worker.config import EngineConfig
from gpu_worker.errors import EngineError
from gpu_worker.media.video import VideoWriter
from gpu_worker.provenance.dev_chain import make_chain
from gpu_worker.provenance.manifest import ManifestClaim, load_identity, sign_file
from gpu_worker.provenance.verify import verify_file
from gpu_worker.tasks import make_rendition
from tests.animator.conftest import at, finish_job, stored_files


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chain")
    make_chain(folder)
    return folder


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory, chain: Path) -> bytes:
    """A second of a moving bar, signed as a finished video is."""
    path = tmp_path_factory.mktemp("video") / "video.mp4"
    with VideoWriter(path, 96, 64, 25.0, EngineConfig()) as writer:
        for index in range(25):
            frame = np.full((64, 96, 3), 90, np.uint8)
            frame[:, index * 3 : index * 3 + 8] = 220
            writer.write(frame)
    sign_file(path, ManifestClaim(job_id="a-job", photo_sha256="0" * 64), load_identity(chain))
    return path.read_bytes()


@pytest.fixture
def done(job: Job, video: bytes) -> Job:
    return finish_job(job, video)


def ask(client: Client, job: Job, kind: str) -> Any:
    return client.post(f"/api/jobs/{job.id}/forms/", {"kind": kind}, content_type="application/json")


def made(client: Client, job: Job, kind: str) -> Rendition:
    assert ask(client, job, kind).status_code == 202
    row = Rendition.objects.get(kind=kind)
    make_rendition(str(row.id), row.token)
    row.refresh_from_db()
    return row


def told(client: Client, job: Job, kind: str) -> dict[str, Any]:
    forms = client.get(f"/api/jobs/{job.id}/forms/").json()["forms"]
    return next(dict(one) for one in forms if one["kind"] == kind)


def test_a_form_is_enqueued_once(
    signed_in: Client, done: Job, owner: User, django_capture_on_commit_callbacks: Any
) -> None:
    assert told(signed_in, done, "gif") == {
        "kind": "gif", "title": "GIF", "about": told(signed_in, done, "gif")["about"], "possible": True, "state": None,
        "percent": 0.0, "bytes": None, "signed": None, "url": None, "error": None,
    }  # fmt: skip
    with django_capture_on_commit_callbacks(execute=True):
        ask(signed_in, done, "gif")
        ask(signed_in, done, "gif")
    row = Rendition.objects.get()
    assert queue.waiting(queue.RENDER_CPU) >= {row.token}
    assert signed_in.get("/api/quota/").json()["forms"]["used"] == 1
    assert signed_in.get(f"/media/results/{done.id}/video.gif").status_code == 404


@pytest.mark.parametrize("kind", ["webm", "gif", "webp"])
def test_each_form_is_made_served_and_says_where_it_comes_from(
    kind: str, signed_in: Client, owner: User, other: User, done: Job, chain: Path, settings: Any, tmp_path: Path
) -> None:
    settings.SIGNING_FOLDER = str(chain)
    row = made(signed_in, done, kind)
    assert (row.state, row.percent, row.signed) == ("ready", 100.0, kind != "webm")
    answer = told(signed_in, done, kind)
    assert answer["url"] == f"/media/results/{done.id}/video.{kind}?download=1"
    path = f"/media/results/{done.id}/video.{kind}"
    response = signed_in.get(at(path, owner))
    assert response["Content-Type"] == {"webm": "video/webm", "gif": "image/gif", "webp": "image/webp"}[kind]
    content = row_content(row)
    file = tmp_path / f"got.{kind}"
    file.write_bytes(content)
    found = verify_file(file, (chain / "anchor.pem").read_text())
    assert (found.kind, found.manifest.state) == (kind, "absent" if kind == "webm" else "trusted")
    if kind != "webm":
        assert found.manifest.job_id == "a-job"
        with Image.open(file) as moving:
            assert getattr(moving, "n_frames", 1) > 5
    assert job_by_sha256(row.sha256) == done.id
    assert (f"videos/{done.id}/video.{kind}", row.path) in list(files_of(owner))
    assert stored_bytes(owner) >= row.bytes > 0
    client = Client()
    client.force_login(other)
    assert client.get(path).status_code == 404
    assert client.get(f"/api/jobs/{done.id}/forms/").status_code == 404


def test_they_are_hidden_and_erased_with_the_video(
    signed_in: Client, owner: User, done: Job, media_folder: Path
) -> None:
    row = made(signed_in, done, "webp")
    path = f"/media/results/{done.id}/video.webp"
    Result.objects.filter(job=done).update(removed_at=timezone.now())
    assert signed_in.get(at(path, owner)).status_code == 404
    assert signed_in.get(f"/api/jobs/{done.id}/forms/").status_code == 404
    assert ask(signed_in, done, "gif").status_code == 404
    Result.objects.filter(job=done).update(removed_at=None)
    assert signed_in.get(at(path, owner)).status_code == 200
    erase_job_output(done, "moderation")
    assert not Rendition.objects.exists()
    storage.erase_object("results", done.id)
    assert not any("video.webp" in name for name in stored_files(media_folder))
    assert not row.path.startswith("/")


def test_one_that_is_finished_too_late_leaves_nothing(signed_in: Client, done: Job, media_folder: Path) -> None:
    ask(signed_in, done, "gif")
    row = Rendition.objects.get()
    assert rendition.claim(row.id, row.token) is not None
    kept = storage.store_upload(
        f"{done.result.folder}/video.gif",
        _file(b"late"),
        100,
        AssertionError(),  # type: ignore[arg-type]
    )
    Rendition.objects.all().delete()
    assert rendition.finish(row.id, row.token, kept, signed=False) is False
    assert not any("video.gif" in name for name in stored_files(media_folder))
    assert rendition.progress(row.id, row.token, 50.0) is False


def test_a_broken_video_ends_as_a_failure_that_may_be_tried_again(signed_in: Client, job: Job, settings: Any) -> None:
    settings.PICTURETALK_MAX_ATTEMPTS = 1
    done = finish_job(job, b"no video at all")
    ask(signed_in, done, "gif")
    row = Rendition.objects.get()
    with pytest.raises(EngineError):
        make_rendition(str(row.id), row.token)
    assert told(signed_in, done, "gif")["error"]["error"] == "form_failed"
    ask(signed_in, done, "gif")
    row.refresh_from_db()
    assert (row.state, row.error) == ("building", None)


def test_what_is_refused(signed_in: Client, owner: User, done: Job) -> None:
    assert ask(signed_in, done, "avi").json()["error"] == "unknown_form"
    Result.objects.filter(job=done).update(duration_s=61.0)
    assert ask(signed_in, done, "gif").json()["error"] == "too_long_for_a_loop"
    assert told(signed_in, done, "gif")["possible"] is False
    UserLimits.objects.create(user=owner, forms_per_day=0)
    refused = ask(signed_in, done, "webm")
    assert (refused.status_code, refused.json()["error"]) == (429, "too_many_forms")
    UserLimits.objects.filter(user=owner).update(forms_per_day=5, storage_bytes=1)
    assert ask(signed_in, done, "webm").json()["error"] == "storage_full"
    assert not Rendition.objects.exists()


def test_a_lost_one_is_enqueued_anew(
    signed_in: Client, done: Job, django_capture_on_commit_callbacks: Any, settings: Any
) -> None:
    ask(signed_in, done, "webm")
    row = Rendition.objects.get()
    Rendition.objects.update(seen_at=timezone.now() - timedelta(days=1))
    with django_capture_on_commit_callbacks(execute=True):
        assert rendition.recover(timezone.now()) == 1
    row.refresh_from_db()
    assert row.token in queue.waiting(queue.RENDER_CPU)


def _file(content: bytes) -> Any:
    from django.core.files.uploadedfile import SimpleUploadedFile

    return SimpleUploadedFile("f", content)


def row_content(row: Rendition) -> bytes:
    with storage.local_copy(row.path) as file:
        return file.read_bytes()
