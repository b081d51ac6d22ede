"""Jobs from the worker's side: one run at a time, tries that are counted, and nothing that is lost."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from animator import queue
from animator.models import Job, Result
from animator.models.job import JobState
from animator.selectors.quota import today, used_of_plan
from animator.services import job_run, recovery
from gpu_worker.errors import InputError
from tests.animator.conftest import finish_job, stored_files, stored_video


def reload(job: Job) -> Job:
    return Job.objects.get(id=job.id)


def later(seconds: float) -> Any:
    return timezone.now() + timedelta(seconds=seconds)


def test_only_one_run_begins(job: Job) -> None:
    claimed = job_run.claim(job.id, job.token, "worker-1")
    assert claimed is not None
    assert (claimed.state, claimed.attempts, claimed.worker) == (JobState.PROCESSING, 1, "worker-1")
    assert job_run.claim(job.id, job.token, "worker-2") is None
    assert job_run.claim(job.id, "0" * 32, "worker-2") is None


def test_progress_is_kept_within_bounds(job: Job, signed_in: Client) -> None:
    job_run.claim(job.id, job.token, "w")
    assert job_run.progress(job.id, job.token, "render", 140.0, 7.0)
    answer = signed_in.get(f"/api/jobs/{job.id}/").json()
    assert (answer["stage"], answer["percent"]) == ("render", 100.0)
    assert answer["eta_s"] == pytest.approx(7.0, abs=1.0)
    assert not job_run.progress(job.id, "0" * 32, "render", 1.0)
    assert not job_run.progress(job.id, "", "render", 1.0)


def test_a_result_is_kept_whole(job: Job, media_folder: Path, signed_in: Client) -> None:
    done = finish_job(job)
    assert (done.state, done.stage, done.percent) == (JobState.SUCCEEDED, "", 100.0)
    answer = signed_in.get(f"/api/jobs/{job.id}/").json()
    assert answer["poster_url"].startswith(f"/media/results/{job.id}/poster.jpg?until=")
    assert answer["can"] == {"cancel": False, "retry": False, "delete": True}
    assert Result.objects.get().bytes == 1006


def test_a_run_that_lost_its_turn_leaves_nothing(job: Job, media_folder: Path) -> None:
    job_run.claim(job.id, job.token, "w")
    before = stored_files(media_folder)
    video = stored_video(job.id, "f" * 32, b"late")
    assert not job_run.finish(job.id, "f" * 32, video)
    assert stored_files(media_folder) == before
    assert not Result.objects.exists()
    assert reload(job).state == JobState.PROCESSING


def test_what_an_earlier_run_left_in_storage_goes(job: Job, media_folder: Path) -> None:
    stored_video(job.id, "e" * 32, b"killed between storing and finishing")
    done = finish_job(job)
    assert len([name for name in stored_files(media_folder) if name.startswith("results/")]) == 4
    assert all(done.token in name for name in stored_files(media_folder) if name.startswith("results/"))


def test_the_users_error_ends_the_job_and_refunds_it(job: Job, owner: User) -> None:
    job_run.claim(job.id, job.token, "w")
    job_run.progress(job.id, job.token, "align", 10)
    assert job_run.fail_input(job.id, job.token, InputError("no_speech", "No words.", "Speak up."))
    failed = reload(job)
    assert (failed.state, failed.stage, failed.error_code, failed.reference) == ("failed", "align", "no_speech", "")
    assert used_of_plan(owner, "job", today()) == 0
    assert not job_run.fail_input(job.id, job.token, InputError("x", "y"))


def test_our_error_is_tried_again_and_then_told_with_a_reference(
    job: Job, owner: User, signed_in: Client, settings: Any
) -> None:
    settings.PICTURETALK_MAX_ATTEMPTS = 2
    job_run.claim(job.id, job.token, "w")
    assert job_run.fail_ours(job.id, job.token)
    waiting = reload(job)
    assert (waiting.state, waiting.token, waiting.attempts) == (JobState.QUEUED, "", 1)
    assert waiting.not_before is not None
    assert job_run.recover(timezone.now()) == 0, "not before the pause is over"
    assert job_run.recover(later(30)) == 1
    again = reload(job)
    assert job_run.claim(job.id, again.token, "w") is not None
    assert job_run.fail_ours(job.id, again.token)
    answer = signed_in.get(f"/api/jobs/{job.id}/").json()
    assert (answer["state"], answer["error"]["error"]) == ("failed", "engine_failed")
    assert answer["error"]["reference"] in answer["error"]["message"]
    assert len(answer["error"]["reference"]) == 8
    assert used_of_plan(owner, "job", today()) == 0


def test_a_permanent_error_of_ours_is_not_tried_again(job: Job) -> None:
    job_run.claim(job.id, job.token, "w")
    job_run.fail_ours(job.id, job.token, permanent=True)
    assert (reload(job).state, reload(job).attempts) == (JobState.FAILED, 1)


def test_an_orderly_shutdown_does_not_count(job: Job, django_capture_on_commit_callbacks: Any) -> None:
    job_run.claim(job.id, job.token, "w")
    with django_capture_on_commit_callbacks(execute=True):
        assert job_run.hand_back(job.id, job.token)
    returned = reload(job)
    assert (returned.state, returned.attempts, returned.queued_at) == (JobState.QUEUED, 0, job.queued_at)
    assert queue.waiting(queue.SPEECH) == {returned.token}
    assert returned.token != job.token


def test_a_silent_worker_is_given_up(job: Job, django_capture_on_commit_callbacks: Any) -> None:
    job_run.claim(job.id, job.token, "w")
    assert job_run.recover(later(5)) == 0, "it was heard a moment ago"
    assert job_run.beat(job.id, job.token)
    Job.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=1))
    with django_capture_on_commit_callbacks(execute=True):
        assert job_run.recover(timezone.now()) == 1
    lost = reload(job)
    assert (lost.state, lost.attempts) == (JobState.QUEUED, 1)
    assert queue.waiting(queue.SPEECH) == {lost.token}
    assert not job_run.beat(job.id, job.token), "the worker that wakes up again has nothing to say"
    assert not job_run.finish(job.id, job.token, stored_video(job.id, job.token, b"too late"))
    assert reload(job).state == JobState.QUEUED


def test_a_job_that_kills_every_worker_is_given_up(job: Job) -> None:
    for seconds in range(0, 900, 100):
        current = reload(job)
        if current.state == JobState.QUEUED and current.token:
            job_run.claim(job.id, current.token, "w")
            Job.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=5))
        job_run.recover(later(seconds))
    assert (reload(job).state, reload(job).attempts) == (JobState.FAILED, 3)
    assert reload(job).reference


def test_a_job_that_redis_forgot_is_enqueued_again(job: Job, django_capture_on_commit_callbacks: Any) -> None:
    # In this test nothing was committed, so Redis never heard of the job: as if it had been emptied.
    assert queue.waiting(queue.SPEECH) == frozenset()
    with django_capture_on_commit_callbacks(execute=True):
        assert job_run.recover(later(30)) == 1
        assert job_run.recover(timezone.now()) == 0
    assert queue.waiting(queue.SPEECH) == {reload(job).token}
    with django_capture_on_commit_callbacks(execute=True):
        assert job_run.recover(later(60)) == 0, "it waits, and that is well"


def test_recovery_waits_for_redis(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    from redis.exceptions import ConnectionError as RedisConnectionError

    def away(name: str) -> None:
        raise RedisConnectionError("away")

    Job.objects.update(updated_at=timezone.now() - timedelta(minutes=5))
    monkeypatch.setattr(queue, "waiting", away)
    assert recovery.recover() == 0
    assert reload(job).state == JobState.QUEUED
