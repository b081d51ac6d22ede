"""The papers of the recordings: who is seen or heard, by which licence, and where their consent is filed.

``manifest.csv`` or ``manifest.json`` lies with the recordings, or is named itself; paths are relative to it. What has
no entry, no licence or no consent is not used.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gpu_worker.errors import InputError
from gpu_worker.languages import find_language
from gpu_worker.training.clip import SPLITS, Source

VIDEOS = frozenset({".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts"})
SOUNDS = frozenset({".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".aac"})
_NAMES = ("manifest.csv", "manifest.json")
#: What people may declare about themselves; nothing of it is ever guessed.
DECLARED = ("sex", "age_group", "skin_tone")
_TRUE, _FALSE = frozenset({"true", "yes", "1"}), frozenset({"false", "no", "0"})


@dataclass(frozen=True)
class Recording:
    """One file with its papers. ``declared`` holds what the person said of themselves, by the names of
    :data:`DECLARED`; ``split`` is "" where the build decides."""

    name: str
    path: Path
    source: Source
    person: str
    licence: str
    consent: str
    commercial_use: bool
    language: str
    transcript: str
    split: str
    declared: dict[str, str]

    @property
    def papers(self) -> dict[str, Any]:
        """What every clip of this recording carries."""
        told = {"licence": self.licence, "consent": self.consent, "commercial_use": self.commercial_use}
        return told | {"origin": self.name, **self.declared}


@dataclass(frozen=True)
class Unusable:
    """A file or an entry that is left out, and why: a row of the table of rejects."""

    input: str
    reason: str
    detail: str
    person: str = ""

    def as_row(self) -> dict[str, Any]:
        return {"input": self.input, "reason": self.reason, "detail": self.detail, "person": self.person}


def read_source(source: Path) -> tuple[tuple[Recording, ...], tuple[Unusable, ...]]:
    """The recordings of a folder with a manifest, or of a manifest, and what cannot be used of it.

    Raises :class:`InputError` ``no_manifest``, ``bad_manifest`` or ``person_in_two_parts``.
    """
    file = _manifest_of(source)
    entries = _entries(file)
    recordings: list[Recording] = []
    unusable: list[Unusable] = []
    for entry in entries:
        found = _recording(file.parent, entry)
        if isinstance(found, Recording):
            recordings.append(found)
        else:
            unusable.append(found)
    listed = {str(entry.get("file", "")).strip() for entry in entries}
    for stray in sorted(file.parent.rglob("*")):
        name = stray.relative_to(file.parent).as_posix()
        if stray.suffix.lower() in VIDEOS | SOUNDS and name not in listed:
            unusable.append(Unusable(name, "no_manifest_entry", "The manifest does not name this file."))
    _check_splits(recordings)
    return tuple(recordings), tuple(unusable)


def _manifest_of(source: Path) -> Path:
    if source.is_file():
        return source
    for name in _NAMES:
        if (source / name).is_file():
            return source / name
    raise InputError(
        "no_manifest",
        f"There is no manifest with {source}.",
        "Add a manifest.csv with the columns file, person, licence, consent, commercial_use, language.",
    )


def _entries(file: Path) -> list[Mapping[str, Any]]:
    try:
        text = file.read_text(encoding="utf-8-sig")
        if file.suffix.lower() == ".json":
            told = json.loads(text)
            entries = told["recordings"] if isinstance(told, dict) else told
            if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
                raise ValueError("a list of recordings is expected")
            return entries
        rows = list(csv.DictReader(text.splitlines()))
        if rows and "file" not in rows[0]:
            raise ValueError("the column “file” is missing")
        return [dict(row) for row in rows]
    except (OSError, ValueError, KeyError, csv.Error) as problem:
        raise InputError(
            "bad_manifest", f"The manifest {file.name} cannot be read: {problem}", "It is CSV or JSON in UTF-8."
        ) from problem


def _recording(folder: Path, entry: Mapping[str, Any]) -> Recording | Unusable:
    told = {name: "" if value is None else str(value).strip() for name, value in entry.items() if name}
    name, person = told.get("file", ""), told.get("person", "")

    def no(reason: str, detail: str) -> Unusable:
        return Unusable(name, reason, detail, person)

    path = (folder / name).resolve()
    if not name or not path.is_relative_to(folder.resolve()) or not path.is_file():
        return no("no_such_file", "The manifest names a file that is not there.")
    if path.suffix.lower() not in VIDEOS | SOUNDS:
        return no("unknown_kind", f"{path.suffix or 'No ending'} is neither a video nor a sound.")
    for paper in ("person", "licence", "consent"):
        if not told.get(paper):
            return no(f"no_{paper}", f"The entry has no {paper}.")
    commercial = told.get("commercial_use", "").lower()
    if commercial not in _TRUE | _FALSE:
        return no("no_commercial_use", "The entry does not say whether commercial use is allowed.")
    if told.get("split") and told["split"] not in SPLITS:
        return no("unknown_split", f"“{told['split'][:40]}” is no part of the split.")
    try:
        language = find_language(told.get("language") or "en").code
    except InputError as problem:
        return no("unsupported_language", problem.message)
    return Recording(
        name=name,
        path=path,
        source="video" if path.suffix.lower() in VIDEOS else "speech",
        person=person,
        licence=told["licence"],
        consent=told["consent"],
        commercial_use=commercial in _TRUE,
        language=language,
        transcript=told.get("transcript") or _text_beside(path),
        split=told.get("split", ""),
        declared={key: told[key] for key in DECLARED if told.get(key)},
    )


def _text_beside(path: Path) -> str:
    file = path.with_suffix(".txt")
    try:
        return file.read_text(encoding="utf-8-sig").strip() if file.is_file() else ""
    except (OSError, ValueError):
        return ""


def _check_splits(recordings: Sequence[Recording]) -> None:
    said: dict[str, str] = {}
    for recording in recordings:
        if recording.split and said.setdefault(recording.person, recording.split) != recording.split:
            raise InputError(
                "person_in_two_parts",
                f"The manifest puts {recording.person} into two parts of the split.",
                "Give every person one part, or leave the column empty.",
            )
