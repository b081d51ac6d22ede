"""The nudity check: what the classifier's answers mean, and that it runs in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from gpu_worker.schema import Image
from gpu_worker.screening import nudity
from gpu_worker.screening.classifier_file import classifier_file
from gpu_worker.screening.nudity import NudityProcess, Part, best_parts, intimate_parts, look_for_nudity, squared

NAMES = ("FACE_FEMALE", "FEMALE_BREAST_EXPOSED", "FEMALE_BREAST_COVERED", "MALE_BREAST_EXPOSED")


@pytest.fixture(scope="module")
def process() -> Iterator[NudityProcess]:
    model = classifier_file()
    assert model is not None, "deploy/setup.py installs requirements-screening.txt"
    process = NudityProcess(model)
    yield process
    process.close()


def output(*candidates: tuple[float, ...]) -> np.ndarray:
    """The network's output for candidates given by their scores."""
    return np.array([(1.0, 2.0, 3.0, 4.0, *scores) for scores in candidates], np.float32).T


def test_portraits_of_dressed_people_are_safe(process: NudityProcess, astronaut: Image, hopper: Image) -> None:
    for photo in (astronaut, hopper):
        report = process.look(photo)
        assert report.checked
        assert any(part.name.startswith("FACE_") for part in report.parts)
        assert intimate_parts(report.parts, 0.2) == ()


def test_pictures_without_people_are_safe(process: NudityProcess) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (90, 400, 3), np.uint8)
    for picture in (noise, np.zeros((1, 1, 3), np.uint8), np.full((700, 20, 3), 200, np.uint8)):
        report = process.look(picture)
        assert report.checked
        assert intimate_parts(report.parts, 0.45) == ()


def test_it_comes_back_after_its_process_was_lost(process: NudityProcess, astronaut: Image) -> None:
    before = process.look(astronaut)
    child = process._child
    assert child is not None
    child.kill()
    child.wait()
    assert process.look(astronaut) == before


def test_a_file_that_is_no_model_means_that_nothing_was_checked(tmp_path: Path, astronaut: Image) -> None:
    (tmp_path / "model.onnx").write_bytes(b"no model")
    broken = NudityProcess(tmp_path / "model.onnx")
    report = broken.look(astronaut)
    assert not report.checked
    assert report.why
    broken.close()


def test_without_the_file_the_report_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, astronaut: Image) -> None:
    monkeypatch.setenv("NUDITY_MODEL", str(tmp_path / "absent.onnx"))
    assert classifier_file() is None
    report = look_for_nudity(astronaut)
    assert (report.checked, report.why) == (False, "no classifier is installed")


def test_the_best_of_each_name_counts_where_it_is_the_first_choice() -> None:
    found = best_parts(
        output((0.9, 0.0, 0.0, 0.0), (0.8, 0.1, 0.0, 0.0), (0.0, 0.3, 0.6, 0.0), (0.0, 0.55, 0.2, 0.0), (0, 0, 0, 0.1)),
        NAMES,
    )
    assert found == (Part("FACE_FEMALE", 0.9), Part("FEMALE_BREAST_COVERED", 0.6), Part("FEMALE_BREAST_EXPOSED", 0.55))
    assert best_parts(np.zeros((4, 0), np.float32), NAMES) == ()


@pytest.mark.parametrize(
    ("parts", "threshold", "expected"),
    [
        ([("FEMALE_BREAST_EXPOSED", 0.5)], 0.45, ["FEMALE_BREAST_EXPOSED"]),
        ([("FEMALE_BREAST_EXPOSED", 0.44)], 0.45, []),
        ([("FEMALE_BREAST_COVERED", 0.99), ("BELLY_EXPOSED", 0.9), ("FEET_EXPOSED", 0.9)], 0.2, []),
        # A man's or a baby's bare chest.
        ([("MALE_BREAST_EXPOSED", 0.99)], 0.2, []),
        (
            [("BUTTOCKS_EXPOSED", 0.9), ("MALE_GENITALIA_EXPOSED", 0.6)],
            0.5,
            ["BUTTOCKS_EXPOSED", "MALE_GENITALIA_EXPOSED"],
        ),
    ],
)
def test_what_speaks_against_a_photo(parts: list[tuple[str, float]], threshold: float, expected: list[str]) -> None:
    found = intimate_parts([Part(*part) for part in parts], threshold)
    assert [part.name for part in found] == expected


@pytest.mark.parametrize("shape", [(640, 320), (100, 900), (30, 30), (1, 1)])
def test_any_picture_fits_the_square(shape: tuple[int, int]) -> None:
    square = squared(np.full((*shape, 3), 255, np.uint8), 320)
    assert square.shape == (320, 320, 3)
    assert square[0, 0].tolist() == [255, 255, 255]
    longer = shape.index(max(shape))
    assert (square[-1, 0] if longer == 0 else square[0, -1]).tolist() == [255, 255, 255]


def test_none_of_our_programs_can_import_the_package() -> None:
    """Only its file of weights is read, by the process that serves it."""
    code = "import importlib.util, sys; sys.exit(importlib.util.find_spec('nudenet') is not None)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
    assert "onnxruntime" not in Path(nudity.__file__).read_text(encoding="utf-8").replace("nudity_process", "")
