"""What a data set folder holds besides its shards, and how its pieces are put together.

    dataset.json   form and seed of the set
    people.json    which part of the split each person belongs to
    parts/         one file for each finished batch of inputs: clips, rejects, shards, time taken
    shards/        the clips
    index.json     the parts together, with a fingerprint of all shards
    rejects.csv    what was left out, and why
    removed.json   tombstones of people who asked to be removed
    runs.json      the trained runs that used this set

Files appear whole or not at all, so a build may stop anywhere and go on.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gpu_worker.errors import InputError
from gpu_worker.training.data.shards import ShardEntry

FORM = 1
INDEX, SET, PEOPLE, PARTS = "index.json", "dataset.json", "people.json", "parts"
REJECTS, RUNS = "rejects.csv", "runs.json"
_REJECT_COLUMNS = ("input", "person", "start", "end", "reason", "detail")


@dataclass(frozen=True)
class Index:
    """``fingerprint`` changes with any byte of any shard. ``clips`` and ``rejects`` are rows as in the parts."""

    fingerprint: str
    shards: tuple[ShardEntry, ...]
    clips: tuple[dict[str, Any], ...] = ()
    rejects: tuple[dict[str, Any], ...] = ()

    @property
    def people(self) -> tuple[str, ...]:
        return tuple(sorted({person for shard in self.shards for person in shard.people}))

    @property
    def seconds(self) -> float:
        return sum(shard.seconds for shard in self.shards)


@dataclass(frozen=True)
class Part:
    """What came of one batch. ``inputs`` are ids of inputs, ``checksums`` those of their files."""

    stem: str
    inputs: tuple[str, ...]
    checksums: tuple[str, ...]
    shards: tuple[ShardEntry, ...]
    clips: tuple[dict[str, Any], ...]
    rejects: tuple[dict[str, Any], ...]
    measured: dict[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return {
            "stem": self.stem,
            "inputs": list(self.inputs),
            "checksums": list(self.checksums),
            "shards": [shard.as_dict() for shard in self.shards],
            "clips": list(self.clips),
            "rejects": list(self.rejects),
            "measured": self.measured,
        }


def write_part(folder: Path, part: Part) -> None:
    """Record that a batch is finished."""
    (folder / PARTS).mkdir(parents=True, exist_ok=True)
    write_json(folder / PARTS / f"{part.stem}.json", part.as_dict())


def read_parts(folder: Path) -> tuple[Part, ...]:
    """Every finished batch, in the order of its stem."""
    return tuple(_part(read_json(file)) for file in sorted((folder / PARTS).glob("*.json")))


def _part(told: dict[str, Any]) -> Part:
    return Part(
        told["stem"],
        tuple(told["inputs"]),
        tuple(told["checksums"]),
        tuple(ShardEntry.from_dict(shard) for shard in told["shards"]),
        tuple(told["clips"]),
        tuple(told["rejects"]),
        dict(told["measured"]),
    )


def write_index(folder: Path) -> Index:
    """Put the parts together: ``index.json`` and ``rejects.csv``."""
    parts = read_parts(folder)
    shards = tuple(sorted((shard for part in parts for shard in part.shards), key=lambda shard: shard.name))
    clips = tuple(clip for part in parts for clip in part.clips)
    rejects = tuple(reject for part in parts for reject in part.rejects)
    index = Index(fingerprint_of(shards), shards, clips, rejects)
    told = {
        "form": FORM,
        "fingerprint": index.fingerprint,
        "seconds": round(index.seconds, 3),
        "people": len(index.people),
        "shards": [shard.as_dict() for shard in shards],
        "clips": list(clips),
        "rejects": list(rejects),
    }
    write_json(folder / INDEX, told)
    write_text(folder / REJECTS, _table(rejects))
    return index


def read_index(folder: Path) -> Index:
    """The index of a data set. Raises :class:`InputError` ``not_a_dataset``."""
    try:
        told = read_json(folder / INDEX)
        shards = tuple(ShardEntry.from_dict(shard) for shard in told["shards"])
        return Index(told["fingerprint"], shards, tuple(told["clips"]), tuple(told["rejects"]))
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise InputError(
            "not_a_dataset",
            f"{folder} is not a data set, or its index is damaged.",
            "Build it with: python -m gpu_worker.training dataset build SOURCE -o DIR",
        ) from problem


def fingerprint_of(shards: Sequence[ShardEntry]) -> str:
    """One checksum for all shards, whatever order they were made in."""
    lines = sorted(f"{shard.name} {shard.sha256}" for shard in shards)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def register_run(folder: Path, run: str) -> str:
    """Note that a training run uses the set as it is now; returns the fingerprint. A run is listed once for each
    state of the set that it saw."""
    index = read_index(folder)
    runs: list[dict[str, Any]] = read_runs(folder)
    entry = {"run": run, "fingerprint": index.fingerprint, "people": list(index.people)}
    if not any(known["run"] == run and known["fingerprint"] == index.fingerprint for known in runs):
        write_json(folder / RUNS, [*runs, entry])
    return index.fingerprint


def read_runs(folder: Path) -> list[dict[str, Any]]:
    """The runs that used this set: ``run``, ``fingerprint``, ``people``."""
    file = folder / RUNS
    return list(read_json(file)) if file.is_file() else []


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def write_json(path: Path, value: object) -> None:
    write_text(path, json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def write_text(path: Path, text: str) -> None:
    """Replace a file so that a reader, or a power cut, meets the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", newline="", dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).chmod(0o644)
    Path(file.name).replace(path)


def _table(rejects: Sequence[dict[str, Any]]) -> str:
    target = io.StringIO()
    writer = csv.DictWriter(target, _REJECT_COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rejects)
    return target.getvalue()
