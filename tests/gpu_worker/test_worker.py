"""Real workers in processes of their own, real Redis, real signals: what is begun is finished, whatever happens."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
import skimage.data
from django.conf import settings as site_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone
from PIL import Image

from accounts.models import User
from animator import presence, queue
from animator.consent_statements import STATEMENTS
from animator.models import Job, JobStage, Photo, Result, Speech
from animator.models.job import JobState
from animator.models.job_stage import StageName, StageState
from animator.models.upload import UploadState
from animator.services.consent import Confirmation
from animator.services.job import JobRequest, cancel_job, create_job
from animator.services.photo import add_photo
from animator.services.recovery import recover
from animator.services.speech import TypedWords, add_typed_speech
from tests.engine_workers import PATIENCE_S, Start, engine_workers, wait_until

TEXT = "The morning was bright and calm, so we walked along the river and spoke."

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture(autouse=True)
def clocks(settings: pytest.FixtureRequest, tmp_path: Path) -> None:
    from tests import worker_settings

    settings.MEDIA_ROOT = tmp_path / "media"  # type: ignore[attr-defined]
    for name in ("HEARTBEAT_S", "CANCEL_POLL_S", "STALE_AFTER_S", "LOST_AFTER_S"):
        setattr(settings, f"PICTURETALK_{name}", getattr(worker_settings, f"PICTURETALK_{name}"))


@pytest.fixture
def start_worker(tmp_path: Path, redis_server: str) -> Iterator[Start]:
    """Starts workers on queues; whatever still runs at the end of the test is killed."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.worker_settings",
        "DATABASE_URL": f"sqlite:///{connection.settings_dict['NAME']}",
        "REDIS_URL": redis_server,
        "VAR_DIR": str(site_settings.VAR_DIR),
        "MEDIA_ROOT": str(tmp_path / "media"),
        "ENV_FILE": os.devnull,
        "TMPDIR": str(tmp_path),
    }
    with engine_workers(tmp_path, environment) as start:
        yield start


@pytest.fixture
def owner() -> User:
    return User.objects.create_user("owner@example.com", "a long pass word", adult_declared_at=timezone.now())


def portrait(tmp_path: Path) -> bytes:
    face = Image.fromarray(skimage.data.astronaut()).crop((100, 0, 356, 256))
    face.save(tmp_path / "face.png")
    return (tmp_path / "face.png").read_bytes()


@pytest.fixture
def checked_photo(owner: User, tmp_path: Path) -> Photo:
    """A photo that passed the real check, made in this process."""
    from gpu_worker.tasks import check_photo

    photo = add_photo(owner, SimpleUploadedFile("face.png", portrait(tmp_path)))
    check_photo(str(photo.id), photo.token)
    queue.withdraw(queue.INSPECT, photo.token)
    photo.refresh_from_db()
    assert photo.state == UploadState.READY
    return photo


@pytest.fixture
def job(owner: User, checked_photo: Photo) -> Job:
    return make_job(owner, checked_photo)


def make_job(owner: User, photo: Photo, text: str = TEXT) -> Job:
    speech = add_typed_speech(owner, TypedWords(text))
    consent = Confirmation("self", True, STATEMENTS["self"].version)
    return create_job(owner, JobRequest(photo=photo.id, speech=speech.id, face=0, consent=consent))


def state_of(job_id: UUID) -> tuple[str, str]:
    return Job.objects.values_list("state", "stage").get(id=job_id)


def result_folders(tmp_path: Path, job: Job) -> list[Path]:
    return list((tmp_path / "media" / "results" / str(job.id)).glob("*"))


def work_left(tmp_path: Path) -> list[Path]:
    return list(tmp_path.glob("picturetalk-work-*/*"))


def test_a_killed_worker_loses_nothing_and_a_second_one_finishes(
    job: Job, owner: User, start_worker: Start, tmp_path: Path
) -> None:
    first = start_worker("render")
    wait_until(lambda: state_of(job.id) == (JobState.PROCESSING, "render"), tmp_path)
    first.send_signal(signal.SIGKILL)
    first.wait()
    abandoned = Job.objects.get(id=job.id)
    assert abandoned.state == JobState.PROCESSING
    assert abandoned.token in queue.running(queue.SPEECH)

    start_worker("render")

    def done() -> bool:
        recover()  # the scheduler's turn
        return state_of(job.id)[0] in (JobState.SUCCEEDED, JobState.FAILED)

    wait_until(done, tmp_path)
    speech = JobStage.objects.get(job=job, name=StageName.SPEECH)
    assert (speech.state, speech.attempts) == (StageState.DONE, 1), "what was done was not done again"
    assert JobStage.objects.get(job=job, name=StageName.RENDER).attempts == 2
    assert not (tmp_path / "media" / "stages").exists() or not list((tmp_path / "media" / "stages").rglob("*.npz"))
    finished = Job.objects.get(id=job.id)
    assert (finished.state, finished.attempts, finished.percent) == (JobState.SUCCEEDED, 2, 100.0)
    result = Result.objects.get(job=finished)
    assert [folder.name for folder in result_folders(tmp_path, job)] == [finished.token]
    assert (tmp_path / "media" / result.folder / "video.mp4").stat().st_size > 10_000
    wait_until(lambda: queue.running(queue.RENDER_CPU) == frozenset() and work_left(tmp_path) == [], tmp_path)


def test_a_worker_that_is_told_to_end_gives_its_job_back(job: Job, start_worker: Start, tmp_path: Path) -> None:
    worker = start_worker("render")
    wait_until(lambda: state_of(job.id) == (JobState.PROCESSING, "render"), tmp_path)
    wait_until(lambda: len(presence.workers_of(queue.RENDER_CPU)) == 1, tmp_path)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(PATIENCE_S) == 0
    returned = Job.objects.get(id=job.id)
    assert (returned.state, returned.attempts, returned.stage, returned.percent) == (JobState.QUEUED, 0, "", 0.0)
    assert returned.queued_at == job.queued_at, "it keeps its place"
    assert queue.waiting(queue.RENDER_CPU) == {returned.token}
    assert JobStage.objects.get(job=job, state=StageState.DONE).name == StageName.SPEECH, "finished stages are kept"
    assert presence.workers_of(queue.RENDER_CPU) == frozenset()
    assert queue.running(queue.SPEECH) == frozenset()
    assert work_left(tmp_path) == []


def test_two_workers_share_a_job(owner: User, checked_photo: Photo, start_worker: Start, tmp_path: Path) -> None:
    """One speaks and plans the motion, the other draws and checks; each knows the job from storage alone."""
    job = make_job(owner, checked_photo, "Hello there.")
    start_worker("speech")
    wait_until(lambda: queue.waiting(queue.RENDER_CPU) != frozenset(), tmp_path)
    between = Job.objects.get(id=job.id)
    assert (between.state, between.lane, between.attempts) == (JobState.QUEUED, queue.RENDER_CPU, 0)
    assert between.percent > 0
    start_worker("render-cpu")
    wait_until(lambda: state_of(job.id)[0] == JobState.SUCCEEDED, tmp_path)
    workers = dict(JobStage.objects.filter(job=job).values_list("name", "worker"))
    assert workers[StageName.SPEECH] != workers[StageName.RENDER] == workers[StageName.CHECK]
    seconds = sum(row.seconds or 0.0 for row in JobStage.objects.filter(job=job))
    assert Result.objects.get(job=job).seconds_taken == pytest.approx(seconds)
    assert len(result_folders(tmp_path, job)) == 1


def test_a_running_job_is_cancelled_and_a_photo_is_checked_meanwhile(
    job: Job, owner: User, checked_photo: Photo, start_worker: Start, tmp_path: Path
) -> None:
    render = start_worker("render")
    start_worker("inspect")
    wait_until(lambda: state_of(job.id)[0] == JobState.PROCESSING, tmp_path)
    photo = add_photo(owner, SimpleUploadedFile("again.png", portrait(tmp_path)))
    wait_until(lambda: Photo.objects.get(id=photo.id).state == UploadState.READY, tmp_path)
    assert state_of(job.id)[0] == JobState.PROCESSING, "the face check did not wait for the video"

    cancel_job(owner, job.id)
    later = make_job(owner, checked_photo, "Hello there.")
    wait_until(lambda: state_of(later.id)[0] == JobState.SUCCEEDED, tmp_path)
    assert state_of(job.id) == (JobState.CANCELLED, "")
    assert result_folders(tmp_path, job) == []
    assert render.poll() is None
    assert Speech.objects.count() == 2


def test_a_photo_whose_check_was_killed_is_checked_by_the_next_worker(
    owner: User, start_worker: Start, tmp_path: Path
) -> None:
    photo = add_photo(owner, SimpleUploadedFile("face.png", portrait(tmp_path)))
    # As a worker leaves it that is killed between taking the message and answering.
    from django_rq import get_queue

    message = get_queue(queue.INSPECT).fetch_job(photo.token)
    assert message is not None
    get_queue(queue.INSPECT).remove(message.id)
    Photo.objects.filter(id=photo.id).update(attempts=1, seen_at=timezone.now() - timedelta(minutes=1))
    start_worker("inspect")
    wait_until(lambda: Photo.objects.get(id=photo.id).state == UploadState.READY, tmp_path)
    assert Photo.objects.get(id=photo.id).attempts == 2
