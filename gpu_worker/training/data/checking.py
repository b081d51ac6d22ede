"""Is a data set whole, and may every clip of it be used? Reads everything, changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from gpu_worker.errors import EngineError
from gpu_worker.training.clip import Clip
from gpu_worker.training.data.index import Index, fingerprint_of, read_index
from gpu_worker.training.data.likeness import Faces
from gpu_worker.training.data.shards import SHARDS, ShardEntry, read_shard
from gpu_worker.weights import sha256_of

#: What no clip goes without.
REQUIRED_PAPERS = ("licence", "consent", "commercial_use", "origin")


@dataclass(frozen=True)
class CheckReport:
    """``problems`` holds one sentence for each thing that is wrong; none means that the set can be used. ``notices``
    are for somebody to look at: people in different parts whose faces are alike."""

    fingerprint: str
    shards: int
    clips: int
    seconds: float
    problems: tuple[str, ...]
    notices: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"problems": list(self.problems), "notices": list(self.notices), "ok": not self.problems}


def check_dataset(folder: Path) -> CheckReport:
    """Read every shard. Raises :class:`InputError` ``not_a_dataset``."""
    index = read_index(folder)
    problems = list(_of_index(folder, index))
    seconds, clips = 0.0, 0
    where: dict[str, str] = {}
    faces = Faces()
    for entry in index.shards:
        for found in _of_shard(folder, entry):
            if isinstance(found, str):
                problems.append(found)
                continue
            clip, extra = found
            clips += 1
            seconds += clip.duration
            problems += _of_clip(clip, where)
            if "rest" in extra:
                faces.add(clip.person, clip.split, extra["rest"])
    notices = tuple(
        f"{one} and {other} are in different parts and look alike ({apart:.4f} face heights): are they one person?"
        for one, other, apart in faces.alike()
    )
    return CheckReport(index.fingerprint, len(index.shards), clips, round(seconds, 3), tuple(problems), notices)


def _of_index(folder: Path, index: Index) -> Iterator[str]:
    if fingerprint_of(index.shards) != index.fingerprint:
        yield "The fingerprint of the index is not that of its shards."
    listed = {entry.name for entry in index.shards}
    for file in sorted((folder / SHARDS).glob("*.tar")):
        if file.name not in listed:
            yield f"The shard {file.name} is not in the index."
    keys = [key for entry in index.shards for key in entry.clips]
    if len(keys) != len(set(keys)):
        yield "Two clips have the same key."


def _of_shard(folder: Path, entry: ShardEntry) -> Iterator[tuple[Clip, dict[str, NDArray[Any]]] | str]:
    path = folder / SHARDS / entry.name
    if not path.is_file():
        yield f"The shard {entry.name} is missing."
        return
    if sha256_of(path) != entry.sha256:
        yield f"The shard {entry.name} has another checksum than the index says."
    found: list[str] = []
    try:
        for clip, extra in read_shard(path):
            found.append(clip.key)
            if clip.split != entry.split:
                yield f"The clip {clip.key} of part {clip.split} lies in the shard {entry.name}."
            yield clip, extra
    except EngineError as problem:
        yield str(problem)
        return
    if found != list(entry.clips):
        yield f"The shard {entry.name} holds other clips than the index says."


def _of_clip(clip: Clip, where: dict[str, str]) -> Iterator[str]:
    for paper in REQUIRED_PAPERS:
        if clip.manifest.get(paper) in (None, ""):
            yield f"The clip {clip.key} has no {paper}."
    before = where.setdefault(clip.person, clip.split)
    if before != clip.split:
        yield f"{clip.person} is in two parts of the split: {before} and {clip.split}."
