"""Data sets made by workers of the queue ``training``: the same as those of the command line, and gone on with."""

from __future__ import annotations

import json
import time
from functools import partial
from pathlib import Path
from typing import Any

import django_rq
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from redis.exceptions import RedisError
from rq import SimpleWorker

from animator import queue
from gpu_worker.errors import EngineError
from gpu_worker.lifeline import DRAIN
from gpu_worker.media.sound import resample, write_wav
from gpu_worker.speech.synthesis import synthesise
from gpu_worker.tasks.training_data import make_dataset_batch
from gpu_worker.training.data import building
from gpu_worker.training.data.batch_files import read_batch, write_batch
from gpu_worker.training.data.checking import check_dataset
from gpu_worker.training.data.index import read_index
from gpu_worker.training.data.planning import plan_build
from gpu_worker.training.data.recordings import RecordingBatch
from gpu_worker.training.data.synthetic import SyntheticBatch, Voices

WORDS = "Please move both of your lips together."


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """Two people who read."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    rows = []
    for person, voice in (("ann", "woman"), ("bob", "man")):
        write_wav(resample(synthesise(WORDS, voice=voice)[0], 16000), folder / f"{person}.wav")
        rows.append({"file": f"{person}.wav", "person": person, "licence": "CC0", "consent": "form 1",
                     "commercial_use": "yes", "language": "en", "transcript": WORDS})  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(rows))
    return folder


def work() -> int:
    """Let a worker empty the queue; returns how many messages it has worked off."""
    waiting = django_rq.get_queue(queue.TRAINING)
    before = len(waiting.finished_job_registry)
    SimpleWorker([waiting], connection=waiting.connection).work(burst=True, logging_level="WARNING")
    assert not len(waiting.failed_job_registry)
    return len(waiting.finished_job_registry) - before


@pytest.mark.usefixtures("redis_server")
def test_workers_build_from_recordings(recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gpu_worker.training.data.planning._MOST", 1)
    folder = tmp_path / "set"
    call_command("training_data", "build", str(recordings), "-o", str(folder))
    assert work() == 3  # the plan and a batch for each recording
    assert check_dataset(folder).problems == ()
    assert read_index(folder).people == ("ann", "bob")
    building.build_dataset(recordings, tmp_path / "other", processes=1)
    here, there = ([(row["key"], row["split"]) for row in read_index(at).clips] for at in (folder, tmp_path / "other"))
    assert here == there
    call_command("training_data", "build", str(recordings), "-o", str(folder))
    assert work() == 1
    assert not list((folder / "plan").iterdir())


@pytest.mark.usefixtures("redis_server")
def test_workers_speak(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "voices_here", lambda: Voices(("gmw/de",), ("", "f3"), ()))
    monkeypatch.setattr(building, "SyntheticBatch", partial(SyntheticBatch, count=1))
    folder = tmp_path / "set"
    call_command("training_data", "synthesise", "-o", str(folder), "--hours", "0.3")
    assert work() == 3
    assert check_dataset(folder).problems == ()
    assert len(read_index(folder).clips) == 2


def test_a_batch_that_comes_twice_is_made_once(recordings: Path, tmp_path: Path) -> None:
    building.open_dataset(tmp_path / "set", 0)
    plan = plan_build(recordings, tmp_path / "set", 0)
    (batch,) = plan.batches
    write_batch(tmp_path / "set", batch)
    read = read_batch(tmp_path / "set", batch.stem)
    assert isinstance(read, RecordingBatch)
    assert (read.inputs, dict(read.parts), read.stem) == (batch.inputs, dict(batch.parts), batch.stem)
    assert make_dataset_batch(str(tmp_path / "set"), batch.stem)
    assert not make_dataset_batch(str(tmp_path / "set"), batch.stem)
    (tmp_path / "set" / "plan" / "bad.json").write_text("{}")
    with pytest.raises(EngineError, match="cannot be read"):
        make_dataset_batch(str(tmp_path / "set"), "bad")


@pytest.mark.usefixtures("redis_server")
def test_a_batch_goes_back_into_the_queue_when_its_worker_is_told_to_end(
    recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.PICTURETALK_CANCEL_POLL_S = settings.PICTURETALK_INSIST_AFTER_S = 0.02
    folder = tmp_path / "set"
    building.open_dataset(folder, 0)
    (batch,) = plan_build(recordings, folder, 0).batches
    write_batch(folder, batch)

    def endless(*_: object) -> None:
        DRAIN.set()
        while True:
            time.sleep(0.01)

    with monkeypatch.context() as patch:
        patch.setattr("gpu_worker.tasks.training_data.make_batch", endless)
        try:
            assert not make_dataset_batch(str(folder), batch.stem)
        finally:
            DRAIN.clear()
    assert len(django_rq.get_queue(queue.TRAINING)) == 1
    assert work() == 1
    assert check_dataset(folder).problems == ()


def test_what_cannot_be_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError, match="There is no"):
        call_command("training_data", "build", str(tmp_path / "nowhere"), "-o", str(tmp_path))
    with pytest.raises(CommandError, match="between"):
        call_command("training_data", "synthesise", "-o", str(tmp_path), "--hours", "0")

    def away(*_: object) -> None:
        raise RedisError("gone")

    monkeypatch.setattr("animator.management.commands.training_data.enqueue_training", away)
    with pytest.raises(CommandError, match="Redis is away"):
        call_command("training_data", "synthesise", "-o", str(tmp_path))


@pytest.mark.usefixtures("redis_server")
def test_hours_of_work_are_not_taken_for_abandoned() -> None:
    queue.enqueue_training("gpu_worker.tasks.training_data.build_dataset", "here", "there", 0)
    waiting = django_rq.get_queue(queue.TRAINING)
    worker = SimpleWorker([waiting], connection=waiting.connection)
    assert worker.get_heartbeat_ttl(waiting.jobs[0]) > 24 * 3600
