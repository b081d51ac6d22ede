"""Workers in processes of their own, for the tests that want real ones."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
#: Long enough for the slowest machine; nothing here is about speed. Seconds.
PATIENCE_S = 600.0

Start = Callable[..., "subprocess.Popen[bytes]"]


@contextmanager
def engine_workers(folder: Path, environment: Mapping[str, str]) -> Iterator[Start]:
    """Gives what starts a worker on the queues that are named; whatever still runs at the end is killed.

    What the workers say goes to files in ``folder``.
    """
    running: list[subprocess.Popen[bytes]] = []

    def start(*queues: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "manage.py", "rqworker", "--worker-class", "gpu_worker.worker.EngineWorker", *queues]
        with (folder / f"worker-{len(running)}.log").open("wb") as log:
            running.append(subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log))
        return running[-1]

    try:
        yield start
    finally:
        for process in running:
            if process.poll() is None:
                process.kill()
                process.wait()


def wait_until(what: Callable[[], Any], folder: Path) -> None:
    """Until ``what`` is true; with the workers' words when it does not happen."""
    deadline = time.monotonic() + PATIENCE_S
    while not what():
        if time.monotonic() > deadline:
            logs = "\n".join(path.read_text(errors="replace")[-3000:] for path in folder.glob("worker-*.log"))
            pytest.fail(f"it did not happen; the workers said:\n{logs}")
        time.sleep(0.1)
