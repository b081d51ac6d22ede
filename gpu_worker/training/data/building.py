"""The order of a build: plan the batches, make them, put the parts together."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TextIO

import numpy as np

from gpu_worker.errors import InputError
from gpu_worker.training.data.batches import Throughput, run_batches
from gpu_worker.training.data.index import FORM, SET, Index, read_json, write_index, write_json
from gpu_worker.training.data.people import assign_in
from gpu_worker.training.data.planning import plan_build
from gpu_worker.training.data.synthetic import BATCH, MEAN_SECONDS, SyntheticBatch, voices_here


def synthesise_dataset(
    folder: Path, hours: float, seed: int = 0, processes: int = 0, stream: TextIO | None = None
) -> dict[str, Any]:
    """About ``hours`` of synthetic speech in ``folder``; more hours later add to what is there. Returns a summary."""
    open_dataset(folder, seed)
    batches = plan_synthesis(folder, hours, seed)
    done = run_batches(folder, batches, processes, stream)
    return summary(write_index(folder), done)


def plan_synthesis(folder: Path, hours: float, seed: int) -> tuple[SyntheticBatch, ...]:
    """The batches of ``hours`` of synthetic speech, those that are there already included."""
    voices = voices_here()
    parts = assign_in(folder, voices.people, seed=seed)
    count = max(int(np.ceil(hours * 3600 / MEAN_SECONDS / BATCH)), 1)
    return tuple(SyntheticBatch(number, seed, voices, parts) for number in range(count))


def build_dataset(
    source: Path, folder: Path, seed: int = 0, processes: int = 0, stream: TextIO | None = None
) -> dict[str, Any]:
    """Clips from the recordings of ``source`` in ``folder``; what is there already is not made again.

    Returns a summary. Raises :class:`InputError` as :func:`gpu_worker.training.data.planning.plan_build` does.
    """
    open_dataset(folder, seed)
    plan = plan_build(source, folder, seed)
    done = run_batches(folder, plan.batches, processes, stream)
    return summary(write_index(folder), done) | {"recordings_skipped": plan.done, "left_out": plan.left_out}


def open_dataset(folder: Path, seed: int) -> None:
    """Begin a data set, or go on with one. Raises :class:`InputError` ``not_a_dataset``."""
    file = folder / SET
    if file.is_file():
        told = read_json(file)
        if told.get("form") != FORM:
            raise InputError(
                "not_a_dataset", f"{folder} has the form of another version.", "Build it anew in another folder."
            )
        return
    if folder.is_dir() and any(folder.iterdir()):
        raise InputError("not_a_dataset", f"{folder} holds other things.", "Name a new or an empty folder.")
    write_json(file, {"form": FORM, "seed": seed})


def summary(index: Index, done: Throughput) -> dict[str, Any]:
    """What a build tells when it is through."""
    return {
        "fingerprint": index.fingerprint,
        "clips": len(index.clips),
        "hours": round(index.seconds / 3600, 3),
        "people": len(index.people),
        "rejects": len(index.rejects),
        "batches": done.batches,
        "batches_skipped": done.skipped,
        "input_hours": round(done.seconds / 3600, 3),
        "wall_s": round(done.wall_s, 1),
        "times_real_time": round(done.times_real_time, 1),
        "times_real_time_per_core": round(done.times_real_time_per_core, 1),
    }
