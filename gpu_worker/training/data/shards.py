"""Clips in shards: plain tar files in the form of WebDataset, which any tar reads.

A clip is three neighbouring members with one name: ``KEY.json`` (who, which language, phones, papers), ``KEY.wav``
(16-bit mono) and ``KEY.npz`` (controls, seen, visemes and, where they were measured, more). A shard holds clips of one
part of the split only, and appears under its name when it is whole. The same clips make the same bytes.
"""

from __future__ import annotations

import io
import json
import os
import tarfile
import wave
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpu_worker.errors import EngineError
from gpu_worker.schema import FloatArray
from gpu_worker.training.clip import CONTROL_NAMES, SAMPLE_RATE, SPLITS, Clip, Split
from gpu_worker.weights import sha256_of

SHARDS = "shards"
_JSON_FIELDS = ("person", "split", "language", "source", "fps", "manifest")
_ARRAYS = ("controls", "seen", "visemes")
Extra = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class ShardEntry:
    """One shard as the index lists it. ``clips`` are the keys in order, ``people`` whose they are."""

    name: str
    split: Split
    sha256: str
    size: int
    seconds: float
    clips: tuple[str, ...]
    people: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"clips": list(self.clips), "people": list(self.people)}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> ShardEntry:
        fields = dict(value)
        return cls(**{**fields, "clips": tuple(fields["clips"]), "people": tuple(fields["people"])})


class ShardWriter:
    """Writes clips to ``FOLDER/shards/SPLIT-STEM.tar``. Nothing is there under its name before :meth:`close`."""

    def __init__(self, folder: Path, stem: str) -> None:
        self._folder, self._stem = folder / SHARDS, stem
        self._open: dict[Split, _OpenShard] = {}

    def add(self, clip: Clip, extra: Extra | None = None) -> None:
        """Append a clip; ``extra`` are arrays that stay beside it (see :func:`read_extra`)."""
        if clip.split not in self._open:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._open[clip.split] = _OpenShard(self._folder, clip.split, self._stem)
        self._open[clip.split].add(clip, extra or {})

    def close(self) -> tuple[ShardEntry, ...]:
        """Finish every shard and say what is in each."""
        entries = tuple(self._open[split].close() for split in SPLITS if split in self._open)
        self._open.clear()
        return entries

    def discard(self) -> None:
        """Leave no trace of what was begun."""
        for shard in self._open.values():
            shard.discard()
        self._open.clear()

    def __enter__(self) -> ShardWriter:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.discard()


class _OpenShard:
    def __init__(self, folder: Path, split: Split, stem: str) -> None:
        self.split = split
        self.path = folder / f"{split}-{stem}.tar"
        self._partial = folder / f".{self.path.name}.{os.getpid()}.part"
        self._tar = tarfile.open(self._partial, "w", format=tarfile.USTAR_FORMAT)  # noqa: SIM115 - closed by close()
        self._keys: list[str] = []
        self._people: set[str] = set()
        self._seconds = 0.0

    def add(self, clip: Clip, extra: Extra) -> None:
        for suffix, data in members(clip, extra):
            # Nothing of the machine or the hour goes in: the same clips are the same file.
            member = tarfile.TarInfo(f"{clip.key}.{suffix}")
            member.size, member.mode = len(data), 0o644
            self._tar.addfile(member, io.BytesIO(data))
        self._keys.append(clip.key)
        self._people.add(clip.person)
        self._seconds += clip.duration

    def close(self) -> ShardEntry:
        self._tar.close()
        with self._partial.open("rb+") as file:
            os.fsync(file.fileno())
        self._partial.replace(self.path)
        size, sha256 = self.path.stat().st_size, sha256_of(self.path)
        seconds = round(self._seconds, 3)
        people = tuple(sorted(self._people))
        return ShardEntry(self.path.name, self.split, sha256, size, seconds, tuple(self._keys), people)

    def discard(self) -> None:
        self._tar.close()
        self._partial.unlink(missing_ok=True)


def members(clip: Clip, extra: Extra) -> Iterator[tuple[str, bytes]]:
    """The files of a clip: (suffix, content)."""
    told = {name: getattr(clip, name) for name in _JSON_FIELDS}
    told["phones"] = [[round(start, 5), round(end, 5), phone] for start, end, phone in clip.phones]
    yield "json", json.dumps(told, ensure_ascii=False, sort_keys=True).encode()
    yield "wav", wav_bytes(clip.samples)
    arrays = {name: getattr(clip, name) for name in _ARRAYS} | dict(extra)
    yield "npz", _npz(arrays | {"names": np.array(CONTROL_NAMES)})


def iterate_clips(folder: Path, split: Split | None = None) -> Iterator[Clip]:
    """Every clip of a data set, or of one part of it, in the order of the index.

    Raises :class:`EngineError` for a shard that is missing or damaged.
    """
    from gpu_worker.training.data.index import read_index

    for entry in read_index(folder).shards:
        if split is None or entry.split == split:
            for clip, _ in read_shard(folder / SHARDS / entry.name):
                yield clip


def read_shard(path: Path) -> Iterator[tuple[Clip, dict[str, NDArray[Any]]]]:
    """The clips of one shard with their extra arrays. Raises :class:`EngineError` for one that is damaged."""
    try:
        for key, files in _groups(path):
            yield _clip(key, files)
    except (OSError, tarfile.TarError, KeyError, ValueError, EOFError, wave.Error) as problem:
        raise EngineError(f"The shard {path.name} cannot be read: {problem}", permanent=True) from problem


def _groups(path: Path) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Neighbouring members with the same name up to the first dot."""
    key = ""
    files: dict[str, bytes] = {}
    with tarfile.open(path, "r:") as tar:
        for member in tar:
            file = tar.extractfile(member)
            if file is None:
                continue
            name, _, suffix = member.name.partition(".")
            if name != key and files:
                yield key, files
                files = {}
            key = name
            files[suffix] = file.read()
    if files:
        yield key, files


def _clip(key: str, files: Mapping[str, bytes]) -> tuple[Clip, dict[str, NDArray[Any]]]:
    told: dict[str, Any] = json.loads(files["json"])
    with np.load(io.BytesIO(files["npz"]), allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    names = tuple(str(name) for name in arrays.pop("names"))
    controls, seen = _columns(names, arrays.pop("controls"), arrays.pop("seen"))
    clip = Clip(
        key=key,
        samples=samples_of(files["wav"]),
        controls=controls,
        seen=seen,
        visemes=arrays.pop("visemes"),
        phones=tuple((float(start), float(end), str(phone)) for start, end, phone in told["phones"]),
        **{name: told[name] for name in _JSON_FIELDS},
    )
    return clip, arrays


def _columns(
    names: tuple[str, ...], controls: FloatArray, seen: NDArray[np.bool_]
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Columns in today's order: a control that came later is one that was not measured."""
    if names == CONTROL_NAMES:
        return controls, seen
    wanted = np.zeros((len(controls), len(CONTROL_NAMES)), np.float32)
    known = np.zeros(wanted.shape, np.bool_)
    for column, name in enumerate(CONTROL_NAMES):
        if name in names:
            wanted[:, column], known[:, column] = controls[:, names.index(name)], seen[:, names.index(name)]
    return wanted, known


def wav_bytes(samples: FloatArray) -> bytes:
    """A 16-bit mono WAV file of ``samples`` at :data:`SAMPLE_RATE`."""
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(np.rint(np.clip(samples, -1.0, 1.0) * 32767.0).astype("<i2").tobytes())
    return target.getvalue()


def samples_of(data: bytes) -> FloatArray:
    """The samples of :func:`wav_bytes`."""
    with wave.open(io.BytesIO(data), "rb") as file:
        samples: FloatArray = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32767.0
    return samples


def _npz(arrays: Extra) -> bytes:
    target = io.BytesIO()
    # numpy stamps each member with 1980-01-01, so the bytes depend on nothing but the arrays.
    np.savez_compressed(target, **dict(arrays))
    return target.getvalue()
