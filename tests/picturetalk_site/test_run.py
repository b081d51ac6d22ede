"""Starting and ending the whole site, with real processes on free ports."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from picturetalk_site import run
from picturetalk_site.redis_server import free_port
from tests.running_site import PATIENCE, ROOT, Site, site


def eventually_gone(running: Site) -> None:
    deadline = time.monotonic() + PATIENCE
    while left := running.processes():
        assert time.monotonic() < deadline, left
        time.sleep(0.1)


@pytest.mark.slow
@pytest.mark.parametrize(("number", "training"), [(signal.SIGINT, "false"), (signal.SIGTERM, "true")])
def test_it_starts_says_where_it_is_and_ends_without_a_trace(
    tmp_path: Path, number: signal.Signals, training: str
) -> None:
    with site(tmp_path / "var", TRAINING_WORKER=training) as running:
        running.wait_for("PictureTalk is ready")
        assert f"PictureTalk is ready: http://127.0.0.1:{running.port}/" in running.said
        assert "moderator@example.com" in running.said
        if number == signal.SIGTERM:
            with site_alone(tmp_path / "var") as (code, said):
                assert code == 2
                assert said == f"This site is already running (process {running.process.pid}).\n"
        commands = " ".join(running.processes().values())
        for part in ("redis-server", "uvicorn", "rqworker", "scheduler"):
            assert part in commands
        assert ("EngineWorker training" in commands) == (training == "true")
        running.process.send_signal(number)
        assert running.process.wait(timeout=PATIENCE) == 0
        eventually_gone(running)
        assert "Everything has been stopped." in running.said
        assert "Traceback" not in running.said
        assert not (tmp_path / "var" / "redis" / "address").exists()


@pytest.mark.slow
def test_a_killed_process_comes_back_and_a_killed_runner_leaves_nothing(tmp_path: Path) -> None:
    with site(tmp_path / "var") as running:
        running.wait_for("PictureTalk is ready")
        first = running.process_with("uvicorn")
        os.kill(first, signal.SIGKILL)
        running.wait_for("web ended by itself (killed by SIGKILL); starting it again")
        deadline = time.monotonic() + PATIENCE
        while not run.answers(f"http://127.0.0.1:{running.port}/"):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert running.process_with("uvicorn") != first
        running.process.kill()
        running.process.wait()
        # What remains are honcho's own readers, which end with the processes that they read from.
        eventually_gone(running)


@contextmanager
def site_alone(var: Path, **environment: str) -> Iterator[tuple[int, str]]:
    """A start that is expected to fail: its exit code and everything that it said."""
    clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    settings = {"ENV_FILE": os.devnull, "VAR_DIR": str(var), "PORT": str(free_port()), **environment}
    done = subprocess.run(
        [sys.executable, "-m", "picturetalk_site.run"], cwd=ROOT, env={**clean, **settings}, capture_output=True,
        text=True, timeout=PATIENCE,
    )  # fmt: skip
    yield done.returncode, done.stdout + done.stderr


def test_a_busy_port_is_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with site_alone(tmp_path / "var", PORT=str(port)) as (code, said):
            assert code == 2
            assert said == (
                f"Port {port} on 127.0.0.1 is taken by another program. "
                f"Stop it, or choose another port: PORT={port + 1} make run\n"
            )


def test_a_bad_setting_is_a_sentence(tmp_path: Path) -> None:
    with site_alone(tmp_path / "var", MAX_SIDE="huge") as (code, said):
        assert code == 2
        assert said == 'MAX_SIDE: "huge" is not a whole number\n'


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file where the folder should be")
    with site_alone(tmp_path / "var") as (code, said):
        assert code == 2
        assert "Traceback" not in said
        assert re.fullmatch(r"The site cannot start: .*\n", said)


def test_a_database_that_cannot_be_reached_is_a_sentence(tmp_path: Path) -> None:
    address = f"postgresql://who:word@127.0.0.1:{free_port()}/talk?connect_timeout=2"
    with site_alone(tmp_path / "var", DATABASE_URL=address) as (code, said):
        assert code == 2
        assert said.startswith("The site cannot be prepared: ")
        assert "Traceback" not in said
        assert "word@" not in said


def test_a_low_port_without_the_right_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: socket.socket, address: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(run.StartError, match=r"Cannot listen on 127.0.0.1, port 80: Permission denied"):
        run.check_port("127.0.0.1", 80)
