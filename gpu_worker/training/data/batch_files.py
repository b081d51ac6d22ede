"""Batches as files of JSON in the data set's folder: how a plan reaches workers on other machines."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from gpu_worker.errors import EngineError
from gpu_worker.training.data.index import read_json, write_json
from gpu_worker.training.data.manifest import Recording
from gpu_worker.training.data.recordings import Input, RecordingBatch
from gpu_worker.training.data.synthetic import SyntheticBatch, Voices

_FOLDER = "plan"


def write_batch(folder: Path, batch: RecordingBatch | SyntheticBatch) -> None:
    """Leave a batch to be made by whoever reads it."""
    write_json(folder / _FOLDER / f"{batch.stem}.json", _as_dict(batch))


def read_batch(folder: Path, stem: str) -> RecordingBatch | SyntheticBatch | None:
    """The batch of that stem; None where it was made and taken off. Raises :class:`EngineError` when it is damaged."""
    file = folder / _FOLDER / f"{stem}.json"
    if not file.is_file():
        return None
    try:
        told = read_json(file)
        return _synthetic(told) if "voices" in told else _recordings(told)
    except (ValueError, KeyError, TypeError) as problem:
        raise EngineError(f"The batch {stem} cannot be read: {problem}", permanent=True) from problem


def take_off(folder: Path, stem: str) -> bool:
    """A batch is made: take it off the plan. Returns whether it was the last."""
    (folder / _FOLDER / f"{stem}.json").unlink(missing_ok=True)
    return not any((folder / _FOLDER).glob("*.json"))


def _as_dict(batch: RecordingBatch | SyntheticBatch) -> dict[str, Any]:
    if isinstance(batch, SyntheticBatch):
        return asdict(batch)
    inputs = [
        asdict(entry.recording) | {"path": str(entry.recording.path), "sha256": entry.sha256} for entry in batch.inputs
    ]
    return {"inputs": inputs, "parts": dict(batch.parts)}


def _synthetic(told: dict[str, Any]) -> SyntheticBatch:
    voices = Voices(*(tuple(told["voices"][name]) for name in ("languages", "variants", "flite")))
    return SyntheticBatch(told["number"], told["seed"], voices, told["parts"], told["count"])


def _recordings(told: dict[str, Any]) -> RecordingBatch:
    inputs = []
    for entry in told["inputs"]:
        sha256 = entry.pop("sha256")
        inputs.append(Input(Recording(**(entry | {"path": Path(entry["path"])})), sha256))
    return RecordingBatch(tuple(inputs), told["parts"])
