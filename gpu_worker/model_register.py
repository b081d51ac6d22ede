"""The register of the models folder, ``models.json``: what an operator has put there, under which terms.

It holds for each model the licence that the operator read, and size and SHA-256 of every file as it arrived; so a file
that changes later is known. A models folder with its register is also a mirror that others can fetch from. Light:
nothing is loaded, nothing is downloaded.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

REGISTER = "models.json"
_MOST_BYTES = 4 << 20


@dataclass(frozen=True)
class FileRecord:
    """One file of a model. ``path`` is relative to the models folder; ``size`` in bytes, ``sha256`` hexadecimal."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class ModelRecord:
    """One model of the register. ``source`` says where it came from, ``added`` when (ISO 8601, UTC)."""

    name: str
    licence: str
    commercial_use: bool
    files: tuple[FileRecord, ...]
    source: str = ""
    added: str = ""

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


def read_register(folder: Path) -> dict[str, ModelRecord]:
    """Every model that the register of ``folder`` names; none when there is no register or it cannot be read."""
    path = folder / REGISTER
    try:
        if path.stat().st_size > _MOST_BYTES:
            return {}
        return parse_register(path.read_bytes())
    except (OSError, ValueError):
        return {}


def parse_register(text: bytes) -> dict[str, ModelRecord]:
    """The records of a register's text; entries that cannot be understood are left out.

    Raises:
        ValueError: the text is no register at all.
    """
    data = json.loads(text)
    entries = data.get("models") if isinstance(data, dict) else None
    if not isinstance(entries, dict):
        raise ValueError("it has no list of models")
    found = {}
    for name, entry in entries.items():
        with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
            found[name] = _record(name, entry)
    return found


def write_record(folder: Path, record: ModelRecord) -> None:
    """Enter ``record`` into the register of ``folder``, in place of one of the same name."""
    with _locked(folder):
        entries = read_register(folder)
        entries[record.name] = record
        _write(folder, entries)


def drop_record(folder: Path, name: str) -> None:
    """Strike the model out of the register of ``folder``, if it is there."""
    with _locked(folder):
        entries = read_register(folder)
        if entries.pop(name, None) is not None:
            _write(folder, entries)


def safe_path(path: str) -> str:
    """``path`` if it stays inside the folder it is relative to. Raises ValueError otherwise."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or "\\" in path or "\0" in path or any(part in ("..", ".") for part in parts):
        raise ValueError(f"{path[:80]!r} is no path inside a models folder")
    return path


def _record(name: str, entry: Mapping[str, Any]) -> ModelRecord:
    files = tuple(
        FileRecord(safe_path(str(file["path"])), int(file["size"]), str(file["sha256"]).lower())
        for file in entry["files"]
    )
    return ModelRecord(
        name=name,
        licence=str(entry["licence"]),
        commercial_use=entry["commercial_use"] is True,
        files=files,
        source=str(entry.get("source", "")),
        added=str(entry.get("added", "")),
    )


def _write(folder: Path, entries: Mapping[str, ModelRecord]) -> None:
    rows = {name: {key: value for key, value in asdict(entries[name]).items() if key != "name"} for name in entries}
    text = json.dumps({"models": dict(sorted(rows.items()))}, indent=2, ensure_ascii=False) + "\n"
    descriptor, made = tempfile.mkstemp(prefix=".models-", dir=folder)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    os.chmod(made, 0o644)
    os.replace(made, folder / REGISTER)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One process at a time changes the register."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".models.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
