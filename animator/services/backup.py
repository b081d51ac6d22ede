"""A backup of the site: the database as its own tool copies it, every private file, and a list with their hashes.

``FOLDER/database.sqlite3`` or ``database.dump`` (PostgreSQL's custom format), ``FOLDER/media/<path>`` and, written
last, ``FOLDER/backup.json``. The database comes first: a file is put into storage before a row names it, so that
everything the copied rows name is there, unless it was erased meanwhile. Not in charge of secrets and certificates:
they are kept elsewhere on purpose.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection, connections
from django.utils import timezone

from animator import ledger, storage
from animator.audit_chain import Head
from animator.models import Job
from animator.selectors.audit import audit_head, verify_log

#: Raised when the form of the list changes.
VERSION = 1
LIST = "backup.json"
DATABASE_FILES = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}


class BackupError(Exception):
    """It cannot be done; the text is for the operator."""


@dataclass(frozen=True)
class Summary:
    """What a backup holds, or what a restored site holds. ``missing``: files that rows name and nobody has."""

    files: int
    bytes: int
    jobs: int
    audit_head: str
    missing: tuple[str, ...] = ()


def make_backup(folder: Path, *, media: bool = True) -> Summary:
    """Write a backup into the new ``folder``. Raises :class:`BackupError`; what was written until then stays."""
    try:
        folder.mkdir(parents=True, mode=0o700)
    except FileExistsError:
        raise BackupError(f"{folder} is there already; a backup gets a folder of its own") from None
    jobs, head = Job.objects.count(), str(audit_head())
    name = DATABASE_FILES[connection.vendor]
    (_copy_sqlite if connection.vendor == "sqlite" else _dump_postgresql)(folder / name)
    files = [_copy_out(path, folder / "media" / path) for path in storage.every_path()] if media else []
    listed = {
        "version": VERSION,
        "at": timezone.now().isoformat(timespec="seconds"),
        "database": {"vendor": connection.vendor, "name": name, "sha256": _sha256(folder / name)},
        "media": media,
        "files": files,
        "jobs": jobs,
        "audit_head": head,
    }
    (folder / LIST).write_text(json.dumps(listed, indent=1), encoding="utf-8")
    return Summary(len(files), sum(file["bytes"] for file in files), jobs, head)


def check_backup(folder: Path) -> dict[str, Any]:
    """The list of a backup whose every file is whole. Raises :class:`BackupError` naming the first that is not."""
    try:
        listed: dict[str, Any] = json.loads((folder / LIST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BackupError(f"{folder} holds no finished backup: {LIST} is missing") from None
    except ValueError as error:
        raise BackupError(f"{folder / LIST} is damaged: {error}") from error
    if listed.get("version") != VERSION:
        raise BackupError(f"{folder} was written by another version")
    checked = [(listed["database"]["name"], listed["database"]["sha256"])]
    checked += [(f"media/{file['path']}", file["sha256"]) for file in listed["files"]]
    for name, digest in checked:
        try:
            found = _sha256(folder / name)
        except FileNotFoundError:
            raise BackupError(f"{name} is missing in the backup") from None
        if found != digest:
            raise BackupError(f"{name} is damaged in the backup")
    return listed


def restore_backup(folder: Path) -> Summary:
    """Put the database and the files of a backup in the place of what is there now, and check what came of it.

    Nothing is touched unless the whole backup is sound. Raises :class:`BackupError`.
    """
    listed = check_backup(folder)
    vendor = listed["database"]["vendor"]
    if vendor != connection.vendor:
        raise BackupError(f"The backup is of {vendor}, and this site runs on {connection.vendor}")
    (_restore_sqlite if vendor == "sqlite" else _restore_postgresql)(folder / listed["database"]["name"])
    if listed["media"]:
        wanted = {file["path"] for file in listed["files"]}
        storage.erase([path for path in storage.every_path() if path not in wanted])
        for file in listed["files"]:
            storage.store_file(file["path"], folder / "media" / file["path"])
    ledger.install_triggers()
    return _checked(listed)


def _checked(listed: dict[str, Any]) -> Summary:
    verified = verify_log(Head.parse(listed["audit_head"]))
    if not verified.holds:
        raise BackupError(f"The audit log of the restored database does not hold: {verified.findings[0]}")
    if ledger.missing_triggers():
        raise BackupError("The restored database lacks triggers of the ledger")
    missing = tuple(path for path in _named_paths() if not storage.is_stored(path))
    files = listed["files"]
    total = sum(file["bytes"] for file in files)
    return Summary(len(files), total, Job.objects.count(), str(audit_head()), missing)


def _named_paths() -> list[str]:
    """Files that the rows of finished videos and of kept photos and sounds name."""
    from animator.models import Photo, Result, Speech

    results = Result.objects.exclude(folder="").values_list("folder", flat=True)
    return [
        *(f"{folder}/video.mp4" for folder in results),
        *Photo.objects.exclude(path="").values_list("path", flat=True),
        *Speech.objects.exclude(path="").values_list("path", flat=True),
    ]


def _copy_out(path: str, target: Path) -> dict[str, Any]:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with storage.local_copy(path) as source:
        shutil.copyfile(source, target)
    return {"path": path, "bytes": target.stat().st_size, "sha256": _sha256(target)}


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _copy_sqlite(target: Path) -> None:
    """SQLite's own online copy: what is committed at one moment, while others go on writing."""
    with closing(sqlite3.connect(connection.settings_dict["NAME"])) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
    target.chmod(0o600)


def _restore_sqlite(backup: Path) -> None:
    connections.close_all()
    with (
        closing(sqlite3.connect(f"file:{backup}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(connection.settings_dict["NAME"], timeout=60)) as target,
    ):
        source.backup(target)


def _dump_postgresql(target: Path) -> None:
    _postgresql(["pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={target}"])
    target.chmod(0o600)


def _restore_postgresql(backup: Path) -> None:
    """In one transaction: all of it, or nothing has changed."""
    connections.close_all()
    name = str(connection.settings_dict["NAME"])
    options = ["--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"]
    _postgresql(["pg_restore", *options, f"--dbname={name}", str(backup)])


def _postgresql(command: Sequence[str]) -> None:
    """One of PostgreSQL's own programs, with the site's database; the password goes by the environment."""
    database = connection.settings_dict
    keys = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGDATABASE": "NAME"}
    environment = {**os.environ, **{name: str(database[key]) for name, key in keys.items() if database.get(key)}}
    sslmode = database.get("OPTIONS", {}).get("sslmode")
    if sslmode:
        environment["PGSSLMODE"] = str(sslmode)
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    except FileNotFoundError:
        raise BackupError(f"{command[0]} is not here; on Debian: apt-get install postgresql-client") from None
    if done.returncode:
        raise BackupError(f"{command[0]} failed: {(done.stderr or done.stdout).strip().splitlines()[-1]}")
