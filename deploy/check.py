"""``make lint``, ``make test``, ``make integration``: linters, type checker, tests, stopping at the first that fails.

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

#: The site on a real PostgreSQL and a real bucket, and what leans most on the database once more on that one. One after
#: another: the servers are enough for the cores.
SITE_TESTS = tuple(
    f"tests/animator/test_{name}.py"
    for name in (
        "concurrency", "turns", "ledger", "consents", "shares", "minors", "audit_chain", "erasure",
        "backup",
    )
)  # fmt: skip
#: Fifty jobs show nothing of the database that ten do not.
LONG = "tests/animator/test_turns.py::test_a_single_video_goes_before_the_second_of_fifty"
INTEGRATION: tuple[str, ...] = (
    "pytest", "-q", "--ds", "tests.integration.settings", "tests/integration", *SITE_TESTS, "--deselect", LONG,
)  # fmt: skip


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
    return lint() or run([*TESTS, *arguments]) or run(INTEGRATION)


def main(arguments: Sequence[str]) -> int:
    task, *rest = arguments
    try:
        if task == "integration":
            return run([*INTEGRATION, *rest])
        return lint() if task == "lint" else test(rest)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
