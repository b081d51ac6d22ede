"""What :mod:`.job_process` can be told to do: each order takes what it was told and gives back what is to be kept."""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gpu_worker.errors import EngineError, InputError

if TYPE_CHECKING:
    from gpu_worker.training.config import TrainingConfig
    from gpu_worker.training.job_process import Teller
    from gpu_worker.training.trainer import Progress

#: Messages of a run, seconds apart; rows of single steps that are told in all, about.
_EVERY_S, _STEP_ROWS = 1.0, 300
_BATCHES = re.compile(r"(\d+)/(\d+) batches")
#: Rows of single clips fill megabytes, and no page shows them.
_NOT_KEPT = "clip_rows"


def train_run(order: dict[str, Any], teller: Teller) -> dict[str, Any]:
    """Begin a run or go on with it, then export its model. Raises :class:`InputError` ``training_data_changed`` where
    the data are others than when it began, besides what training raises."""
    from gpu_worker.training.card import NAME as CARD
    from gpu_worker.training.config import config_from
    from gpu_worker.training.data.index import read_index, register_run
    from gpu_worker.training.trainer import CONFIG, DATA, train

    data, run, config = Path(order["data"]), Path(order["folder"]), config_from(order["config"])
    index = read_index(data)
    told = json.loads((run / DATA).read_text(encoding="utf-8")) if (run / DATA).is_file() else {}
    if told.get("fingerprint", index.fingerprint) != index.fingerprint:
        raise InputError(
            "training_data_changed", "The data set is not what it was when the run began.", "Begin a new run."
        )
    register_run(data, str(run.resolve()))
    teller(saw={"fingerprint": index.fingerprint, "people": [digest_of(person) for person in index.people]})
    watch = _Watch(teller, run, config)
    progress = train(data, config, run, resume=(run / CONFIG).is_file(), told=teller.say, watch=watch)
    teller.ends_itself = False
    watch.tell(progress)
    if teller.stopping and progress.step < config.training.steps and not progress.stopped:
        return {"left": True}
    # What is prepared can be made again from the data, and is large.
    shutil.rmtree(run / "prepared", ignore_errors=True)
    card = (run / CARD).read_text(encoding="utf-8") if (run / CARD).is_file() else ""
    return {**asdict(progress), "card": card, **_exported(run, config.name, config.network.variant, teller)}


class _Watch:
    """Tells where a run is, and has it leave."""

    def __init__(self, teller: Teller, run: Path, config: TrainingConfig) -> None:
        self._teller, self._run, self._steps = teller, run, config.training.steps
        self._weights = asdict(config.losses)
        self._every = max(1, self._steps // _STEP_ROWS)
        self._told_at, self._rows_told = 0.0, 0
        self._began: tuple[float, int] | None = None
        self._sums: dict[str, float] = {}
        self._counted = 0

    def __call__(self, progress: Progress, losses: Mapping[str, float]) -> bool:
        self._teller.ends_itself = True
        now = time.monotonic()
        if self._began is None:
            self._began = (now, progress.step)
        self._count(progress.step, losses)
        if now - self._told_at >= _EVERY_S:
            self._told_at = now
            self.tell(progress, losses)
        return self._teller.stopping

    def tell(self, progress: Progress, losses: Mapping[str, float] | None = None) -> None:
        """Where it is, and what was measured since the last time."""
        from gpu_worker.training.run_log import read_log

        message: dict[str, Any] = {"step": progress.step, "trained_s": round(progress.seconds, 1)}
        if losses is not None:
            message["loss"] = round(self._sum(losses), 6)
        began = self._began
        if began is not None and progress.step > began[1]:
            pace = (time.monotonic() - began[0]) / (progress.step - began[1])
            message["eta_s"] = round(pace * max(self._steps - progress.step, 0), 1)
        self._teller(**message)
        rows = read_log(self._run)
        if len(rows) > self._rows_told:
            self._teller(metrics=rows[self._rows_told :])
            self._rows_told = len(rows)

    def _sum(self, losses: Mapping[str, float]) -> float:
        """The loss that the network is taught by: weighted, critics included."""
        total: float = sum(self._weights[name] * value for name, value in losses.items() if name in self._weights)
        return total

    def _count(self, step: int, losses: Mapping[str, float]) -> None:
        """Losses of single steps: the mean of a few, so that a long run has no more points than a short one."""
        self._counted += 1
        for name, value in losses.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
        if step % self._every == 0:
            means = {name: round(value / self._counted, 6) for name, value in self._sums.items()}
            self._teller(metrics=[{"step": step, "part": "step", "loss": round(self._sum(means), 6), **means}])
            self._sums, self._counted = {}, 0


def _exported(run: Path, name: str, variant: str, teller: Teller) -> dict[str, Any]:
    """The model as a file that was loaded and asked once; or why there is none."""
    import numpy as np

    from gpu_worker.sound_motion.layout import RATE
    from gpu_worker.sound_motion.model import SoundModel
    from gpu_worker.sound_motion.stream import motion_of
    from gpu_worker.training.export import export_run

    try:
        found = export_run(run, run / "export" / f"{name}-{variant}.onnx")
        motion_of(np.random.default_rng(0).normal(0.0, 0.05, RATE).astype(np.float32), SoundModel(found.onnx))
    except InputError as error:
        teller.say(f"The model could not be exported: {error.message}")
        return {"export_error": f"{error.message} {error.hint}"}
    except EngineError as error:
        teller.say(f"The model could not be exported: {error}")
        return {"export_error": str(error)}
    description = json.loads(found.description.read_text(encoding="utf-8"))
    return {"export": {"onnx": str(found.onnx), "description": description}}


def evaluate(order: dict[str, Any], teller: Teller) -> dict[str, Any]:
    """Judge a run, or the product's own model of ``variant``."""
    from gpu_worker.sound_motion.model import shipped_model
    from gpu_worker.training.data.index import read_index
    from gpu_worker.training.evaluation import TITLES, evaluate_model, evaluate_run
    from gpu_worker.training.metrics import METRICS

    data = Path(order["data"])
    teller.say(f"Judging on at most {order['most_clips']} clips of each kind; slow where the machine has much to do.")
    if order.get("run"):
        found = evaluate_run(Path(order["run"]), data, order["most_clips"])
    else:
        found = evaluate_model(shipped_model(order["variant"]), data, order["most_clips"])
    groups = {
        name: {part: value for part, value in group.items() if part != _NOT_KEPT} | {"title": TITLES[name]}
        for name, group in found["groups"].items()
    }
    for group in groups.values():
        # Names of people stay with the data.
        group["people"] = len(group["people"])
    return {"groups": groups, "measures": METRICS, "fingerprint": read_index(data).fingerprint}


def synthesise(order: dict[str, Any], teller: Teller) -> dict[str, Any]:
    """Synthetic speech."""
    from gpu_worker.training.data.building import synthesise_dataset

    folder = Path(order["folder"])
    synthesise_dataset(folder, order["hours"], order["seed"], order["processes"], _Counting(teller))
    return _described(folder)


def build(order: dict[str, Any], teller: Teller) -> dict[str, Any]:
    """Clips from the recordings of ``source``."""
    from gpu_worker.training.data.building import build_dataset

    folder = Path(order["folder"])
    build_dataset(Path(order["source"]), folder, order["seed"], order["processes"], _Counting(teller))
    return _described(folder)


def describe(order: dict[str, Any], teller: Teller) -> dict[str, Any]:
    """A set that is there already."""
    return _described(Path(order["folder"]))


def remove(order: dict[str, Any], teller: Teller) -> dict[str, Any]:
    """Take a person out, and what runs of the set prepared from it."""
    from gpu_worker.training.data.removal import remove_person

    folder = Path(order["folder"])
    removal = remove_person(folder, order["person"])
    for run in order["runs"]:
        shutil.rmtree(Path(run) / "prepared", ignore_errors=True)
    teller.say(f"A person was removed: {removal.clips} clips, {removal.seconds:.0f} s.")
    return _described(folder)


class _Counting(io.StringIO):
    """The stream of a build: its lines, and how many batches are done."""

    def __init__(self, teller: Teller) -> None:
        super().__init__()
        self._teller = teller

    def write(self, text: str) -> int:
        found = _BATCHES.match(text)
        if found is not None:
            self._teller(batch=int(found[1]), batches=int(found[2]))
        self._teller.say(text)
        return len(text)


def digest_of(person: str) -> str:
    """By what the site knows a person."""
    return hashlib.sha256(f"person:{person}".encode()).hexdigest()


def _described(folder: Path) -> dict[str, Any]:
    from gpu_worker.training.data.card import make_card
    from gpu_worker.training.data.index import read_index

    figures = make_card(folder)
    people = [digest_of(person) for person in read_index(folder).people]
    # Where runs lie is the site's own knowledge.
    return {
        "figures": {**figures, "runs": len(figures["runs"])},
        "people": people,
        "fingerprint": figures["fingerprint"],
    }


ORDERS: dict[str, Callable[[dict[str, Any], Teller], dict[str, Any]]] = {
    "train": train_run,
    "evaluate": evaluate,
    "synthesise": synthesise,
    "build": build,
    "describe": describe,
    "remove": remove,
}
