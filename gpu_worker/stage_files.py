"""Results of stages as files, so that another process on another machine can go on from them.

A result is a tree of the engine's frozen dataclasses, tuples, dicts, numbers, texts and arrays. Arrays lie in one
``.npz``, everything else as JSON beside it; both give back exactly what was written, bit for bit. Only the classes
named here can be read: a file is never more than data.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gpu_worker.cast import Speech, Voice
from gpu_worker.errors import StageFileError
from gpu_worker.quality.outside import OutsideSeen
from gpu_worker.schema import (
    Certificate,
    Check,
    FaceChecks,
    FaceRig,
    Fallback,
    Finding,
    Inspection,
    MotionTrack,
    MouthSpan,
    Phone,
    Timeline,
    VisemeSpan,
    Waveform,
    Word,
)
from gpu_worker.stage_results import Film, Score

#: Arrays of more bytes lie in a file of their own, from which they are read as they are needed.
_LARGE = 16 << 20
#: Changes with what the files hold; a job that was begun with another number is begun anew.
FORMAT = 1
_CLASSES: Mapping[str, type[Any]] = {
    one.__name__: one
    for one in (
        Certificate, Check, FaceChecks, FaceRig, Fallback, Film, Finding, Inspection, MotionTrack, MouthSpan,
        OutsideSeen, Phone, Score, Speech, Timeline, VisemeSpan, Voice, Waveform, Word,
    )
}  # fmt: skip


def write_result(result: Score | Film | Certificate, folder: Path, name: str) -> list[Path]:
    """Write ``name.json`` and its arrays into ``folder``; films name their files relative to it. All that belongs."""
    arrays: dict[str, Any] = {}
    packed = _packed(result, arrays, folder)
    large = {key: folder / f"{name}-{key}.npy" for key, array in arrays.items() if array.nbytes > _LARGE}
    for key, path in large.items():
        np.save(path, arrays.pop(key))
    document, numbers = folder / f"{name}.json", folder / f"{name}.npz"
    np.savez(numbers, **arrays)
    files = [numbers, *large.values()]
    tree = {"format": FORMAT, "files": [path.name for path in files], "result": packed}
    document.write_text(json.dumps(tree), encoding="utf-8")
    return [document, *files]


def files_beside(folder: Path, name: str) -> list[str]:
    """Names of the files that belong to ``name.json``. Raises StageFileError."""
    try:
        return [Path(one).name for one in json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))["files"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StageFileError(f"{name} says not what belongs to it: {error}") from error


def read_score(folder: Path) -> Score:
    """Raises StageFileError."""
    score = _read(folder, "score")
    if not isinstance(score, Score):
        raise StageFileError("the file of a score holds something else")
    return score


def read_film(folder: Path, number: int) -> Film:
    """Its video and poster are looked for in ``folder``. Raises StageFileError."""
    film = _read(folder, f"film-{number}")
    if not isinstance(film, Film) or not (film.video.is_file() and film.poster.is_file()):
        raise StageFileError("the files of a film are not whole")
    return film


def read_certificate(folder: Path, number: int) -> Certificate:
    """Raises StageFileError."""
    certificate = _read(folder, f"certificate-{number}")
    if not isinstance(certificate, Certificate):
        raise StageFileError("the file of a certificate holds something else")
    return certificate


def _read(folder: Path, name: str) -> Any:
    try:
        tree = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        if tree["format"] != FORMAT:
            raise StageFileError(f"stage files of format {tree['format']}, not {FORMAT}")
        with np.load(folder / f"{name}.npz", allow_pickle=False) as stored:
            arrays = dict(stored)
        for file in tree["files"]:
            if file.endswith(".npy"):
                key = file.removeprefix(f"{name}-").removesuffix(".npy")
                arrays[key] = np.load(folder / Path(file).name, mmap_mode="r", allow_pickle=False)
        return _unpacked(tree["result"], arrays, folder)
    except StageFileError:
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        # zipfile's own errors are OSError or ValueError as numpy passes them on
        raise StageFileError(f"the files of {name} cannot be read: {error}") from error


def _packed(value: Any, arrays: dict[str, Any], folder: Path) -> Any:
    """``value`` as JSON; arrays go to ``arrays`` under the name that stands in their place."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (np.ndarray, np.generic)):
        key = f"a{len(arrays)}"
        arrays[key] = value
        return {"array": key, "scalar": isinstance(value, np.generic)}
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, Path):
        return {"path": value.relative_to(folder).as_posix()}
    if isinstance(value, (tuple, list)):
        return {"list": [_packed(one, arrays, folder) for one in value], "tuple": isinstance(value, tuple)}
    if isinstance(value, Mapping):
        return {"dict": [[_packed(key, arrays, folder), _packed(one, arrays, folder)] for key, one in value.items()]}
    name = type(value).__name__
    if not is_dataclass(value) or _CLASSES.get(name) is not type(value):
        raise TypeError(f"{type(value)} has no place in a stage's files")
    return {
        "class": name,
        "fields": {one.name: _packed(getattr(value, one.name), arrays, folder) for one in fields(value)},
    }


def _unpacked(tree: Any, arrays: Any, folder: Path) -> Any:
    if not isinstance(tree, dict):
        return tree
    if "array" in tree:
        array = arrays[tree["array"]]
        return array[()] if tree["scalar"] else array
    if "path" in tree:
        # A name, never a way out of the folder.
        return folder / Path(tree["path"]).name
    if "list" in tree:
        entries = [_unpacked(one, arrays, folder) for one in tree["list"]]
        return tuple(entries) if tree["tuple"] else entries
    if "dict" in tree:
        return {_unpacked(key, arrays, folder): _unpacked(one, arrays, folder) for key, one in tree["dict"]}
    return _CLASSES[tree["class"]](**{name: _unpacked(one, arrays, folder) for name, one in tree["fields"].items()})
