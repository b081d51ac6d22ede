"""The queue ``training`` as the administrators' pages use it, with real processes on seconds of data."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import django_rq
import pytest
import torch
from django.db import connection
from django.utils import timezone
from rq import SimpleWorker

from accounts.models import User
from animator import queue, storage
from animator.models import AuditEntry, SoundModel, SoundModelUse, Speech, TrainingData, TrainingEvaluation, TrainingRun
from animator.models.speech import SpeechKind
from animator.models.training_work import WorkState
from animator.models.upload import UploadState
from animator.selectors.sound_model import compare, in_use, mark_of
from animator.services import sound_model, timeline, training_data, training_evaluation, training_run, training_work
from gpu_worker.errors import EngineError, InputError
from gpu_worker.lifeline import DRAIN
from gpu_worker.media.sound import write_wav
from gpu_worker.schema import Waveform
from gpu_worker.sound_motion.model import choose_model, shipped_model
from gpu_worker.tasks.sound_model import VARIANTS, fetched
from gpu_worker.tasks.training_work import run_folder
from gpu_worker.training.checkpoint import load_checkpoint
from tests.gpu_worker.sound_motion.sounds import babble
from tests.gpu_worker.training.conftest import tiny_config

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _places(settings: Any, tmp_path: Path, tiny_data: Path) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.TRAINING_ROOT = tmp_path / "training"
    settings.SOUND_MODEL_DIR = tmp_path / "models"
    settings.PICTURETALK_CANCEL_POLL_S = 0.1
    shutil.copytree(tiny_data, tmp_path / "training" / "sets" / "tiny")
    yield
    for variant in VARIANTS:
        choose_model(variant, None)


@pytest.fixture
def administrator() -> User:
    return User.objects.create_user("a@example.com", "x", adult_declared_at=timezone.now(), is_superuser=True)


@pytest.fixture
def data(administrator: User) -> TrainingData:
    row = training_data.make_data(administrator, uuid4(), name="tiny", kind="existing", place="sets/tiny")
    work()
    row.refresh_from_db()
    return row


def work(name: str = queue.TRAINING, most: int | None = None) -> None:
    """Let a worker empty a queue, or do so much of it."""
    waiting = django_rq.get_queue(name)
    SimpleWorker([waiting], connection=waiting.connection).work(burst=True, max_jobs=most, logging_level="WARNING")


def begun(administrator: User, data: TrainingData, **training: Any) -> TrainingRun:
    """A run in the queue; the tiny network in place of the preset's."""
    run = training_run.begin_run(
        administrator, uuid4(), data, name="first", preset="sound-motion-small-full", evaluates=False
    )
    config = tiny_config(**training).as_dict()
    config["network"]["variant"] = "full"
    run.config = {**config, "version": "first"}
    run.steps = config["training"]["steps"]
    run.save()
    return run


def said_by_next_job(owner: User, folder: Path) -> str:
    """What a worker's timeline of speech without words, in a language without a recogniser, says of its phones."""
    key = uuid4()
    folder.mkdir(exist_ok=True)
    sound = write_wav(Waveform(babble(2.0), 16000), folder / f"{key}.wav")
    kept = storage.store_file(storage.kept_path("speech", key, ".wav"), sound)
    Speech.objects.create(
        id=key, owner=owner, kind=SpeechKind.RECORDED, state=UploadState.READY, path=kept.path, language="es",
        duration_s=2.0,
    )  # fmt: skip
    row = timeline.measure(owner, key)
    work(queue.INSPECT)
    row.refresh_from_db()
    return str((row.document or {})["reasons"][-1])


def test_from_a_set_to_the_model_in_use_and_back(
    administrator: User, data: TrainingData, settings: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert (data.state, data.figures.get("people"), len(data.people)) == (WorkState.SUCCEEDED, 6, 6)
    run = begun(administrator, data)
    work()
    run.refresh_from_db()
    assert (run.state, run.step, run.error, run.export_error) == (WorkState.SUCCEEDED, 6, None, "")
    assert None not in (run.best, run.loss)
    assert run.fingerprint == data.fingerprint
    assert {("step", 1), ("train", 3), ("validation", 6)} <= {(row.part, row.step) for row in run.metrics.all()}
    assert "# sound-motion first (full)" in run.card
    model = SoundModel.objects.get(run=run)

    with pytest.raises(InputError, match="never evaluated") as refused:
        sound_model.promote(administrator, model, replaces="shipped")
    assert refused.value.code == "sound_model_not_better"
    asked = training_evaluation.evaluate_shipped(administrator, "full", data)
    assert training_evaluation.evaluate_shipped(administrator, "full", data) == asked
    work()
    asked.refresh_from_db()
    assert (asked.state, asked.groups["synthetic"]["people"]) == (WorkState.SUCCEEDED, 2)
    mean, low, high = asked.groups["synthetic"]["ways"]["model's phones, rules"]["f25"]
    assert low <= mean <= high
    judged = {"run": run, "variant": "full", "data": data, "state": WorkState.SUCCEEDED, "measures": asked.measures}
    TrainingEvaluation.objects.create(
        **judged, groups=asked.groups, fingerprint=asked.fingerprint, finished_at=timezone.now()
    )
    found = compare(model)
    assert found.verdict == "better"
    assert f"{100 * mean:.1f} % against {100 * mean:.1f} %" in found.sentence

    use = sound_model.promote(administrator, model, replaces="shipped")
    assert use is not None
    assert use.compared == found.sentence
    assert sound_model.promote(administrator, model, replaces="shipped") is None
    assert "learned model sound-motion first (full)," in said_by_next_job(administrator, tmp_path / "sounds")

    seen = mark_of(in_use("full"))
    assert sound_model.roll_back(administrator, "full", replaces=seen, shipped=False)
    assert sound_model.roll_back(administrator, "full", replaces=seen, shipped=False) is None
    own = f"learned model {shipped_model('full').title},"
    assert own in said_by_next_job(administrator, tmp_path / "sounds")
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert actions == {
        "training_data_asked", "training_run_begun", "training_evaluation_asked", "sound_model_promoted",
        "sound_model_rolled_back",
    }  # fmt: skip
    assert SoundModelUse.objects.count() == 2

    # What was changed in storage is not used, and no video waits for it.
    assert sound_model.promote(administrator, model, replaces=mark_of(in_use("full")))
    shutil.rmtree(settings.SOUND_MODEL_DIR)
    stored = Path(settings.MEDIA_ROOT) / model.path
    stored.write_bytes(stored.read_bytes()[:-1] + b"x")
    with pytest.raises(EngineError, match="not the one"):
        fetched(model)
    assert own in said_by_next_job(administrator, tmp_path / "sounds")
    assert "cannot be used" in caplog.text

    data.refresh_from_db()
    assert training_data.remove_person(administrator, data, "person 0")
    work()
    data.refresh_from_db()
    run.refresh_from_db()
    assert (data.state, data.removing, len(data.people)) == (WorkState.SUCCEEDED, "", 5)
    assert run.saw_removed
    assert data.fingerprint != run.fingerprint


def when_at(run: TrainingRun, step: int, then: Callable[[], None]) -> threading.Thread:
    """Do something in the middle of a run."""

    def wait() -> None:
        while TrainingRun.objects.get(id=run.id).step < step:
            time.sleep(0.02)
        then()
        connection.close()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_a_run_that_is_interrupted_goes_on_where_it_was(administrator: User, data: TrainingData) -> None:
    run = begun(administrator, data, steps=90, evaluate_every=45, save_every=45)
    draining = when_at(run, 1, DRAIN.set)
    try:
        work(most=1)
    finally:
        draining.join()
        DRAIN.clear()
    run.refresh_from_db()
    assert (run.state, run.attempts) == (WorkState.QUEUED, 0)
    assert run.token in queue.waiting(queue.TRAINING)
    first = step_of(run)
    assert 1 <= first < 90

    def stop() -> None:
        assert training_work.ask_to_stop(administrator, TrainingRun.objects.get(id=run.id))

    stopping = when_at(run, first + 1, stop)
    work()
    stopping.join()
    run.refresh_from_db()
    assert (run.state, run.stopping) == (WorkState.CANCELLED, False)
    assert first < step_of(run) < 90
    assert training_work.queue_again(administrator, run)
    assert not training_work.queue_again(administrator, run)
    work()
    run.refresh_from_db()
    assert (run.state, run.step) == (WorkState.SUCCEEDED, 90)


def step_of(run: TrainingRun) -> int:
    """Of the checkpoint that the run left."""
    state = load_checkpoint(run_folder(run.id), torch.device("cpu"))
    assert state is not None
    return int(state["step"])
