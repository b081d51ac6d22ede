"""A model fetched from an address that the operator gives: nothing here knows one, and nothing fetches by itself.

Either from a *mirror*, which is laid out as a models folder with its register (a web address, or a folder of this
machine or of the network), or from the model's own address: that of its file, or of the folder its files lie in. What
is fetched is installed only when its checksum is known beforehand, by the product, the mirror's register or the
operator, unless the operator says that what arrives is to be believed.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gpu_worker.download import Told, Wanted, check_address, download, fetch_small
from gpu_worker.model_register import REGISTER, FileRecord, ModelRecord, parse_register
from gpu_worker.model_store import (
    bad_model,
    check_space,
    checksum_error,
    install,
    known_model,
    own_folder,
    stated_terms,
)
from gpu_worker.weights import FoundModel, Model, ModelFile, find, sha256_of

_MOST_REGISTER_BYTES = 4 << 20


@dataclass(frozen=True)
class Source:
    """Where to fetch from. ``address`` is the model's own; ``mirror`` that of a models folder with its register.

    ``sha256`` are checksums by file name that the operator gives. ``unverified`` believes what arrives.
    """

    address: str = ""
    mirror: str = ""
    sha256: Mapping[str, str] = field(default_factory=dict)
    unverified: bool = False


@dataclass(frozen=True)
class _Plan:
    """What will be fetched: each file's address, and its path, size and checksum as far as they are known."""

    files: tuple[tuple[str, FileRecord], ...]
    terms: tuple[str, bool]
    source: str


def default_mirror() -> str:
    """``PICTURETALK_MODEL_MIRROR``: the operator's own mirror, a web address or a folder; empty when there is none."""
    return os.environ.get("PICTURETALK_MODEL_MIRROR", "").strip()


def fetch_model(
    name: str,
    source: Source,
    told: Told = lambda _done, _total: None,
    *,
    licence: str | None = None,
    commercial_use: bool | None = None,
    folder: Path | None = None,
    pause_s: float = 1.0,
) -> FoundModel:
    """Fetch and install ``name``; what broke off before is resumed, what is there and right is left alone.

    Raises:
        InputError: ``bad_model``, ``model_download``, ``model_checksum``, ``model_disk_full``.
    """
    model, target = known_model(name), folder or own_folder()
    there = find(model, [target], verify=True, any_licence=True)
    if there.state == "present" and there.record is not None:
        return there
    plan = _planned(model, source, licence, commercial_use)
    _check_known(model, plan, source)
    with _alone(model, target) as made:
        _forget_others(made, plan)
        arrived = sum(path.stat().st_size for path in made.rglob("*") if path.is_file())
        check_space(target, max(0, sum(record.size for _, record in plan.files) - arrived))
        for address, record in plan.files:
            _bring(address, record, made / record.path, told, pause_s)
        found = install(model, target, made, plan.terms, plan.source)
    return found


def _forget_others(made: Path, plan: _Plan) -> None:
    """Erase what an earlier fetch of other files has left."""
    wanted = {made / record.path for _, record in plan.files}
    for path in [path for path in made.rglob("*") if path.is_file()]:
        if path not in wanted and path.with_name(path.name.removesuffix(".etag")) not in wanted:
            path.unlink()


def _planned(model: Model, source: Source, licence: str | None, commercial_use: bool | None) -> _Plan:
    if source.address:
        return _from_address(model, source, stated_terms(model, licence, commercial_use))
    base = source.mirror or default_mirror()
    if not base:
        raise bad_model(
            f"Nobody said where to fetch {model.name} from.",
            "Give --from ADDRESS or --mirror ADDRESS, or set PICTURETALK_MODEL_MIRROR; the product knows no address.",
        )
    record = _mirrored(model, base)
    if record is None:
        if not isinstance(model, ModelFile):
            raise bad_model(f"The mirror {base} does not list {model.name}.", f"Its {REGISTER} names what it has.")
        terms = stated_terms(model, licence, commercial_use)
        return _from_address(model, Source(_join(base, model.path), "", source.sha256), terms)
    terms = (record.licence, record.commercial_use)
    if licence is not None or commercial_use is not None:
        terms = stated_terms(model, licence, commercial_use)
    files = tuple((_join(base, file.path), _overruled(file, source.sha256)) for file in record.files)
    return _Plan(files, terms, f"mirror {base}")


def _from_address(model: Model, source: Source, terms: tuple[str, bool]) -> _Plan:
    """The model's files at the address that the operator named."""
    given = source.sha256
    if isinstance(model, ModelFile):
        name = Path(model.path).name
        promised = given.get(name) or given.get("") or model.sha256 or model.checksum_prefix
        record = FileRecord(model.path, model.size or 0, promised)
        return _Plan(((source.address, record),), terms, source.address)
    names = [_chosen(wanted, given) for wanted in model.required] + [one for one in model.optional if one in given]
    files = tuple(
        (_join(source.address, name), FileRecord(f"{model.path}/{name}", 0, given.get(name, ""))) for name in names
    )
    return _Plan(files, terms, source.address)


def _chosen(wanted: str, given: Mapping[str, str]) -> str:
    """Of several files that will do, the one whose checksum is given; else the first."""
    names = wanted.split("|")
    return next((name for name in names if name in given), names[0])


def _overruled(file: FileRecord, given: Mapping[str, str]) -> FileRecord:
    """The operator's checksum counts before the mirror's."""
    return FileRecord(file.path, file.size, given.get(Path(file.path).name) or file.sha256)


def _mirrored(model: Model, base: str) -> ModelRecord | None:
    """What the register of the mirror says of ``model``, if it has one that names it."""
    if _is_web(base):
        text = fetch_small(_join(base, REGISTER), _MOST_REGISTER_BYTES)
    else:
        path = Path(base) / REGISTER
        text = path.read_bytes() if path.is_file() and path.stat().st_size <= _MOST_REGISTER_BYTES else None
    if text is None:
        return None
    try:
        record = parse_register(text).get(model.name)
    except ValueError as error:
        raise bad_model(f"The register of the mirror {base} cannot be read: {error}.", "Mend it there.") from error
    if record is None:
        return None
    inside = model.path if isinstance(model, ModelFile) else f"{model.path}/"
    if not record.files or not all(file.path.startswith(inside) for file in record.files):
        raise bad_model(f"The mirror {base} lists files for {model.name} that do not belong to it.", "Mend it there.")
    return record


def _check_known(model: Model, plan: _Plan, source: Source) -> None:
    """Raises ``bad_model`` unless every checksum is known, or the operator believes what arrives."""
    unknown = [Path(record.path).name for _, record in plan.files if not record.sha256]
    if unknown and not source.unverified:
        raise bad_model(
            f"Nobody knows the checksum of {', '.join(unknown)} of {model.name}.",
            "Read it where the model comes from and give --sha256 FILE=CHECKSUM, or --unverified to believe it.",
        )


def _bring(address: str, record: FileRecord, part: Path, told: Told, pause_s: float) -> None:
    """One file into its place in the staging folder, by its address: from the web, or copied from a folder."""
    part.parent.mkdir(parents=True, exist_ok=True)
    if part.is_file() and record.sha256 and record.size == part.stat().st_size and sha256_of(part) == record.sha256:
        return
    if _is_web(address):
        download(Wanted(address, part, record.size or None, record.sha256), told, pause_s)
        return
    origin = Path(address)
    if not origin.is_file():
        raise bad_model(
            f"There is no file {origin}.", "Give the file, or a folder that is laid out as a models folder."
        )
    shutil.copyfile(origin, part)
    found = sha256_of(part)
    if record.sha256 and not found.startswith(record.sha256):
        part.unlink()
        raise checksum_error(str(origin), found, record.sha256)
    told(part.stat().st_size, part.stat().st_size)


@contextlib.contextmanager
def _alone(model: Model, folder: Path) -> Iterator[Path]:
    """The folder in which ``model`` arrives: kept when a fetch fails, so that the next goes on; one fetch at a time."""
    made = folder / ".fetching" / model.name
    made.mkdir(parents=True, exist_ok=True)
    with (made.parent / f"{model.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise bad_model(f"{model.name} is being fetched already.", "Wait until that has ended.") from None
        yield made
        shutil.rmtree(made)


def _is_web(address: str) -> bool:
    if "://" not in address:
        return False
    check_address(address)
    return True


def _join(base: str, path: str) -> str:
    """``path`` below ``base``, which may be a web address (its query stays at the end) or a folder."""
    if "://" not in base:
        return str(Path(base) / path)
    parts = urllib.parse.urlsplit(base)
    return urllib.parse.urlunsplit(
        (parts.scheme, parts.netloc, f"{parts.path.rstrip('/')}/{urllib.parse.quote(path)}", parts.query, "")
    )
