"""Each engine can be measured: real work, a positive number, and what cannot run here is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from gpu_worker import speed
from gpu_worker.capabilities import STAND_INS, capabilities
from gpu_worker.machine import this_machine


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "_MOST_ROUNDS", 1)


@pytest.mark.parametrize("name", ["mediapipe-mesh", "espeak-ng", "pocketsphinx", "warp", "ffmpeg"])
def test_an_embedded_engine_is_measured(name: str) -> None:
    (found,) = speed.measure([name])
    entry = {one.name: one for one in capabilities()}[name]
    assert (found.engine, found.version, found.device) == (name, entry.version, entry.device)
    assert found.value > 0
    assert found.unit


def test_what_cannot_run_here_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PICTURETALK_MODELS", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert speed.measure(["face-alignment-2d", "no-such-engine"]) == []


def test_names_are_those_of_the_capabilities() -> None:
    names = {entry.name for entry in capabilities()}
    assert set(speed.MEASURABLE) <= names
    assert set(STAND_INS) <= names


def test_the_machine_is_described() -> None:
    machine = this_machine()
    assert machine.host
    assert machine.cores >= 1
    assert machine.python.count(".") == 2


def test_a_process_that_fails_measures_nothing() -> None:
    assert speed.measure_apart(["espeak-ng"], patience_s=0.001) == []
