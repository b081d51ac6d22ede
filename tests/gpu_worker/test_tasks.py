"""The video's task around the pipeline: what the request holds, and where each kind of ending leads."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from rq.timeouts import JobTimeoutException

from animator import storage
from animator.models import Job, Result, Speech
from animator.models.job import JobState
from animator.services import job_run
from animator.services.job import cancel_job
from gpu_worker import tasks
from gpu_worker.config import EngineConfig
from gpu_worker.errors import Cancelled, EngineError, FallbackForbiddenError, InputError
from gpu_worker.lifeline import DRAIN, Lifeline
from gpu_worker.progress import Progress, Reporter
from gpu_worker.quality.outside import OutsideSeen
from gpu_worker.request import AnimationOutcome, AnimationRequest, SoundSpeech, TypedSpeech
from gpu_worker.schema import CONTROLS, Certificate, Inspection, MotionTrack
from gpu_worker.stage_results import Film, Score
from gpu_worker.tasks.work_folder import forget_old_work, work_folder
from tests.animator.conftest import (  # noqa: F401 - fixtures
    job,
    make_job,
    make_user,
    media_folder,
    other,
    owner,
    stored_files,
)  # fmt: skip

Work = Callable[[AnimationRequest, Path, Callable[[Progress], None], Callable[[], bool]], AnimationOutcome]


@pytest.fixture(autouse=True)
def work_here(settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.WORK_DIR = tmp_path / "work"
    yield
    DRAIN.clear()


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch) -> Callable[[Work], None]:
    """Puts a function in the place of the first stage, and files without content in that of the others."""
    import gpu_worker.engines
    import gpu_worker.making

    def put(work: Work) -> None:
        class Pretended:
            def __init__(self, request: AnimationRequest, engines: Any, folder: Path, report: Reporter) -> None:
                self.request, self.folder, self.report = request, folder, report

            def compose(self, ahead: bool) -> Score:
                assert ahead
                self.outcome = work(self.request, self.folder, self.report._report, self.report._cancelled)
                return Score(Inspection(64, 48, ()), None, ())

            def film(self, score: Score, number: int) -> Film:
                return pretended_film(self.folder, number)

            def check(self, score: Score, film: Film) -> Certificate:
                return Certificate("amber", ())

            def deliver(self, score: Score, film: Film, certificate: Certificate, attempts: int) -> AnimationOutcome:
                return self.outcome

        monkeypatch.setattr(gpu_worker.engines, "shared_engines", lambda: None)
        monkeypatch.setattr(gpu_worker.making, "Making", Pretended)

    return put


def pretended_film(folder: Path, number: int) -> Film:
    """A film of two frames whose files hold nothing that could be played."""
    video, poster = folder / f"video-{number}.mp4", folder / f"poster-{number}.jpg"
    video.write_bytes(b"film")
    poster.write_bytes(b"poster")
    motion = MotionTrack(25.0, np.zeros((2, len(CONTROLS)), np.float32))
    seen = OutsideSeen(0, None)
    return Film(number, video, poster, (motion,), (np.zeros(2, np.float32),), np.zeros((4, 4), bool), seen, "test")


def made(folder: Path) -> AnimationOutcome:
    """What a pipeline leaves behind."""
    files = {name: folder / name for name in ("video.mp4", "poster.jpg", "certificate.json", "timeline.json")}
    for path in files.values():
        path.write_bytes(b"{}")
    files["certificate.json"].write_text(json.dumps({"verdict": "amber", "checks": []}))
    return AnimationOutcome(
        video=files["video.mp4"],
        poster=files["poster.jpg"],
        certificate_json=files["certificate.json"],
        timeline_json=files["timeline.json"],
        certificate=Certificate("amber", ()),
        timeline=None,
        width=64,
        height=48,
        fps=25.0,
        frames=50,
        photo_sha256="",
    )


def run(job: Job) -> None:  # noqa: F811
    tasks.run_job(str(job.id), job.token)


def reload(job: Job) -> Job:  # noqa: F811
    return Job.objects.get(id=job.id)


def test_the_pipeline_is_asked_for_what_the_job_says(job: Job, pipeline: Any, settings: Any) -> None:  # noqa: F811
    asked: list[AnimationRequest] = []
    settings.ENGINE_CONFIG = EngineConfig(max_photo_bytes=1000, fps=20.0)

    def work(request: AnimationRequest, folder: Path, *_: Any) -> AnimationOutcome:
        asked.append(request)
        assert request.photo.read_bytes().startswith(b"\xff\xd8")
        assert folder.is_dir()
        return made(folder)

    pipeline(work)
    run(job)
    (request,) = asked
    assert request.speech == TypedSpeech("Good morning, my dear.", "en", None, 1.0, 1.0)
    assert (request.job_id, request.face, request.seed) == (str(job.id), 0, job.seed)
    assert (request.config.fps, request.config.max_photo_bytes) == (20.0, 10_000)
    result = Result.objects.get()
    assert (result.verdict, result.width, result.duration_s) == ("amber", 64, 2.0)
    assert result.certificate == {"verdict": "amber", "checks": []}
    assert result.bytes == 2 + 2 + 2 + len('{"verdict": "amber", "checks": []}')
    assert reload(job).state == JobState.SUCCEEDED
    assert not list((Path(settings.WORK_DIR)).iterdir())


def test_a_recording_is_handed_over_as_a_file(job: Job, pipeline: Any, media_folder: Path) -> None:  # noqa: F811
    assert job.speech_id is not None
    path = storage.kept_path("speech", job.speech_id, ".wav")
    (media_folder / path).parent.mkdir(parents=True)
    (media_folder / path).write_bytes(b"RIFF")
    Speech.objects.update(kind="recorded", path=path, transcript="Hello")
    asked: list[SoundSpeech] = []

    def work(request: AnimationRequest, folder: Path, *_: Any) -> AnimationOutcome:
        assert isinstance(request.speech, SoundSpeech)
        asked.append(request.speech)
        return made(folder)

    pipeline(work)
    run(job)
    assert (asked[0].path, asked[0].transcript) == (media_folder / path, "Hello")


@pytest.mark.parametrize(
    ("error", "passes", "state", "code"),
    [
        (InputError("no_speech", "No words.", "Speak up."), False, "failed", "no_speech"),
        (EngineError("broken"), True, "queued", ""),
        (EngineError("broken for good", permanent=True), True, "failed", "engine_failed"),
        (FallbackForbiddenError("torch", "warp", "it is missing"), False, "failed", "fallback_forbidden"),
        (RuntimeError("a bug"), True, "queued", ""),
        (MemoryError(), True, "queued", ""),
        (JobTimeoutException("too long"), True, "queued", ""),
        (SystemExit(), True, "queued", ""),
        (KeyboardInterrupt(), True, "queued", ""),
    ],
    ids=lambda value: type(value).__name__,
)
def test_where_an_error_leads(
    error: BaseException,
    passes: bool,
    state: str,
    code: str,
    job: Job,  # noqa: F811
    pipeline: Any,
    settings: Any,
) -> None:
    def work(request: AnimationRequest, folder: Path, *_: Any) -> AnimationOutcome:
        (folder / "half.mp4").write_bytes(b"x")
        raise error

    pipeline(work)
    if passes:
        with pytest.raises(type(error)):
            run(job)
    else:
        run(job)
    after = reload(job)
    assert (after.state, after.error_code) == (state, code)
    # An orderly end of the worker does not count as a try.
    assert after.attempts == (0 if isinstance(error, (SystemExit, KeyboardInterrupt)) else 1)
    assert not Result.objects.exists()
    assert not list(Path(settings.WORK_DIR).iterdir())
    assert [name for name in stored_files(Path(settings.MEDIA_ROOT)) if name.startswith("results")] == []


def test_a_shutdown_stops_the_work_and_gives_it_back(job: Job, pipeline: Any) -> None:  # noqa: F811
    def work(request: AnimationRequest, folder: Path, progress: Any, cancelled: Any) -> AnimationOutcome:
        assert not cancelled()
        DRAIN.set()
        assert cancelled()
        raise Cancelled

    pipeline(work)
    run(job)
    assert (reload(job).state, reload(job).attempts) == (JobState.QUEUED, 0)


def test_a_cancelled_job_stops_at_its_next_word(job: Job, pipeline: Any) -> None:  # noqa: F811
    def work(request: AnimationRequest, folder: Path, progress: Any, cancelled: Any) -> AnimationOutcome:
        progress(Progress("render", 40.0, 2.0))
        assert reload(job).percent == 40.0
        cancel_job(job.owner, job.id)
        progress(Progress("encode", 41.0, 2.0))
        raise AssertionError("it went on")

    pipeline(work)
    run(job)
    assert (reload(job).state, reload(job).percent) == (JobState.CANCELLED, 40.0)


def test_progress_is_told_a_few_times_a_second(job: Job, pipeline: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    told: list[tuple[str, float]] = []
    original = job_run.progress

    def listen(key: UUID, token: str, stage: str, percent: float, eta_s: float | None) -> bool:
        told.append((stage, percent))
        return original(key, token, stage, percent, eta_s)

    monkeypatch.setattr(job_run, "progress", listen)

    def work(request: AnimationRequest, folder: Path, progress: Any, cancelled: Any) -> AnimationOutcome:
        for step in range(50):
            progress(Progress("render", float(step), None))
        progress(Progress("encode", 60.0, None))
        return made(folder)

    pipeline(work)
    run(job)
    assert told[0] == ("render", 0.0)
    assert told[-1] == ("encode", 60.0)
    assert len(told) < 10


def test_a_message_that_comes_twice_does_nothing(job: Job, pipeline: Any) -> None:  # noqa: F811
    runs: list[int] = []

    def work(request: AnimationRequest, folder: Path, *_: Any) -> AnimationOutcome:
        runs.append(1)
        return made(folder)

    pipeline(work)
    run(job)
    run(job)
    tasks.run_job(str(job.id), "f" * 32)
    assert len(runs) == 1


def test_what_a_killed_run_left_is_cleared_away(settings: Any) -> None:
    key = "00000000-0000-0000-0000-000000000001"
    root = Path(settings.WORK_DIR)
    for name in (f"{key}-old", "11111111-0000-0000-0000-000000000001-other"):
        (root / name).mkdir(parents=True)
    with work_folder(key, "a" * 32) as folder:
        assert sorted(path.name for path in root.iterdir()) == [
            folder.name,
            "11111111-0000-0000-0000-000000000001-other",
        ]
    assert forget_old_work(3600) == 0
    assert forget_old_work(-1) == 1
    assert not list(root.iterdir())


def wait_for(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not what() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert what()


def test_signs_of_life_come_and_end_with_the_work() -> None:
    beats: list[int] = []
    closed = threading.Event()

    def beat() -> bool:
        beats.append(1)
        return True

    with Lifeline(beat, lambda: True, beat_every_s=0.01, ask_every_s=0.005, limit_s=60, reset=closed.set) as life:
        wait_for(lambda: len(beats) > 3)
        assert not life.stop()
    assert closed.is_set()
    count = len(beats)
    time.sleep(0.05)
    assert len(beats) == count


def test_work_that_is_not_wanted_any_more_is_told_to_stop() -> None:
    with Lifeline(lambda: True, lambda: False, beat_every_s=60, ask_every_s=0.005, limit_s=60) as life:
        wait_for(life.stop)
        assert life.unwanted


def test_an_error_that_passes_costs_one_turn() -> None:
    asked: list[int] = []

    def wanted() -> bool:
        asked.append(1)
        if len(asked) == 1:
            raise OSError("away")
        return True

    with Lifeline(lambda: True, wanted, beat_every_s=60, ask_every_s=0.005, limit_s=60, passing=(OSError,)) as life:
        wait_for(lambda: len(asked) > 2)
        assert not life.stop()


def test_hanging_work_is_not_kept_alive_for_ever() -> None:
    beats: list[int] = []

    def beat() -> bool:
        beats.append(1)
        return True

    with Lifeline(beat, lambda: True, beat_every_s=0.0, ask_every_s=0.005, limit_s=0.1):
        time.sleep(0.4)
        count = len(beats)
        time.sleep(0.1)
        assert len(beats) == count


def test_a_result_that_cannot_be_stored_whole_leaves_nothing(
    job: Job,  # noqa: F811
    pipeline: Any,
    settings: Any,
) -> None:
    def work(request: AnimationRequest, folder: Path, *_: Any) -> AnimationOutcome:
        outcome = made(folder)
        outcome.poster.unlink()
        return outcome

    pipeline(work)
    with pytest.raises(FileNotFoundError):
        run(job)
    assert [name for name in stored_files(Path(settings.MEDIA_ROOT)) if name.startswith("results")] == []
