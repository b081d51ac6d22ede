"""What lies in the models folder: listed, taken in from files, checked, removed.

Everything goes through a folder beside its final place and one rename, so a model is there whole or not at all. Light:
no model is loaded and nothing is downloaded here (:mod:`gpu_worker.model_fetch` does that, when it is told to).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from gpu_worker.errors import InputError
from gpu_worker.model_register import FileRecord, ModelRecord, drop_record, read_register, write_record
from gpu_worker.weights import (
    MODELS,
    FoundModel,
    Model,
    ModelFile,
    align_model,
    find,
    find_known,
    models_folders,
    sha256_of,
)

#: What stays free on the disk of the models folder, bytes.
SPARE_BYTES = 64 << 20


def list_models(folders: Iterable[Path] | None = None) -> list[FoundModel]:
    """Every model the product knows of, with its state: the files, Whisper, and the word aligners that are there."""
    searched = tuple(models_folders() if folders is None else folders)
    languages = set()
    for folder in searched:
        languages |= {path.name for path in folder.glob("align/*") if path.is_dir()}
        languages |= {name.removeprefix("align-") for name in read_register(folder) if name.startswith("align-")}
    models: list[Model] = list(MODELS)
    for language in sorted(languages):
        with contextlib.suppress(ValueError):
            models.append(align_model(language))
    return [find(model, searched) for model in models]


def known_model(name: str) -> Model:
    """The model of that name. Raises :class:`InputError` ``bad_model``."""
    model = find_known(name.strip().lower())
    if model is None:
        names = ", ".join(one.name for one in MODELS)
        raise bad_model(
            f"There is no model called “{name.strip()[:40]}”.",
            f"The product uses {names}, and align- with the code of a language, as in align-de.",
        )
    return model


def add_model(
    source: Path, name: str, licence: str | None = None, commercial_use: bool | None = None, folder: Path | None = None
) -> FoundModel:
    """Copy the file or folder at ``source`` to where ``name`` is looked for, and enter it into the register.

    ``licence`` and ``commercial_use`` are what the operator read; without them the product's own knowledge is entered,
    where it has any. ``folder`` is the models folder, by default ``PICTURETALK_MODELS``.

    Raises:
        InputError: ``bad_model`` when it is not such a model, or its terms are not stated; ``model_checksum`` when a
            file is not what its name promises; ``model_disk_full`` when it does not fit.
    """
    model, target = known_model(name), folder or own_folder()
    terms = stated_terms(model, licence, commercial_use)
    files = source_files(model, source)
    check_space(target, sum(path.stat().st_size for path in files.values()))
    with staging(model, target) as made:
        for path, origin in files.items():
            (made / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(origin, made / path)
        return install(model, target, made, terms, f"file {source}")


def remove_model(name: str, folder: Path | None = None) -> Path:
    """Erase a model's files from the models folder; returns where it was.

    Raises :class:`InputError` ``bad_model`` when it is not there: what lies in torch's own folder is left alone.
    """
    model, target = known_model(name), folder or own_folder()
    path = target / model.path
    if not path.exists():
        raise bad_model(f"{model.name} is not in {target}.", "“models list” shows what is there.")
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    drop_record(target, model.name)
    return path


def source_files(model: Model, source: Path) -> dict[str, Path]:
    """The files that make up ``model`` at ``source``, by their paths relative to the models folder."""
    if isinstance(model, ModelFile):
        if not source.is_file() or not source.stat().st_size:
            raise bad_model(f"There is no file {source}.", f"{model.name} is one file, {Path(model.path).name}.")
        return {model.path: source}
    if not source.is_dir():
        raise bad_model(f"There is no folder {source}.", f"{model.name} is a folder with {', '.join(model.required)}.")
    names = []
    for wanted in model.required:
        # Where several will do, the first is the safest: safetensors before a pickle.
        there = [one for one in wanted.split("|") if (source / one).is_file()]
        if not there:
            raise bad_model(f"{source} lacks {wanted.replace('|', ' or ')}.", f"{model.purpose}.")
        names.append(there[0])
    names += [one for one in model.optional if (source / one).is_file()]
    return {f"{model.path}/{one}": source / one for one in names}


def stated_terms(model: Model, licence: str | None, commercial_use: bool | None) -> tuple[str, bool]:
    """Licence and whether it allows commercial use. Raises ``bad_model`` where nobody has said."""
    if licence is not None and licence.strip() and commercial_use is not None:
        return licence.strip(), commercial_use
    if licence is not None or commercial_use is not None:
        raise bad_model("Licence and use go together.", "Give --licence with --commercial or --non-commercial.")
    if model.name.startswith("align-"):
        raise bad_model(
            f"The licence of {model.name} is missing.",
            "Read it where the model comes from; give --licence with --commercial or --non-commercial.",
        )
    return model.licence, model.commercial_use


@contextlib.contextmanager
def staging(model: Model, folder: Path) -> Iterator[Path]:
    """A folder beside the model's place, gone at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".new-{model.name}-", dir=folder) as made:
        yield Path(made)


def install(model: Model, folder: Path, made: Path, terms: tuple[str, bool], source: str) -> FoundModel:
    """Move the finished files of ``made`` into place and enter them into the register.

    Raises :class:`InputError` ``model_checksum`` when a file is not what its name promises; nothing is changed then.
    """
    records = tuple(
        FileRecord(path.relative_to(made).as_posix(), path.stat().st_size, sha256_of(path))
        for path in sorted(made.rglob("*"))
        if path.is_file()
    )
    if isinstance(model, ModelFile):
        promised = model.sha256 or model.checksum_prefix
        if promised and not records[0].sha256.startswith(promised):
            raise checksum_error(Path(model.path).name, records[0].sha256, f"{promised}...")
    target = folder / model.path
    target.parent.mkdir(parents=True, exist_ok=True)
    # A folder cannot be renamed onto another that holds something: the old one steps aside first.
    if target.is_dir():
        target.rename(made / ".old")
    try:
        os.replace(made / model.path, target)
    except OSError:
        if (made / ".old").exists():
            (made / ".old").rename(target)
        raise
    licence, commercial_use = terms
    now = datetime.now(UTC).isoformat(timespec="seconds")
    write_record(folder, ModelRecord(model.name, licence, commercial_use, records, source, now))
    return find(model, [folder])


def check_space(folder: Path, needed: int) -> None:
    """Raises :class:`InputError` ``model_disk_full`` when ``needed`` bytes and a little do not fit."""
    place = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(place).free
    if needed + SPARE_BYTES > free:
        raise InputError(
            "model_disk_full",
            f"{needed / 1e6:.0f} MB do not fit on the disk of {folder}: {free / 1e6:.0f} MB are free.",
            "Make room, or set PICTURETALK_MODELS to a folder on a larger disk.",
        )


def own_folder() -> Path:
    """The folder in which models are put. Raises :class:`InputError` ``bad_model`` when none is set."""
    own = os.environ.get("PICTURETALK_MODELS")
    if not own:
        raise bad_model("There is no models folder.", "Set PICTURETALK_MODELS to a folder.")
    return Path(own)


def total_size(found: FoundModel) -> int:
    """Bytes on disk of a model that was found; 0 when it was not."""
    if found.path is None:
        return 0
    if found.path.is_dir():
        return sum(path.stat().st_size for path in found.path.rglob("*") if path.is_file())
    return found.path.stat().st_size


def checksums(found: FoundModel) -> Mapping[str, str]:
    """SHA-256 by file name: those of the register, else what the product knows."""
    if found.record is not None:
        return {Path(file.path).name: file.sha256 for file in found.record.files}
    if isinstance(found.model, ModelFile):
        known = found.model.sha256 or (f"{found.model.checksum_prefix}..." if found.model.checksum_prefix else "")
        return {Path(found.model.path).name: known} if known else {}
    return {}


def bad_model(message: str, hint: str) -> InputError:
    return InputError("bad_model", message, hint)


def checksum_error(name: str, found: str, promised: str) -> InputError:
    return InputError(
        "model_checksum",
        f"{name} has the checksum {found}, not {promised}.",
        "It is not the right file, or it was damaged on its way; nothing was installed.",
    )
