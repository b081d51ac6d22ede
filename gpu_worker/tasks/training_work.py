"""What workers of the queue ``training`` do for the administrators' page: data sets, runs, evaluations.

Each task claims its attempt by token, has a process of its own do the work, and tells the database where it is. A
task that comes twice, or too late, does nothing. Shut down, the worker lets a run save a checkpoint and gives it back.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from rq import get_current_job

from animator.conf import site_config, training_root
from animator.models import TrainingData, TrainingEvaluation, TrainingRun
from animator.models.training_data import DataKind
from animator.services import sound_model, training_data, training_evaluation, training_run, training_work
from gpu_worker.errors import EngineError, InputError
from gpu_worker.lifeline import DRAIN
from gpu_worker.tasks.checking import lifeline
from gpu_worker.tasks.training_child import carry_out
from picturetalk_site.logs import working_on

#: The log is written so often at most, seconds.
_LOG_EVERY_S = 1.0

Result = dict[str, Any]


def make_data(data_id: str, token: str) -> None:
    """Make a data set, or take a person out of one."""
    row = training_work.claim(TrainingData, UUID(data_id), token, _worker_name())
    if row is None:
        return
    key = row.id
    book = _LogBook(row.log)

    def heard(message: Result) -> None:
        counted = {"batches_done": message["batch"], "batches": message["batches"]} if "batch" in message else {}
        if book.hears(message) or counted:
            training_work.tell(TrainingData, key, token, log=book.text, **counted)

    def done(found: Result) -> None:
        training_data.finish(key, token, found)

    _attempt(TrainingData, key, token, book, lambda: _data_order(row), heard, done)


def train(run_id: str, token: str) -> None:
    """Begin a training run, or go on with one."""
    run = training_work.claim(TrainingRun, UUID(run_id), token, _worker_name())
    if run is None:
        return
    key = run.id
    book = _LogBook(run.log)
    book.note(f"Attempt {run.attempts} on {run.worker}.")
    order = {
        "do": "train", "folder": str(run_folder(key)), "data": str(training_root() / run.data.folder),
        "config": run.config,
    }  # fmt: skip

    def heard(message: Result) -> None:
        if "saw" in message:
            training_run.saw(key, token, message["saw"]["fingerprint"], message["saw"]["people"])
        elif "metrics" in message:
            training_run.keep_metrics(key, message["metrics"])
        elif book.hears(message) or "step" in message:
            training_run.progress(key, token, message, book.text)

    def done(found: Result) -> None:
        exported = found.get("export")
        if exported is not None:
            sound_model.keep_export(key, token, Path(exported["onnx"]), exported["description"])
        if training_run.finish(key, token, found) and run.evaluates and exported is not None:
            training_evaluation.evaluate_run(None, TrainingRun.objects.get(id=key))

    _attempt(TrainingRun, key, token, book, lambda: order, heard, done)


def evaluate(evaluation_id: str, token: str) -> None:
    """Judge a run, or a model that comes with the product."""
    row = training_work.claim(TrainingEvaluation, UUID(evaluation_id), token, _worker_name())
    if row is None:
        return
    key = row.id
    book = _LogBook(row.log)
    order = {
        "do": "evaluate", "folder": str(training_root() / "evaluations" / str(key)), "variant": row.variant,
        "data": str(training_root() / row.data.folder), "most_clips": row.most_clips,
        "run": str(run_folder(row.run_id)) if row.run_id else "",
    }  # fmt: skip

    def heard(message: Result) -> None:
        if book.hears(message):
            training_work.tell(TrainingEvaluation, key, token, log=book.text)

    def done(found: Result) -> None:
        training_evaluation.finish(key, token, found)

    _attempt(TrainingEvaluation, key, token, book, lambda: order, heard, done)


def run_folder(run_id: UUID) -> Path:
    """Where a run keeps its checkpoint and what it measured."""
    return training_root() / "runs" / str(run_id)


def _data_order(row: TrainingData) -> Result:
    """Raises InputError ``training_folder_outside`` where a link leads out of the root."""
    folder = _inside(row.folder)
    order: Result = {"folder": str(folder), "seed": row.seed, "processes": 0}
    if row.removing:
        runs = [str(run_folder(run.id)) for run in row.runs.all()]
        return {**order, "do": "remove", "person": row.removing, "runs": runs}
    if row.kind == DataKind.SYNTHETIC:
        return {**order, "do": "synthesise", "hours": row.hours}
    if row.kind == DataKind.RECORDINGS:
        return {**order, "do": "build", "source": str(_inside(row.source))}
    return {**order, "do": "describe"}


def _inside(place: str) -> Path:
    root = training_root().resolve()
    folder = (root / place).resolve()
    if not folder.is_relative_to(root):
        raise InputError("training_folder_outside", "The folder lies outside the root of training.", "Put it below it.")
    return folder


def _attempt(
    model: type[training_work.W],
    key: UUID,
    token: str,
    book: _LogBook,
    order: Callable[[], Result],
    heard: Callable[[Result], None],
    done: Callable[[Result], None],
) -> None:
    """One attempt; each kind of ending leads where it belongs."""
    limit = site_config().training_timeout_s

    def close(line: str) -> None:
        book.note(line)
        training_work.tell(model, key, token, log=book.text)

    try:
        with (
            working_on(str(key)),
            lifeline(
                lambda: training_work.beat(model, key, token), lambda: training_work.is_wanted(model, key, token), limit
            ) as life,
        ):
            found = carry_out(order(), heard, life.stop, limit)
        close("Left after a checkpoint." if found is None else "Through.")
        if found is not None:
            done(found)
        else:
            training_work.release(model, key, token, counts=not DRAIN.is_set())
    except InputError as error:
        close(f"{error.message} {error.hint}")
        training_work.fail(model, key, token, error)
    except (SystemExit, KeyboardInterrupt):
        training_work.release(model, key, token, counts=False)
        raise
    except EngineError as error:
        close(f"It broke: {error}")
        if error.permanent:
            training_work.fail(model, key, token, InputError("training_broke", str(error)))
        else:
            training_work.release(model, key, token, reason=str(error))
        raise
    except BaseException:
        # Also RQ's time-out. The failure stays visible in the queue; the work gets another attempt.
        training_work.release(model, key, token)
        raise


class _LogBook:
    """The last lines that the work said, each with its time."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._told_at = 0.0

    def note(self, line: str) -> None:
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
        self.text = f"{self.text}{stamp} {line[:400]}\n"[-training_work.LOG_CHARACTERS :]

    def hears(self, message: Result) -> bool:
        """Take in what a message says; whether it is time to write the log again."""
        if "say" not in message:
            return False
        self.note(message["say"])
        now = time.monotonic()
        due = now - self._told_at >= _LOG_EVERY_S
        if due:
            self._told_at = now
        return due


def _worker_name() -> str:
    job = get_current_job()
    return (job.worker_name if job is not None else None) or "here"
