"""From a source of recordings to the batches that are still to be made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gpu_worker.training.clip import Split
from gpu_worker.training.data.index import PARTS, Part, read_parts, write_part
from gpu_worker.training.data.manifest import Recording, Unusable, read_source
from gpu_worker.training.data.people import assign_in
from gpu_worker.training.data.recordings import Input, RecordingBatch
from gpu_worker.training.data.removal import refused
from gpu_worker.weights import sha256_of

#: A batch is full at so many recordings or so many bytes.
_MOST, _MOST_BYTES = 16, 256 << 20
#: The part that holds what was left out before it was opened; written anew by each plan.
_LEFT_OUT = "_left-out"


@dataclass(frozen=True)
class Plan:
    """``batches`` are to be made, ``done`` recordings were made before, ``left_out`` will not be."""

    batches: tuple[RecordingBatch, ...]
    done: int
    left_out: int


def plan_build(source: Path, folder: Path, seed: int) -> Plan:
    """Read the manifest, refuse what may not come in, give everybody a part of the split, and make batches.

    Raises :class:`InputError` as :func:`gpu_worker.training.data.manifest.read_source` and
    :func:`gpu_worker.training.data.people.assign` do.
    """
    recordings, unusable = read_source(source)
    inputs, refusals = _admitted(folder, recordings)
    wanted: dict[str, Split] = {
        entry.recording.person: entry.recording.split  # type: ignore[misc]
        for entry in inputs
        if entry.recording.split
    }
    parts = assign_in(folder, {entry.recording.person for entry in inputs}, wanted, seed)
    known = {one for part in read_parts(folder) for one in part.inputs}
    todo = [entry for entry in inputs if entry.id not in known]
    left_out = (*unusable, *refusals)
    _record(folder, left_out)
    people = {entry.recording.person for entry in todo}
    split = {person: part for person, part in parts.items() if person in people}
    return Plan(tuple(_batches(todo, split)), len(inputs) - len(todo), len(left_out))


def _admitted(folder: Path, recordings: Sequence[Recording]) -> tuple[list[Input], list[Unusable]]:
    """Recordings with their checksums, without those of removed people and those that came in already."""
    owners: dict[str, str] = {}
    inputs: list[Input] = []
    refusals: list[Unusable] = []
    for recording in sorted(recordings, key=lambda one: one.name):
        sha256 = sha256_of(recording.path)
        refusal = refused(folder, recording.person, recording.name, sha256)
        owner = owners.setdefault(sha256, recording.person)
        if refusal is None and owner != recording.person:
            # One of the two names is wrong, and the split rests on names.
            detail = "The same file is there under another person."
            refusal = Unusable(recording.name, "same_recording", detail, recording.person)
        elif refusal is None and any(one.sha256 == sha256 for one in inputs):
            refusal = Unusable(recording.name, "duplicate", "The same file is there twice.", recording.person)
        if refusal is None:
            inputs.append(Input(recording, sha256))
        else:
            refusals.append(refusal)
    return inputs, refusals


def _batches(todo: Sequence[Input], parts: dict[str, Split]) -> list[RecordingBatch]:
    batches: list[RecordingBatch] = []
    waiting: list[Input] = []
    size = 0
    for entry in todo:
        length = entry.recording.path.stat().st_size
        if waiting and (len(waiting) >= _MOST or size + length > _MOST_BYTES):
            batches.append(_batch(waiting, parts))
            waiting, size = [], 0
        waiting.append(entry)
        size += length
    if waiting:
        batches.append(_batch(waiting, parts))
    return batches


def _batch(inputs: Sequence[Input], parts: dict[str, Split]) -> RecordingBatch:
    people = {entry.recording.person for entry in inputs}
    return RecordingBatch(tuple(inputs), {person: parts[person] for person in sorted(people)})


def _record(folder: Path, left_out: Sequence[Unusable]) -> None:
    rows: tuple[dict[str, Any], ...] = tuple(one.as_row() for one in left_out)
    if rows or (folder / PARTS / f"{_LEFT_OUT}.json").is_file():
        write_part(folder, Part(_LEFT_OUT, (), (), (), (), rows))
