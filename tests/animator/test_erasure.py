"""Taking away what was made: every file, whatever state the job is in, and nothing of what must stay."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from animator import job_cache, queue, storage
from animator.conf import work_root
from animator.models import AuditEntry, Consent, Erasure, Job, Photo, Result, Speech
from animator.models.erasure import Why
from animator.models.job import JobState
from animator.models.upload import UploadState
from animator.services import job_run
from animator.services.erasure import erase_job_output, erase_photo_and_derived
from animator.services.file_erasure import finish_erasures, forget_abandoned_work
from animator.services.upload import new_token
from tests.animator.conftest import finish_job, stored_files, stored_video


def leave(job: Job, *names: str) -> None:
    """Files that other parts of the site keep of a job."""
    for name in names:
        kind, _, rest = name.partition("/")
        path = f"{kind}/{job.id}/{rest}"
        storage.store_upload(path, SimpleUploadedFile("f", b"x"), 10**6, AssertionError())  # type: ignore[arg-type]


@pytest.fixture
def committed(django_capture_on_commit_callbacks: Any) -> Callable[..., Any]:
    """Calls something and then does what waits for its commit."""

    def call(what: Callable[..., Any], *arguments: Any) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            return what(*arguments)

    return call


def test_the_output_of_a_finished_job_goes_with_every_copy(
    finished_job: Job, media_folder: Path, committed: Callable[..., Any], signed_in: Client
) -> None:
    leave(finished_job, "previews/a/low.mp4", "previews/b.jpg", "live/1.jpg", f"results/{'a' * 32}/video.mp4")
    for name in job_cache.NAMES:
        cache.set(job_cache.job_key(finished_job.id, name), b"x")
    assert len(stored_files(media_folder)) == 1 + 4 + 4
    assert committed(erase_job_output, finished_job, Why.CONSENT_REVOKED) is True
    assert stored_files(media_folder) == [f"photos/{finished_job.photo_id}/kept.jpg"]
    assert not any(cache.get(job_cache.job_key(finished_job.id, name)) for name in job_cache.NAMES)
    assert not Result.objects.exists()
    assert Consent.objects.count() == 1
    job = Job.objects.get()
    assert (job.state, job.erased_why) == (JobState.SUCCEEDED, "consent_revoked")
    assert AuditEntry.objects.filter(action="erased", object_id=str(job.id)).count() == 1
    answer = signed_in.get(f"/api/jobs/{job.id}/").json()
    assert answer["erased"]["message"] == "The consent was revoked"
    assert (answer["removed"], answer["poster_url"], answer["photo_url"]) == (True, None, None)
    assert signed_in.get(f"/media/results/{job.id}/video.mp4").status_code == 404
    page = signed_in.get(f"/jobs/{job.id}/").content.decode()
    assert "This video is gone" in page
    assert "The consent was revoked" in page


def test_erasing_twice_is_erasing_once(finished_job: Job, media_folder: Path, committed: Callable[..., Any]) -> None:
    assert committed(erase_job_output, finished_job, Why.CONSENT_REVOKED) is True
    leave(finished_job, "previews/late.jpg")
    assert committed(erase_job_output, finished_job, Why.MODERATION) is False
    assert stored_files(media_folder) == [f"photos/{finished_job.photo_id}/kept.jpg"]
    assert Job.objects.get().erased_why == "consent_revoked"
    assert AuditEntry.objects.filter(action="erased").count() == 1


def test_a_waiting_job_stops_and_is_refunded(job: Job, committed: Callable[..., Any]) -> None:
    token = job.token
    committed(queue.enqueue_job, job.id, token, queue.SPEECH, 60)
    committed(erase_job_output, job, Why.CONSENT_REVOKED)
    after = Job.objects.get()
    assert (after.state, after.charge) == (JobState.CANCELLED, None)
    assert queue.waiting(queue.SPEECH) == frozenset()
    assert job_run.claim(job.id, token, "w") is None


def test_a_worker_that_is_writing_at_that_moment_leaves_nothing(
    job: Job, media_folder: Path, committed: Callable[..., Any]
) -> None:
    assert job_run.claim(job.id, job.token, "w") is not None
    committed(erase_job_output, job, Why.CONSENT_REVOKED)
    assert not job_run.is_mine(job.id, job.token)
    # It had gone so far that it does not ask any more before everything is stored.
    video = stored_video(job.id, job.token, b"late")
    assert not job_run.finish(job.id, job.token, video)
    assert stored_files(media_folder) == [f"photos/{job.photo_id}/kept.jpg"]


def test_what_a_killed_worker_wrote_afterwards_is_found(
    job: Job, media_folder: Path, committed: Callable[..., Any]
) -> None:
    job_run.claim(job.id, job.token, "w")
    committed(erase_job_output, job, Why.CONSENT_REVOKED)
    stored_video(job.id, job.token, b"late")  # and then it died
    assert finish_erasures(timezone.now()) == 1
    assert stored_files(media_folder) == [f"photos/{job.photo_id}/kept.jpg"]
    assert finish_erasures(timezone.now() + timedelta(hours=1)) == 0
    assert Erasure.objects.get().watch_until is None


def test_what_was_decided_and_not_done_is_done_later(finished_job: Job, media_folder: Path) -> None:
    erase_job_output(finished_job, Why.CONSENT_EXPIRED)  # and the process ends before the commit's callbacks run
    assert len(stored_files(media_folder)) == 5
    assert finish_erasures(timezone.now()) == 1
    assert stored_files(media_folder) == [f"photos/{finished_job.photo_id}/kept.jpg"]
    assert finish_erasures(timezone.now()) == 0


def test_a_storage_that_is_away_is_tried_again(
    finished_job: Job, media_folder: Path, committed: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(kind: str, object_id: object) -> None:
        raise OSError("no route to the bucket")

    with monkeypatch.context() as patch:
        patch.setattr(storage, "erase_object", away)
        committed(erase_job_output, finished_job, Why.CONSENT_REVOKED)
        assert finish_erasures(timezone.now()) == 0
    assert len(stored_files(media_folder)) == 5
    assert not Result.objects.exists()
    assert finish_erasures(timezone.now()) == 1
    assert stored_files(media_folder) == [f"photos/{finished_job.photo_id}/kept.jpg"]


def test_a_photo_goes_with_every_job_in_every_state(
    make_job: Callable[..., Job], media_folder: Path, committed: Callable[..., Any]
) -> None:
    finished, failed, running, waiting, bystander = (make_job() for _ in range(5))
    finish_job(finished)
    finish_job(bystander)
    photo = finished.photo
    jobs = Job.objects.filter(id__in=[failed.id, running.id, waiting.id])
    _move_to_photo(jobs, photo)
    job_run.claim(failed.id, failed.token, "w")
    assert job_run.fail_ours(failed.id, failed.token, permanent=True)
    job_run.claim(running.id, running.token, "w")
    leave(failed, "previews/x.jpg")
    assert committed(erase_photo_and_derived, photo, Why.CONSENT_REVOKED) == 4
    left = {path.split("/")[1] for path in stored_files(media_folder)}
    assert not left & {str(photo.id), str(finished.id), str(failed.id), str(running.id), str(waiting.id)}
    assert str(bystander.id) in left
    states = dict(Job.objects.values_list("id", "state"))
    assert (states[finished.id], states[failed.id]) == ("succeeded", "failed")
    assert (states[running.id], states[waiting.id], states[bystander.id]) == ("cancelled", "cancelled", "succeeded")
    assert Photo.objects.get(id=photo.id).state == UploadState.ERASED
    assert finished.speech_id is not None
    speech = Speech.objects.get(id=finished.speech_id)
    assert (speech.state, speech.text) == (UploadState.ERASED, "")
    assert committed(erase_photo_and_derived, photo, Why.CONSENT_REVOKED) == 0


def test_an_erased_job_is_not_tried_again(job: Job, signed_in: Client, committed: Callable[..., Any]) -> None:
    job_run.claim(job.id, job.token, "w")
    job_run.fail_ours(job.id, job.token, permanent=True)
    committed(erase_job_output, job, Why.CONSENT_REVOKED)
    assert signed_in.get(f"/api/jobs/{job.id}/").json()["can"] == {"cancel": False, "retry": False, "delete": True}
    assert signed_in.post(f"/api/jobs/{job.id}/retry/").status_code == 409


def test_what_a_killed_run_left_on_this_machine_goes(job: Job, settings: Any, tmp_path: Path) -> None:
    settings.WORK_DIR = tmp_path / "work"
    job_run.claim(job.id, job.token, "w")
    running, killed, fresh = (work_root() / f"{job.id}-{token}" for token in (job.token, new_token(), new_token()))
    foreign = work_root() / "something-else"
    for folder in (running, killed, fresh, foreign):
        folder.mkdir(parents=True)
        (folder / "frame.png").write_bytes(b"x")
        if folder != fresh:
            os.utime(folder, (time.time() - 3600,) * 2)
    assert forget_abandoned_work() == 0  # the job has just begun: its former run may be winding up
    Job.objects.update(updated_at=timezone.now() - timedelta(minutes=5))
    assert forget_abandoned_work() == 1
    assert running.exists()
    assert fresh.exists()
    assert foreign.exists()
    assert not killed.exists()


def _move_to_photo(jobs: Any, photo: Photo) -> None:
    """Several videos of one photo, each with a consent of its own for it."""
    for job in jobs:
        consent = Consent.objects.create(
            owner=job.owner,
            photo=photo,
            face_index=0,
            basis="self",
            statement_text="x",
            statement_version="1",
            confirmed=True,
        )
        Job.objects.filter(id=job.id).update(photo=photo, consent=consent)
