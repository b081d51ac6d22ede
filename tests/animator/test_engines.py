"""What workers report, who may stand in for whom, and jobs that wait for an engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import django_rq
import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from animator import queue as site_queue
from animator.models import AuditEntry, EngineSpeed, EngineSwitch, Job, Result, WorkerReport
from animator.models.job import JobState
from animator.selectors import engines
from animator.services import engine_switch, job_run, worker_report
from animator.services.engine_measuring import ask_for_measuring
from gpu_worker.errors import FallbackForbiddenError
from gpu_worker.machine import this_machine
from gpu_worker.speed import Speed
from tests.animator.conftest import finish_job, stored_video

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(client: Client, administrator: User) -> Client:
    client.force_login(administrator)
    return client


@pytest.fixture
def failed(make_job: Callable[..., Job], django_capture_on_commit_callbacks: Callable[..., object]) -> Job:
    """A job that failed because WhisperX was out of order and no other may do its work."""
    job = make_job()
    assert job_run.claim(job.id, job.token, "w")
    EngineSwitch.objects.create(engine="whisperx", fallback_allowed=False)
    error = FallbackForbiddenError("whisperx", "pocketsphinx", "its models are gone")
    assert job_run.fail_for_engine(job.id, job.token, error)
    return Job.objects.get(id=job.id)


def report(name: str = "w1", *, since: timedelta = timedelta(), **changes: object) -> WorkerReport:
    """A worker that reported, ``since`` ago."""
    made = worker_report.register(name, ["render"])
    at = timezone.now() - since
    WorkerReport.objects.filter(id=made.id).update(**{"started_at": at, "seen_at": at, **changes})
    return WorkerReport.objects.get(id=made.id)


def test_a_worker_says_what_it_can_run() -> None:
    made = report()
    machine = this_machine()
    assert (made.host, made.cores, made.python) == (machine.host, machine.cores, machine.python)
    entries = {entry["name"]: entry for entry in made.engines}
    assert entries["warp"]["available"]
    assert entries["warp"]["version"]
    line = engines.machines()[0]
    assert (line.host, line.alive) == (made.host, True)
    assert {one.name for one in line.engines} == set(entries)


def test_signs_of_life_and_the_lack_of_them() -> None:
    made = report(since=timedelta(minutes=10))
    assert not made.is_alive()
    assert engines.machines()[0].workers[0]["state"] == "silent"
    assert worker_report.beat(made.id)
    assert engines.machines()[0].alive
    worker_report.end(made.id)
    assert engines.machines()[0].workers[0]["state"] == "ended"
    report("w2", since=timedelta(days=3))
    assert worker_report.forget_old_workers(timezone.now()) == 1


def test_a_process_signs_on_and_off() -> None:
    with worker_report.reporting("w", {"inspect", "render"}) as made:
        assert WorkerReport.objects.get(id=made.id).is_alive()
        assert made.queues == ["inspect", "render"]
    assert WorkerReport.objects.get(id=made.id).ended_at is not None


def test_a_speed_belongs_to_one_version_on_one_machine(office: Client) -> None:
    made = report()
    warp = next(entry for entry in made.engines if entry["name"] == "warp")
    assert "warp" in worker_report.unmeasured(made.host, ["warp", "no-such-engine"])
    worker_report.keep_speeds(made.host, [Speed("warp", "0.0", "cpu", 1.0, "frames a second")])
    assert "warp" in worker_report.unmeasured(made.host, ["warp"]), "another version was measured"
    for value in (41.0, 42.5):
        worker_report.keep_speeds(made.host, [Speed("warp", warp["version"], warp["device"], value, "frames a second")])
    assert worker_report.unmeasured(made.host, ["warp"]) == []
    assert EngineSpeed.objects.filter(version=warp["version"]).count() == 1
    assert "42.5 frames a second" in office.get("/engines/").content.decode()


def test_without_workers_the_page_shows_its_own_machine(office: Client) -> None:
    page = office.get("/engines/").content.decode()
    assert "No worker has reported" in page
    assert "mediapipe-mesh" in page
    assert "not measured" in page


def test_the_page_shows_models_and_their_state(office: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PICTURETALK_MODELS", str(tmp_path))
    monkeypatch.delenv("PICTURETALK_NON_COMMERCIAL_MODELS", raising=False)
    (tmp_path / "whisper").mkdir()
    page = office.get("/engines/").content.decode()
    assert "incomplete" in page
    assert "tokenizer.json" in page
    assert "not here" in page
    assert str(tmp_path / "hub") in page


def test_administrators_forbid_a_stand_in_and_the_log_knows(office: Client, administrator: User) -> None:
    answer = office.post("/engines/switch/", {"engine": "torch", "fallback": "forbid"}, follow=True)
    assert "No other engine may stand in for torch" in answer.content.decode()
    assert engines.forbidden_fallbacks() == {"torch"}
    entry = AuditEntry.objects.get(action="fallback_switched")
    assert (entry.actor_id, entry.object_id, entry.detail) == (administrator.pk, "torch", {"allowed": False})
    office.post("/engines/switch/", {"engine": "torch", "fallback": "allow"})
    assert engines.forbidden_fallbacks() == frozenset()
    answer = office.post("/engines/switch/", {"engine": "warp", "fallback": "forbid"}, follow=True)
    assert "There is no such engine" in answer.content.decode()
    assert EngineSwitch.objects.count() == 1


def test_a_job_that_waits_for_an_engine_says_so(failed: Job, signed_in: Client, owner: User) -> None:
    assert (failed.state, failed.error_code, failed.awaits_engine) == (
        JobState.FAILED, "fallback_forbidden", "whisperx",
    )  # fmt: skip
    assert "as soon as that part is back" in failed.error_hint
    page = signed_in.get(f"/jobs/{failed.id}/").content.decode()
    assert "made by itself" in page
    assert "This video has to wait" in page
    assert "its models are gone" not in page, "details are for administrators"
    assert failed.charge is None, "nothing was made, so nothing is paid"


def test_details_are_on_the_administrators_page(failed: Job, office: Client) -> None:
    page = office.get("/engines/").content.decode()
    assert "its models are gone" in page
    assert "1 video waits" in page


def test_it_is_tried_again_when_the_switch_is_changed(failed: Job, administrator: User) -> None:
    assert engine_switch.retry_waiting() == 0
    engine_switch.set_fallback(administrator, "whisperx", True)
    again = Job.objects.get(id=failed.id)
    assert (again.state, again.error_code, again.awaits_engine) == (JobState.QUEUED, "", "")


def test_it_is_tried_again_when_the_engine_is_back(failed: Job) -> None:
    broken = report("old", since=timedelta(minutes=1))
    worker_report.beat(broken.id)
    assert engine_switch.retry_waiting() == 0, "that worker was there already when it failed"
    back = report("new")
    assert engine_switch.retry_waiting() == 0, "a worker without WhisperX is of no help"
    entries = [{**entry, "available": entry["available"] or entry["name"] == "whisperx"} for entry in back.engines]
    WorkerReport.objects.filter(id=back.id).update(engines=entries)
    assert engine_switch.retry_waiting() == 1
    assert Job.objects.get(id=failed.id).state == JobState.QUEUED
    assert engine_switch.retry_waiting() == 0


def test_workers_are_asked_to_measure(office: Client) -> None:
    assert "No worker is running" in office.post("/engines/measure/", follow=True).content.decode()
    report()
    assert ask_for_measuring() == 1
    queue = django_rq.get_queue("render")
    assert [job.func_name for job in queue.jobs] == ["gpu_worker.tasks.measure_engines"]


def test_measuring_again_keeps_what_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    from gpu_worker import speed
    from gpu_worker.tasks import measure_engines

    whole = speed.measure_apart
    monkeypatch.setattr(speed, "measure_apart", lambda: whole(["espeak-ng"]))
    measure_engines()
    row = EngineSpeed.objects.get()
    assert (row.engine, row.host, row.unit) == ("espeak-ng", this_machine().host, "times real time")
    assert row.value > 0


def test_a_result_names_its_engines_and_what_stood_in(make_job: Callable[..., Job], signed_in: Client) -> None:
    job = finish_job(make_job())
    certificate = {
        "verdict": "green", "checks": [],
        "engines": {"landmarks": "mediapipe-mesh", "aligner": "pocketsphinx", "encoder": "libx264"},
        "versions": {"landmarks": "mediapipe 0.10.21"},
        "fallbacks": [{"stage": "align", "wanted": "whisperx", "used": "pocketsphinx", "reason": "a secret path"}],
        "timing": ["WhisperX was left: a secret path", "Not heard in the sound: “umbrella”."],
    }  # fmt: skip
    Result.objects.filter(job=job).update(certificate=certificate)
    page = signed_in.get(f"/jobs/{job.id}/").content.decode()
    assert "mediapipe 0.10.21" in page
    assert "Sounds found by" in page
    assert "The words were timed by another engine than usual." in page
    assert "a secret path" not in page
    assert "Not heard in the sound: “umbrella”." in page


def test_what_stood_in_is_kept_with_the_job(make_job: Callable[..., Job], office: Client) -> None:
    job = make_job()
    assert job_run.claim(job.id, job.token, "w")
    fallback = {"stage": "render", "wanted": "torch", "used": "warp", "reason": "ran out of memory"}
    video = stored_video(job.id, job.token, b"0" * 100)
    video = replace(video, certificate={**video.certificate, "fallbacks": [fallback]})
    assert job_run.finish(job.id, job.token, video)
    assert Job.objects.get(id=job.id).fallbacks == [fallback]
    page = office.get("/engines/").content.decode()
    assert "ran out of memory" in page


def test_a_worker_reports_and_measures_as_it_starts(
    monkeypatch: pytest.MonkeyPatch, settings: pytest.FixtureRequest
) -> None:
    """All but serving the queue, which ends at once here."""
    from rq import SimpleWorker

    from gpu_worker import speed
    from gpu_worker.worker import EngineWorker

    asked: list[list[str]] = []

    def fake(names: list[str]) -> list[Speed]:
        asked.append(names)
        return [Speed("warp", versions["warp"]["version"], versions["warp"]["device"], 40.0, "frames a second")]

    seen: list[WorkerReport] = []
    for name in ("measure", "measure_apart"):
        monkeypatch.setattr(speed, name, fake)
    monkeypatch.setattr(EngineWorker, "preload", lambda *_: None)

    def serve(*_: object, **__: object) -> bool:
        seen.extend(WorkerReport.objects.all())
        return True

    monkeypatch.setattr(SimpleWorker, "work", serve)
    settings.MEASURE_ENGINES = True  # type: ignore[attr-defined]
    settings.PICTURETALK_RENDER_NICENESS = 0  # type: ignore[attr-defined]
    versions = {entry["name"]: entry for entry in report("before").engines}
    WorkerReport.objects.all().delete()
    drawing = getattr(site_queue, "RENDER_CPU", site_queue.RENDER)
    queues = [django_rq.get_queue(drawing)]
    assert EngineWorker(queues, connection=django_rq.get_connection(drawing)).work()
    assert (seen[0].queues, seen[0].ended_at) == ([drawing], None)
    assert WorkerReport.objects.get().ended_at is not None
    assert "warp" in asked[0]
    assert EngineSpeed.objects.get().value == 40.0
    EngineWorker(queues, connection=django_rq.get_connection(drawing)).work()
    assert "warp" not in asked[1], "it was measured before"
