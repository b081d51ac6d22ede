"""What the machine can run is known without loading anything, and every lack has its reason."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from gpu_worker import capabilities as module
from gpu_worker.capabilities import as_json, capabilities
from gpu_worker.weights import FAN_2D, FAN_3D, FAN_DEPTH


def by_name(folders: list[Path]) -> dict[str, module.Capability]:
    return {entry.name: entry for entry in capabilities(folders)}


def test_the_embedded_engines_are_all_here(tmp_path: Path) -> None:
    found = by_name([tmp_path])
    for entry in found.values():
        if entry.embedded:
            assert entry.available, entry.reason
            assert entry.device == "cpu"
            assert entry.version
    assert found["mediapipe-mesh"].version == importlib.metadata.version("mediapipe")


def test_missing_weights_are_named_with_the_place_they_belong(tmp_path: Path) -> None:
    entry = by_name([tmp_path])["face-alignment-2d"]
    assert not entry.available
    assert str(tmp_path / FAN_2D.path) in entry.reason
    assert entry.device == ""
    assert not entry.commercial_use
    assert entry.without_it


def test_weights_in_place_make_the_engine_available(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for file in (FAN_3D, FAN_DEPTH):
        assert not by_name([tmp_path])["face-alignment-3d"].available
        path = tmp_path / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    monkeypatch.delenv("PICTURETALK_NON_COMMERCIAL_MODELS", raising=False)
    refused = by_name([tmp_path])["face-alignment-3d"]
    assert not refused.available
    assert "PICTURETALK_NON_COMMERCIAL_MODELS=1" in refused.reason
    monkeypatch.setenv("PICTURETALK_NON_COMMERCIAL_MODELS", "1")
    found = by_name([tmp_path])
    assert found["face-alignment-3d"].available
    assert found["face-alignment-3d"].device in {"cpu", "cuda"}
    assert not found["face-alignment-2d"].available


def test_a_package_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "c2pa" else real(name, *rest))
    entry = by_name([tmp_path])["c2pa"]
    assert (entry.available, entry.reason) == (False, "not installed: c2pa")
    assert entry.without_it == "videos are not signed"


def test_cuda_counts_only_with_a_driver_and_a_build_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {"torch": "2.13.0+cu130"}
    monkeypatch.setattr(module, "_version", lambda package: versions.get(package, ""))
    driver = {"/proc/driver/nvidia/version": True}
    monkeypatch.setattr(Path, "exists", lambda path: driver.get(str(path), False))
    assert module.cuda_present()
    driver.clear()
    assert not module.cuda_present()
    driver["/proc/driver/nvidia/version"] = True
    versions["torch"] = "2.13.0+cpu"
    assert not module.cuda_present()
    versions["torch"] = "2.13.0"
    assert not module.cuda_present()
    versions["nvidia-cublas"] = "13.0"
    assert module.cuda_present()


def test_the_json_says_the_same(tmp_path: Path) -> None:
    entries = json.loads(as_json(capabilities([tmp_path])))
    assert [entry["name"] for entry in entries] == [entry.name for entry in capabilities([tmp_path])]
    assert all(set(entry) >= {"available", "reason", "version", "device", "without_it"} for entry in entries)


def test_asking_loads_nothing_heavy() -> None:
    script = (
        "import sys; from gpu_worker.capabilities import as_json, capabilities; as_json(capabilities());"
        "heavy = {'numpy', 'torch', 'cv2', 'mediapipe', 'scipy', 'numba', 'PIL', 'face_alignment'} & set(sys.modules);"
        "sys.exit(', '.join(heavy) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
