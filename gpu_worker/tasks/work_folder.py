"""Folders of this machine that belong to one run each."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from animator.conf import work_root


@contextlib.contextmanager
def work_folder(job_id: str, token: str) -> Iterator[Path]:
    """A folder of this run alone, gone at its end; what a killed run of the same job left on this machine goes too."""
    root = work_root()
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    for leftover in root.glob(f"{UUID(job_id)}-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    folder = root / f"{UUID(job_id)}-{token}"
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def forget_old_work(older_than_s: float) -> int:
    """Remove folders of runs that ended without doing so themselves; returns how many."""
    count = 0
    for folder in work_root().glob("*-*"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - folder.stat().st_mtime > older_than_s:
                shutil.rmtree(folder, ignore_errors=True)
                count += 1
    return count
