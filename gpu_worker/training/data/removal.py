"""Taking a person out of a data set again, with everything that was derived from them, and keeping them out.

A tombstone remembers checksums only: of the person's name, so that an entry under it is refused, and of their files, so
that the same recording does not come back under another name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gpu_worker.errors import InputError
from gpu_worker.training.data.index import (
    PEOPLE,
    RUNS,
    Part,
    read_json,
    read_parts,
    read_runs,
    write_index,
    write_json,
    write_part,
)
from gpu_worker.training.data.manifest import Unusable
from gpu_worker.training.data.people import read_people
from gpu_worker.training.data.shards import SHARDS, ShardEntry, ShardWriter, read_shard

REMOVED = "removed.json"


@dataclass(frozen=True)
class Removal:
    """What was removed. ``runs`` are the trained runs that had seen the person: they are to be trained anew."""

    clips: int
    seconds: float
    shards_rewritten: int
    shards_deleted: int
    runs: tuple[str, ...]
    fingerprint: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"runs": list(self.runs)}


def remove_person(folder: Path, person: str) -> Removal:
    """Remove every clip of ``person``, their rejects, their place in the split and their name in the list of runs.

    An interrupted removal is finished by asking again. Raises :class:`InputError` ``unknown_person`` for somebody who
    is not in the data set and was never removed from it.
    """
    parts = read_parts(folder)
    told = _is_told(folder, parts, person)
    if not told and not is_removed(folder, person):
        raise InputError(
            "unknown_person",
            "Nobody of this name is in the data set.",
            "The data card lists how many people there are.",
        )
    checksums = {sha for part in parts for sha in _files_of(folder, part, person)}
    _bury(folder, person, checksums)
    clips, seconds, rewritten, deleted = 0, 0.0, 0, 0
    for part in parts:
        if any(row.get("person") == person for row in (*part.clips, *part.rejects)) or any(
            person in shard.people for shard in part.shards
        ):
            fresh, gone = _without(folder, part, person)
            clips += gone
            seconds += sum(one.seconds for one in part.shards) - sum(one.seconds for one in fresh.shards)
            deleted += len(part.shards) - len(fresh.shards)
            rewritten += sum(one not in part.shards for one in fresh.shards)
            write_part(folder, fresh)
    write_json(folder / PEOPLE, {name: part for name, part in read_people(folder).items() if name != person})
    runs = _forget_in_runs(folder, person)
    index = write_index(folder)
    return Removal(clips, round(seconds, 3), rewritten, deleted, runs, index.fingerprint)


def is_removed(folder: Path, person: str) -> bool:
    """Whether a person of this name was removed from the data set."""
    return any(stone["person"] == _hash(person) for stone in read_tombstones(folder))


def read_tombstones(folder: Path) -> list[dict[str, Any]]:
    """``person`` (a checksum), ``files`` (checksums), ``on`` (a day)."""
    file = folder / REMOVED
    return list(read_json(file)) if file.is_file() else []


def refused(folder: Path, person: str, name: str, sha256: str) -> Unusable | None:
    """Why a recording may not come in: its person was removed, or its file was. None where neither is so."""
    for stone in read_tombstones(folder):
        if stone["person"] == _hash(person):
            return Unusable(name, "removed_person", "This person asked to be removed.", "")
        if sha256 in stone["files"]:
            return Unusable(name, "removed_recording", "The person in this recording asked to be removed.", "")
    return None


def _hash(person: str) -> str:
    return hashlib.sha256(f"person:{person}".encode()).hexdigest()


def _is_told(folder: Path, parts: Iterable[Part], person: str) -> bool:
    rows = (row for part in parts for row in (*part.clips, *part.rejects))
    return person in read_people(folder) or any(row.get("person") == person for row in rows)


def _files_of(folder: Path, part: Part, person: str) -> set[str]:
    """Checksums of the person's recordings, from the papers of their clips and the rows of their rejects."""
    found = {row["sha256"] for row in part.rejects if row.get("person") == person and row.get("sha256")}
    for shard in part.shards:
        if person in shard.people and (folder / SHARDS / shard.name).is_file():
            papers = (clip.manifest for clip, _ in read_shard(folder / SHARDS / shard.name) if clip.person == person)
            found |= {str(told["sha256"]) for told in papers if told.get("sha256")}
    return found


def _bury(folder: Path, person: str, files: set[str]) -> None:
    stones = read_tombstones(folder)
    before = next((stone for stone in stones if stone["person"] == _hash(person)), None)
    if before is None:
        today = datetime.now(tz=UTC).date().isoformat()
        stones.append({"person": _hash(person), "files": sorted(files), "on": today})
    else:
        before["files"] = sorted({*before["files"], *files})
    write_json(folder / REMOVED, stones)


def _without(folder: Path, part: Part, person: str) -> tuple[Part, int]:
    """The part anew, its shards rewritten, and how many clips went."""
    shards: list[ShardEntry] = []
    gone = 0
    for shard in part.shards:
        path = folder / SHARDS / shard.name
        if person not in shard.people:
            shards.append(shard)
            continue
        if not path.is_file():  # a removal that was interrupted had come this far
            continue
        stem = shard.name.removesuffix(".tar").removeprefix(f"{shard.split}-")
        with ShardWriter(folder, stem) as writer:
            for clip, extra in read_shard(path):
                if clip.person == person:
                    gone += 1
                else:
                    writer.add(clip, extra)
            fresh = writer.close()
        shards += fresh
        if not fresh:
            path.unlink(missing_ok=True)
    clips = tuple(row for row in part.clips if row.get("person") != person)
    rejects = tuple(row for row in part.rejects if row.get("person") != person)
    return Part(part.stem, part.inputs, part.checksums, tuple(shards), clips, rejects, part.measured), gone


def _forget_in_runs(folder: Path, person: str) -> tuple[str, ...]:
    """Strike the name from the list of runs, and mark those that had seen the person."""
    runs = read_runs(folder)
    touched = []
    for run in runs:
        if person in run["people"]:
            run["people"] = [other for other in run["people"] if other != person]
            run["saw_removed"] = sorted({*run.get("saw_removed", []), _hash(person)})
        if _hash(person) in run.get("saw_removed", []):
            touched.append(str(run["run"]))
    if runs:
        write_json(folder / RUNS, runs)
    return tuple(dict.fromkeys(touched))
