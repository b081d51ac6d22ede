"""Finds promtool, which checks what Prometheus reads; takes Debian's out of its package when this runs there as root.

The package is unpacked, not installed: nothing but a program in ``build/tools`` comes of it. Standard library only.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "build" / "tools" / "promtool"


class PromtoolMissingError(Exception):
    """There is no promtool and none can be had; the text says what to do."""


def find_promtool() -> str | None:
    """The path in PROMTOOL, the system's, or the one that was unpacked before."""
    given = os.environ.get("PROMTOOL")
    return given or shutil.which("promtool") or (str(KEPT) if KEPT.is_file() else None)


def ensure_promtool() -> str:
    """The path of promtool, unpacked now if need be. Raises :class:`PromtoolMissingError`."""
    found = find_promtool()
    if found:
        return found
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    with (KEPT.parent / ".lock").open("w") as lock:
        # Of two test processes one unpacks, the other finds it.
        fcntl.flock(lock, fcntl.LOCK_EX)
        return find_promtool() or _unpack()


def _unpack() -> str:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise PromtoolMissingError(
            "The checks of deploy/monitoring need promtool. On Debian, as root: apt-get install prometheus. "
            "Elsewhere: PROMTOOL=/path/to/promtool make test"
        )
    sys.stdout.write("Taking promtool out of Debian's package prometheus\n")
    sys.stdout.flush()
    with tempfile.TemporaryDirectory() as folder:
        # apt-get hands the download to a user of its own.
        Path(folder).chmod(0o777)
        download = ["apt-get", "-q", "download", "prometheus"]
        if _run(download, folder) != 0:
            _run(["apt-get", "-q", "update"], folder)
            if _run(download, folder) != 0:
                raise PromtoolMissingError("apt-get could not download the package prometheus; see its words above.")
        package = next(Path(folder).glob("prometheus_*.deb"))
        subprocess.run(["dpkg", "-x", package, Path(folder) / "unpacked"], check=True)
        shutil.move(Path(folder) / "unpacked" / "usr" / "bin" / "promtool", KEPT)
    return str(KEPT)


def _run(command: list[str], folder: str) -> int:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL).returncode
