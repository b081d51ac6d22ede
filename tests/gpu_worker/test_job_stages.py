"""A job's stages on one machine and on several: what follows what, what is done again, and how each can be stopped."""

# ruff: noqa: F811 - fixtures are named as what they are

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from rq.timeouts import JobTimeoutException

from accounts.models import User
from animator import presence, queue
from animator.models import Job, JobStage, Result, Speech
from animator.models.job import JobState
from animator.services import job_run
from animator.services.job import cancel_job, create_job, retry_job
from gpu_worker import gpu_memory, serving, tasks
from gpu_worker.lifeline import DRAIN
from gpu_worker.progress import Progress, Reporter
from gpu_worker.request import AnimationOutcome, AnimationRequest
from gpu_worker.schema import Certificate, Check, Inspection
from gpu_worker.stage_results import Film, Score
from gpu_worker.worker import queues_to_serve
from tests.animator.conftest import (  # noqa: F401 - fixtures
    job,
    job_request,
    make_job,
    make_ready_photo,
    make_ready_speech,
    make_user,
    media_folder,
    other,
    owner,
    stored_files,
)  # fmt: skip
from tests.gpu_worker.test_tasks import made, pretended_film

ALL = ["speech", "render 1", "check 1"]
CHECKING = {queue.RENDER_CPU}


class Acts:
    """What was done, in order; ``at`` is called in the stage that it names, ``red`` are attempts that are judged so."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.at: dict[str, Callable[[], None]] = {}
        self.red: dict[int, int] = {}
        self.engines: list[str] = []

    def play(self, name: str) -> None:
        self.done.append(name)
        self.at.pop(name, lambda: None)()


@pytest.fixture
def acts(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> Iterator[Acts]:
    """Stages that leave small files and nothing to look at; what they really do has tests of its own."""
    import gpu_worker.engines
    import gpu_worker.making

    settings.WORK_DIR = tmp_path / "work"
    # Who said that they are there stays there for the test, however slow the machine.
    settings.PICTURETALK_STALE_AFTER_S = 3600
    played = Acts()

    class Played:
        def __init__(self, request: AnimationRequest, engines: Any, folder: Path, report: Reporter) -> None:
            self.request, self.folder, self.report = request, folder, report

        def draw_with(self, engine: str) -> None:
            played.engines.append(engine)

        def compose(self, ahead: bool) -> Score:
            self.report._report(Progress("align", 30.0, None))
            played.play("speech")
            return Score(Inspection(64, 48, ()), None, ())

        def film(self, score: Score, number: int) -> Film:
            assert score == Score(Inspection(64, 48, ()), None, ())
            played.play(f"render {number}")
            return pretended_film(self.folder, number)

        def check(self, score: Score, film: Film) -> Certificate:
            assert film.video.read_bytes() == b"film"
            played.play(f"check {film.number}")
            red = tuple(Check(f"c{k}", 1, "", "red") for k in range(played.red.get(film.number, 0)))
            return Certificate("red" if red else "green", red)

        def deliver(self, score: Score, film: Film, certificate: Certificate, attempts: int) -> AnimationOutcome:
            played.done.append(f"deliver {film.number} of {attempts}")
            return made(self.folder)

    monkeypatch.setattr(gpu_worker.engines, "shared_engines", lambda: None)
    monkeypatch.setattr(gpu_worker.making, "Making", Played)
    yield played
    serving.serve(None)
    DRAIN.clear()


def reload(job: Job) -> Job:
    return Job.objects.get(id=job.id)


def work(job: Job, *queues: str) -> Job:
    """What a worker of these queues does with the job's message; of all queues where none is named."""
    serving.serve(queues or None)
    tasks.run_job(str(job.id), reload(job).token)
    return reload(job)


def later(job: Job) -> Job:
    """The pause after a failure is over."""
    job_run.recover(timezone.now() + timedelta(minutes=1))
    return reload(job)


def test_on_one_machine_one_stage_follows_the_other(job: Job, acts: Acts, media_folder: Path) -> None:
    assert job.lane == queue.SPEECH
    assert work(job).state == JobState.SUCCEEDED
    assert acts.done == [*ALL, "deliver 1 of 1"]
    rows = JobStage.objects.filter(job=job).order_by("id")
    assert [(row.name, row.state, row.attempts, row.folder) for row in rows] == [
        (name, "done", 1, "") for name in ("speech", "render", "check")
    ]
    assert Result.objects.get().seconds_taken == pytest.approx(sum(row.seconds or 0.0 for row in rows))


def test_machines_share_a_job(job: Job, acts: Acts, media_folder: Path) -> None:
    between = work(job, queue.SPEECH)
    assert (between.state, between.lane, between.attempts) == (JobState.QUEUED, queue.RENDER_CPU, 0)
    assert (between.percent, between.started_at is None) == (30.0, False)
    assert [name for name in stored_files(media_folder) if name.startswith("stages")]
    assert work(job, queue.RENDER_CPU).state == JobState.SUCCEEDED
    assert acts.done == [*ALL, "deliver 1 of 1"]


def test_frames_are_drawn_on_an_accelerator_while_one_is_there(job: Job, acts: Acts) -> None:
    presence.say_served("gpu-1", [queue.RENDER_GPU])
    assert work(job, queue.SPEECH, queue.RENDER_CPU).lane == queue.RENDER_GPU
    assert work(job, queue.RENDER_GPU).lane == queue.RENDER_CPU, "the check needs none"
    assert acts.done == ALL[:2]
    assert work(job, queue.RENDER_CPU).state == JobState.SUCCEEDED


def test_what_waits_for_an_accelerator_that_is_gone_goes_to_the_processors(job: Job, acts: Acts) -> None:
    presence.say_served("gpu-1", [queue.RENDER_GPU])
    work(job, queue.SPEECH)
    assert job_run.recover(timezone.now()) == 0
    presence.leave("gpu-1", [queue.RENDER_GPU])
    assert job_run.recover(timezone.now()) == 1
    assert reload(job).lane == queue.RENDER_CPU


def test_an_accelerator_without_room_draws_nothing(
    job: Job,
    acts: Acts,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gpu_memory, "free_gpu_memory", lambda: 100 << 20)
    presence.say_served("gpu-1", [queue.RENDER_GPU])
    work(job, queue.SPEECH)
    alone = work(job, queue.RENDER_GPU)
    assert (alone.state, alone.token, alone.attempts) == (JobState.QUEUED, "", 0)
    assert alone.not_before is not None, "it waits a little where nobody else can draw it"
    assert later(job).lane == queue.RENDER_GPU
    presence.say_served("cpu-1", [queue.RENDER_CPU])
    assert work(job, queue.RENDER_GPU).lane == queue.RENDER_CPU
    assert acts.done == ALL[:1]
    assert work(job, queue.RENDER_GPU, queue.RENDER_CPU).state == JobState.SUCCEEDED
    assert acts.engines == ["warp"], "a worker of both draws on its processors"


def test_free_memory_is_that_of_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(gpu_memory, "cuda_present", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (300 << 20, 1 << 30))
    assert gpu_memory.free_gpu_memory() == 300 << 20
    assert gpu_memory.has_room(200 << 20)
    assert not gpu_memory.has_room(400 << 20)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert gpu_memory.has_room(400 << 20)


@pytest.mark.parametrize("broken", ALL)
def test_a_retry_goes_on_at_the_stage_that_failed(broken: str, job: Job, acts: Acts) -> None:
    def fail() -> None:
        raise RuntimeError("a bug")

    acts.at[broken] = fail
    with pytest.raises(RuntimeError):
        work(job)
    assert work(later(job)).state == JobState.SUCCEEDED
    until = ALL.index(broken) + 1
    assert acts.done == [*ALL[:until], *ALL[until - 1 :], "deliver 1 of 1"]
    assert JobStage.objects.get(job=job, name=broken.split()[0]).attempts == 2


def test_the_users_own_retry_goes_on_there_too(job: Job, acts: Acts, settings: Any) -> None:
    settings.PICTURETALK_MAX_ATTEMPTS = 1

    def fail() -> None:
        raise RuntimeError("a bug")

    acts.at["render 1"] = fail
    with pytest.raises(RuntimeError):
        work(job)
    assert reload(job).state == JobState.FAILED
    retry_job(job.owner, job.id)
    assert work(job).state == JobState.SUCCEEDED
    assert acts.done.count("speech") == 1


def test_results_that_are_gone_are_made_again(job: Job, acts: Acts, media_folder: Path) -> None:
    work(job, queue.SPEECH)
    shutil.rmtree(media_folder / "stages")
    assert work(job, queue.RENDER_CPU).lane == queue.SPEECH, "another machine has to begin anew"
    assert work(job).state == JobState.SUCCEEDED
    assert acts.done == ["speech", *ALL, "deliver 1 of 1"]


def test_another_speech_is_not_spoken_with_the_old_motion(job: Job, acts: Acts) -> None:
    work(job, queue.SPEECH)
    Speech.objects.update(speed=1.5)
    assert work(job).state == JobState.SUCCEEDED
    assert acts.done.count("speech") == 2


@pytest.mark.parametrize(("reds", "delivered"), [({1: 1, 2: 1}, 1), ({1: 2, 2: 1}, 2)])
def test_a_red_video_is_drawn_once_more_and_the_better_one_delivered(
    reds: dict[int, int],
    delivered: int,
    job: Job,
    acts: Acts,
) -> None:
    """Drawn on an accelerator, checked elsewhere, back and forth."""
    acts.red = reds
    presence.say_served("gpu-1", [queue.RENDER_GPU])
    for queues in ({queue.SPEECH}, {queue.RENDER_GPU}, CHECKING, {queue.RENDER_GPU}, CHECKING):
        work(job, *queues)
    assert reload(job).state == JobState.SUCCEEDED
    assert acts.done == [*ALL, "render 2", "check 2", f"deliver {delivered} of 2"]


def test_a_stage_has_its_own_time(job: Job, acts: Acts, settings: Any) -> None:
    settings.RENDER_TIMEOUT = 1
    acts.at["render 1"] = hang
    with pytest.raises(JobTimeoutException, match="render 1 took longer than 1 second"):
        work(job)
    assert (reload(job).state, reload(job).attempts) == (JobState.QUEUED, 1)
    settings.RENDER_TIMEOUT = 600
    acts.at.clear()
    assert work(later(job)).state == JobState.SUCCEEDED


def test_what_was_cancelled_between_two_machines_leaves_nothing(
    job: Job,
    acts: Acts,
    media_folder: Path,
    django_capture_on_commit_callbacks: Any,
) -> None:
    work(job, queue.SPEECH)
    with django_capture_on_commit_callbacks(execute=True):
        cancel_job(job.owner, job.id)
    assert not JobStage.objects.exists()
    assert [name for name in stored_files(media_folder) if name.startswith("stages")] == []


def hang() -> None:
    """Work that never asks whether it should end."""
    threading.Event().wait(120)
    raise AssertionError("nobody ended it")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["cancelled", "drained"])
def test_whatever_stage_it_is_in_work_can_be_ended(how: str, acts: Acts, settings: Any, media_folder: Path) -> None:
    settings.PICTURETALK_CANCEL_POLL_S = settings.PICTURETALK_INSIST_AFTER_S = 0.02
    owner = User.objects.create_user("owner@example.com", "x", adult_declared_at=timezone.now())
    photo, speech = make_ready_photo(owner), make_ready_speech(owner)
    for place, stage in enumerate(ALL):
        job = create_job(owner, job_request(photo, speech))

        def cancel(key: Any = job.id) -> None:
            cancel_job(owner, key)
            connection.close()

        # As whoever looks at the page: not in the thread that works.
        somebody = threading.Thread(target=cancel if how == "cancelled" else DRAIN.set)

        def end(somebody: threading.Thread = somebody) -> None:
            somebody.start()
            hang()

        acts.done.clear()
        acts.at[stage] = end
        work(job)
        somebody.join()
        after = reload(job)
        DRAIN.clear()
        assert acts.done == ALL[: place + 1], "nothing went on"
        if how == "cancelled":
            assert after.state == JobState.CANCELLED
            assert not JobStage.objects.filter(job=job).exists()
            assert [name for name in stored_files(media_folder) if str(job.id) in name] == []
        else:
            assert (after.state, after.attempts) == (JobState.QUEUED, 0)
            assert JobStage.objects.filter(job=job, state="done").count() == place, "finished stages are kept"
            cancel_job(owner, job.id)


def test_a_worker_serves_what_fits_its_machine(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [queue.SPEECH, queue.RENDER_GPU, queue.RENDER_CPU, queue.BULK]
    monkeypatch.setattr("gpu_worker.worker.cuda_present", lambda: False)
    assert queues_to_serve(names) == [queue.SPEECH, queue.RENDER_CPU, queue.BULK]
    assert queues_to_serve(["render", "bulk"]) == [queue.SPEECH, queue.RENDER_CPU, "render", queue.BULK]
    monkeypatch.setattr("gpu_worker.worker.cuda_present", lambda: True)
    assert queues_to_serve(names) == names
    settings.SERVE_RENDER_GPU = "never"
    assert queue.RENDER_GPU not in queues_to_serve(names)
