"""Keeping one process alive, with real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from picturetalk_site.keep import _die_with, describe

T = TypeVar("T")
SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]


@contextmanager
def keeper(command: list[str], runner: int | None = None) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "RUNNER_PID": str(runner) if runner else ""}
    process = subprocess.Popen(
        [sys.executable, "-m", "picturetalk_site.keep", "sleeper", *command],
        env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait(timeout=10)
        assert process.stderr is not None
        process.stderr.close()


def children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in listed.read_text().split()] if listed.exists() else []


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def eventually(what: Callable[[], T], seconds: float = 20.0) -> T:
    deadline = time.monotonic() + seconds
    while not (answer := what()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
    return answer


def test_a_killed_command_is_started_again() -> None:
    with keeper(SLEEPER) as process:
        (first,) = eventually(lambda: children(process.pid))
        os.kill(first, signal.SIGKILL)
        (second,) = eventually(lambda: [pid for pid in children(process.pid) if pid != first])
        assert alive(second)
        assert process.poll() is None


def test_sigterm_ends_the_command_and_the_keeper() -> None:
    with keeper(SLEEPER) as process:
        (child,) = eventually(lambda: children(process.pid))
        process.terminate()
        assert process.wait(timeout=20) == 0
        assert not alive(child)


def test_a_command_that_ignores_sigterm_is_killed() -> None:
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    with keeper([sys.executable, "-c", stubborn]) as process:
        (child,) = eventually(lambda: children(process.pid))
        time.sleep(0.5)
        process.terminate()
        assert process.wait(timeout=20) == 0
        assert not alive(child)


def test_grandchildren_end_too(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    parent = (
        "import pathlib, subprocess, time; child = subprocess.Popen(['sleep', '60']);"
        f"pathlib.Path({str(note)!r}).write_text(str(child.pid)); time.sleep(60)"
    )
    with keeper([sys.executable, "-c", parent]) as process:
        grandchild = int(eventually(lambda: note.read_text() if note.exists() else ""))
        assert alive(grandchild)
        process.terminate()
        assert process.wait(timeout=20) == 0
        eventually(lambda: not alive(grandchild))


def test_the_runners_signal_to_the_group_reaches_the_command_once(tmp_path: Path) -> None:
    note = tmp_path / "signals"
    counting = (
        "import pathlib, signal, sys, time; note = pathlib.Path(sys.argv[1]); seen = [];"
        "signal.signal(signal.SIGTERM, lambda *_: seen.append(1)); note.write_text('ready');\n"
        "while not seen: time.sleep(0.05)\n"
        "time.sleep(1); note.write_text(str(len(seen)))"
    )
    with keeper([sys.executable, "-c", counting, str(note)]) as process:
        eventually(lambda: note.exists() and note.read_text() == "ready")
        os.killpg(process.pid, signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    assert note.read_text() == "1"


def test_a_command_that_keeps_dying_is_given_up_with_a_sentence() -> None:
    with keeper([sys.executable, "-c", "raise SystemExit(7)"]) as process:
        assert process.wait(timeout=60) == 7
        assert process.stderr is not None
        said = process.stderr.read()
    assert "giving up" in said
    assert "exit code 7" in said


def test_a_command_that_does_not_exist_is_a_sentence() -> None:
    with keeper(["no-such-program"]) as process:
        assert process.wait(timeout=60) == 127
        assert process.stderr is not None
        said = process.stderr.read()
    assert "cannot start no-such-program" in said
    assert "Traceback" not in said


def test_it_ends_when_the_runner_vanished() -> None:
    runner = subprocess.Popen(SLEEPER)
    with keeper(SLEEPER, runner.pid) as process:
        (child,) = eventually(lambda: children(process.pid))
        runner.kill()
        runner.wait()
        assert process.wait(timeout=20) == 0
        assert not alive(child)


def test_the_command_dies_with_its_keeper() -> None:
    with keeper(SLEEPER) as process:
        (child,) = eventually(lambda: children(process.pid))
        process.kill()
        process.wait()
        eventually(lambda: not alive(child))


def test_a_command_whose_keeper_died_before_it_began_ends_by_itself() -> None:
    another = os.getppid()
    late = subprocess.Popen(SLEEPER, preexec_fn=lambda: _die_with(another))
    try:
        assert late.wait(timeout=20) == 1
    finally:
        late.kill()
        late.wait()


@pytest.mark.parametrize(
    ("code", "words"), [(0, "exit code 0"), (-9, "killed by SIGKILL"), (-999, "killed by signal 999")]
)
def test_codes_in_words(code: int, words: str) -> None:
    assert describe(code) == words
