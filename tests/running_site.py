"""The whole site as ``make run`` starts it, on a free port of loopback with a folder of its own; for several tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from picturetalk_site.redis_server import free_port

ROOT = Path(__file__).resolve().parent.parent
#: A loaded machine may take long; nothing is asserted about it.
PATIENCE = 120.0


class Site:
    """``python -m picturetalk_site.run`` with its own folder and port."""

    def __init__(self, var: Path, port: int | None = None, **environment: str) -> None:
        self.var = var
        self.port = port or free_port()
        self.log = var.parent / f"{var.name}.log"
        clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        settings = {
            "ENV_FILE": os.devnull,
            "VAR_DIR": str(var),
            "PORT": str(self.port),
            "MEASURE_ENGINES": "false",
            **environment,
        }
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "picturetalk_site.run"], cwd=ROOT, env={**clean, **settings}, stdout=log,
                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def wait_for(self, text: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while text not in self.said:
            assert self.process.poll() is None, self.said[-3000:]
            assert time.monotonic() < deadline, self.said[-3000:]
            time.sleep(0.1)

    def processes(self) -> dict[int, str]:
        """Every living process that carries this site's folder in its environment, or works in it, as Redis does."""
        found = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                carries = f"VAR_DIR={self.var}".encode() in (entry / "environ").read_bytes().split(b"\0")
                if carries or (entry / "cwd").resolve() == self.var / "redis":
                    found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
        return found

    def process_with(self, *parts: str) -> int:
        """The process whose command holds all ``parts``; not the one that keeps it alive."""
        return next(
            pid
            for pid, command in self.processes().items()
            if ".keep " not in command and all(part in command for part in parts)
        )

    def kill_everything(self) -> None:
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait(timeout=30)


@contextmanager
def site(var: Path, port: int | None = None, **environment: str) -> Iterator[Site]:
    running = Site(var, port, **environment)
    try:
        yield running
    finally:
        running.kill_everything()
