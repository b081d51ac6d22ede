"""``make lint`` and ``make test``: the linters, the type checker, then the tests, stopping at the first that fails.

Runs in the virtual environment with the development tools. For the browser tests it finds Chromium, or installs it
through the package manager when it may, before anything else: a long run should not fail at its end for that.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "deploy"))

from chromium import ChromiumMissingError, ensure_chromium, ensure_driver  # noqa: E402

LINTERS: tuple[tuple[str, ...], ...] = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy", "."),
)
#: Everything but the browser runs on both cores; the browser tests have a whole site of their own, one after another.
TESTS: tuple[str, ...] = ("pytest", "-n", "2", "--dist", "loadgroup")


def run(command: Sequence[str]) -> int:
    sys.stdout.write(f"\n$ {' '.join(command)}\n")
    sys.stdout.flush()
    return subprocess.run([sys.executable, "-m", *command], cwd=ROOT, stdin=subprocess.DEVNULL).returncode


def lint() -> int:
    for command in LINTERS:
        code = run(command)
        if code:
            return code
    return 0


def test(arguments: Sequence[str]) -> int:
    try:
        os.environ["CHROMIUM"] = ensure_chromium()
        ensure_driver(sys.executable)
    except ChromiumMissingError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return lint() or run([*TESTS, *arguments])


def main(arguments: Sequence[str]) -> int:
    task, *rest = arguments
    try:
        return lint() if task == "lint" else test(rest)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
