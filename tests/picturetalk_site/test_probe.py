"""Signs of life of workers and the scheduler, and the command that supervisors ask."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from picturetalk_site import probe
from picturetalk_site.probe import Pulse

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PULSE_DIR", str(tmp_path / "pulse"))
    return tmp_path / "pulse"


def test_who_lives_is_found_and_who_ended_is_not(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert probe.main() == 1
    assert "nobody here" in capsys.readouterr().err
    beaten = threading.Event()
    with Pulse("worker", also=beaten.set):
        assert beaten.wait(60)
        assert probe.main() == 0
    assert list(folder.iterdir()) == []
    assert probe.main() == 1


def test_who_says_nothing_is_dead(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder.mkdir()
    (folder / "worker-1").touch()
    long_ago = time.time() - 10 * probe.SILENT
    os.utime(folder / "worker-1", (long_ago, long_ago))
    assert probe.main() == 1
    assert "silent for" in capsys.readouterr().err
    (folder / "worker-2").touch()
    assert probe.main() == 0, "of several one is enough"


def test_the_command_loads_no_django(tmp_path: Path) -> None:
    code = "import sys; from picturetalk_site import probe; sys.exit(1 if 'django' in sys.modules else probe.main())"
    environment = {"PATH": os.environ["PATH"], "PULSE_DIR": str(tmp_path)}
    (tmp_path / "worker-1").touch()
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
