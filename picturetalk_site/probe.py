"""``python -m picturetalk_site.probe``: whether a worker or the scheduler of this machine lives, for supervisors.

Each of them touches a file of its own every few seconds. Exit code 0 while at least one did so lately, else 1. Imports
nothing of Django, so that it may run every few seconds itself.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

#: A process gives a sign this often; it is taken for dead when it said nothing for so long. Seconds.
EVERY, SILENT = 15.0, 90.0


def pulse_folder() -> Path:
    """The folder of this user's signs of life (``PULSE_DIR``, by default in the machine's folder for passing files)."""
    given = os.environ.get("PULSE_DIR")
    return Path(given) if given else Path(tempfile.gettempdir()) / f"picturetalk-pulse-{os.getuid()}"


class Pulse:
    """Gives signs of life from a thread of its own for as long as the block lasts; ``also`` is done each time."""

    def __init__(self, name: str, also: Callable[[], None] = lambda: None) -> None:
        folder = pulse_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = folder / f"{name}-{os.getpid()}"
        self._also = also
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="pulse", daemon=True)

    def __enter__(self) -> Pulse:
        self._file.touch()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(timeout=EVERY)
        self._file.unlink(missing_ok=True)

    def _beat(self) -> None:
        while True:
            self._file.touch()
            self._also()
            if self._over.wait(EVERY):
                return


def main() -> int:
    folder = pulse_folder()
    newest = max((file.stat().st_mtime for file in folder.glob("*")), default=0.0) if folder.is_dir() else 0.0
    silent = time.time() - newest
    if silent <= SILENT:
        return 0
    sys.stderr.write("nobody here gave a sign of life\n" if not newest else f"silent for {silent:.0f} s\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
