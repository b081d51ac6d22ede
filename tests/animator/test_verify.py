"""Asking whether a file comes from here: without an account, by the worker's real check, and nothing is kept."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import cv2
import numpy as np
import pytest
import skimage.data
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import User
from animator import queue
from animator.models import FileCheck, Job, Result
from animator.services import file_check
from animator.services.recovery import recover
from gpu_worker import tasks
from gpu_worker.provenance.dev_chain import make_chain
from gpu_worker.provenance.manifest import ManifestClaim, load_identity, sign_file
from gpu_worker.provenance.watermark.embed import make_watermark
from gpu_worker.tasks.job_result import frame_hashes
from tests.animator.conftest import finish_job, picture, stored_files
from tests.gpu_worker.provenance.conftest import encode

pytestmark = pytest.mark.django_db


@pytest.fixture
def finished(make_job: Callable[..., Job]) -> Job:
    return finish_job(make_job())


@pytest.fixture(scope="module")
def astronaut() -> Any:
    return np.ascontiguousarray(skimage.data.astronaut())


def jpeg(path: Path, pixels: Any, quality: int = 90) -> bytes:
    cv2.imwrite(str(path), np.ascontiguousarray(pixels[:, :, ::-1]), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return path.read_bytes()


def send(client: Client, content: bytes, name: str = "holiday in Rome.jpg") -> Any:
    return client.post("/api/verify/", {"file": SimpleUploadedFile(name, content)})


def ask(client: Client, content: bytes) -> dict[str, Any]:
    """Send a file, let the worker check it, fetch the answer."""
    begun = send(client, content)
    assert begun.status_code == 201, begun.content
    assert begun.json()["state"] == "checking"
    check = FileCheck.objects.get(id=begun.json()["id"])
    tasks.check_file(str(check.id), check.token)
    answer: dict[str, Any] = client.get(begun.json()["url"]).json()
    return answer


def test_a_strangers_picture_is_none_of_ours_and_is_gone(client: Client, media_folder: Path) -> None:
    begun = send(client, picture((256, 256)))
    assert len(stored_files(media_folder)) == 1
    check = FileCheck.objects.get()
    tasks.check_file(str(check.id), check.token)
    assert stored_files(media_folder) == []
    answer = client.get(begun.json()["url"]).json()
    assert (answer["state"], answer["made_here"], answer["error"]) == ("done", None, None)
    assert (answer["manifest"]["state"], answer["fingerprint"]["state"]) == ("absent", "none")
    assert "Rome" not in str(FileCheck.objects.values().get())


def test_what_is_no_picture_is_refused_with_words_and_is_gone(client: Client, media_folder: Path) -> None:
    answer = ask(client, b"#!/bin/sh\nrm -rf /\n")
    assert (answer["state"], answer["error"]["error"]) == ("rejected", "not_a_media_file")
    assert answer["error"]["hint"]
    assert stored_files(media_folder) == []


def test_the_watermark_of_one_of_our_jobs_tells_the_day_and_nothing_more(
    client: Client, finished: Job, owner: User, astronaut: Any, tmp_path: Path
) -> None:
    marked = make_watermark(astronaut, str(finished.id)).apply(astronaut)
    answer = ask(client, jpeg(tmp_path / "a.jpg", marked))
    assert finished.finished_at is not None
    assert answer["made_here"] == {"on": finished.finished_at.date().isoformat()}
    assert (answer["watermark"]["state"], answer["manifest"]["state"], answer["fingerprint"]["state"]) == (
        "found", "absent", "none",
    )  # fmt: skip
    assert FileCheck.objects.get().job_ref == finished.id
    told = str(answer)
    for secret in (str(finished.id), finished.id.hex[:12], finished.title, owner.email, str(owner.id)):
        assert secret not in told


def test_the_watermark_of_a_job_that_is_gone_is_found_but_unknown(
    client: Client, astronaut: Any, tmp_path: Path
) -> None:
    marked = make_watermark(astronaut, "5b1c3a52-9d6e-4f38-8f0a-112233445566").apply(astronaut)
    answer = ask(client, jpeg(tmp_path / "a.jpg", marked))
    assert (answer["watermark"]["state"], answer["made_here"]) == ("found", None)


def test_the_very_file_is_known_by_its_fingerprint(client: Client, finished: Job) -> None:
    content = picture((128, 96))
    Result.objects.filter(job=finished).update(sha256=hashlib.sha256(content).hexdigest())
    answer = ask(client, content)
    assert answer["fingerprint"]["state"] == "match"
    assert answer["made_here"] is not None


@pytest.mark.parametrize("ours", [True, False])
def test_only_our_own_signature_says_that_it_was_made_here(
    client: Client, finished: Job, settings: Any, tmp_path: Path, ours: bool
) -> None:
    """Anybody can sign a file that names one of our jobs with a certificate of their own."""
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    make_chain(mine)
    make_chain(theirs)
    settings.SIGNING_FOLDER = str(mine)
    signed = tmp_path / "signed.jpg"
    signed.write_bytes(picture((128, 96)))
    sign_file(signed, ManifestClaim(str(finished.id), "0" * 64), load_identity(mine if ours else theirs))
    answer = ask(client, signed.read_bytes())
    assert answer["manifest"]["state"] == ("trusted" if ours else "valid")
    assert (answer["made_here"] is not None) == ours
    shutil.rmtree(theirs)


def test_a_broken_check_is_tried_again_and_then_given_up(
    client: Client, media_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import gpu_worker.provenance.verify

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(gpu_worker.provenance.verify, "verify_file", broken)
    send(client, picture())
    tokens = set()
    for _ in range(3):
        check = FileCheck.objects.get()
        tokens.add(check.token)
        with pytest.raises(RuntimeError):
            tasks.check_file(str(check.id), check.token)
    assert len(tokens) == 3
    check = FileCheck.objects.get()
    assert (check.state, check.error_dict and check.error_dict["error"]) == ("rejected", "check_failed")
    assert stored_files(media_folder) == []


def test_a_lost_check_is_brought_back(client: Client, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        send(client, picture())
    token = FileCheck.objects.get().token
    assert token in queue.waiting(queue.INSPECT)
    queue.withdraw(queue.INSPECT, token)
    FileCheck.objects.update(seen_at=timezone.now() - timedelta(minutes=5))
    with django_capture_on_commit_callbacks(execute=True):
        assert recover() == 1
    fresh = FileCheck.objects.get().token
    assert fresh != token
    assert fresh in queue.waiting(queue.INSPECT)
    tasks.check_file(str(FileCheck.objects.get().id), token)
    assert FileCheck.objects.get().state == "checking", "the old message does nothing"


def test_old_answers_and_forgotten_files_go(client: Client, media_folder: Path) -> None:
    send(client, picture())
    assert file_check.forget_old_checks(timezone.now()) == 0
    assert file_check.forget_old_checks(timezone.now() + timedelta(hours=25)) == 1
    assert stored_files(media_folder) == []
    assert not FileCheck.objects.exists()


@pytest.mark.parametrize(
    ("content", "limit", "code", "status"),
    [(b"", 1000, "empty_file", 400), (b"x" * 1001, 1000, "verify_file_too_large", 413)],
)
def test_a_file_is_refused(
    content: bytes, limit: int, code: str, status: int, client: Client, settings: Any, media_folder: Path
) -> None:
    settings.PICTURETALK_MAX_VERIFY_BYTES = limit
    answer = send(client, content)
    assert (answer.status_code, answer.json()["error"]) == (status, code)
    assert stored_files(media_folder) == []
    assert not FileCheck.objects.exists()


def test_one_visitor_may_not_ask_without_end(client: Client, settings: Any, media_folder: Path) -> None:
    settings.PICTURETALK_CHECKS_PER_HOUR = 2
    assert [send(client, picture()).status_code for _ in range(3)] == [201, 201, 429]
    assert len(stored_files(media_folder)) == 2
    other = client.post("/api/verify/", {"file": SimpleUploadedFile("f", picture())}, REMOTE_ADDR="192.0.2.7")
    assert other.status_code == 201, "another visitor has an allowance of their own"


def test_all_visitors_together_may_not_fill_the_disk(client: Client, settings: Any) -> None:
    settings.PICTURETALK_MAX_WAITING_CHECKS = 1
    assert send(client, picture()).status_code == 201
    answer = send(client, picture())
    assert (answer.status_code, answer.json()["error"]) == (429, "too_many_checks")


def test_without_a_file_there_is_nothing_to_check(client: Client) -> None:
    assert client.post("/api/verify/").json()["error"] == "bad_request"


def test_the_page_is_open_to_everybody(client: Client) -> None:
    page = client.get("/verify/")
    assert page.status_code == 200
    assert "up to 100.0" in page.content.decode()
    assert "csrftoken" in page.cookies


def test_a_job_is_found_by_the_beginning_of_its_id(finished: Job) -> None:
    from animator.selectors.file_check import job_by_watermark

    assert job_by_watermark(finished.id.hex[:12]) == finished.id
    assert job_by_watermark("0" * 12) is None
    assert job_by_watermark(None) is None
    Job.objects.filter(id=finished.id).delete()
    assert job_by_watermark(finished.id.hex[:12]) is None
    assert isinstance(finished.id, UUID)


def test_a_copy_that_was_saved_anew_is_known_by_its_likeness(
    client: Client, finished: Job, astronaut: Any, tmp_path: Path
) -> None:
    """Whole videos: one is ours, the other the same pictures at half the size and poor quality."""
    frames = [np.roll(astronaut, shift, axis=1) for shift in (0, 1, 2, 3)]
    ours = encode(tmp_path / "ours.mp4", frames, 20)
    copy = encode(tmp_path / "copy.mp4", [cv2.resize(frame, (256, 256)).astype(np.uint8) for frame in frames], 35)
    Result.objects.filter(job=finished).update(frames=list(frame_hashes(ours)))
    assert len(Result.objects.get().frames) > 1
    answer = ask(client, copy.read_bytes())
    assert answer["fingerprint"] == {"state": "match", "by": "likeness"}
    # Another video of the same portrait looks the same: for a report it is enough, for a claim it is not.
    assert answer["made_here"] is None
    assert FileCheck.objects.get().job_ref == finished.id
