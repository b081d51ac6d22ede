"""The certificate on real files: a made-up face reader sees the opening that is drawn into each frame."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gpu_worker.config import EngineConfig
from gpu_worker.errors import Cancelled
from gpu_worker.media.video import VideoWriter
from gpu_worker.quality.certificate import SCHEMA, as_dict, certify, write
from gpu_worker.quality.outside import OutsideWatch
from gpu_worker.quality.plan import Plan
from gpu_worker.schema import CONTROLS, Certificate, FaceRig, FloatArray, Image, MotionTrack, Waveform

FPS, FRAMES, SIZE = 25.0, 225, 160
_LOWER_LIP, _UPPER_LIP = (87, 14, 317), (82, 13, 312)


def _landmarks(gap: float) -> FloatArray:
    """A face of points 100 units between the outer eye corners, lips ``gap`` apart, eyes open."""
    points = np.zeros((478, 3), np.float32)
    points[:, 0], points[:, 1] = np.linspace(40, 120, 478), 80.0
    points[10, :2], points[152, :2] = (80, 20), (80, 140)
    points[33, :2], points[133, :2], points[362, :2], points[263, :2] = (30, 60), (60, 60), (100, 60), (130, 60)
    points[[159, 386], 1], points[[145, 374], 1] = 55, 65
    points[list(_UPPER_LIP), :2] = (80, 110)
    points[list(_LOWER_LIP), :2] = (80, 110 + gap)
    return points


def _read(crop: Image) -> tuple[FloatArray, float]:
    """Reads the opening from the brightness of the picture's middle: 60 is shut, 160 is 0.2 apart."""
    bright = float(crop[80:112, 80:112].mean())
    return _landmarks(100.0 * np.clip((bright - 60.0) / 500.0, 0.0, 1.0)), 1.0 if bright > 30 else 0.0


class Made:
    """A video whose parts can be spoilt before it is certified."""

    def __init__(self, folder: Path) -> None:
        rng = np.random.default_rng(5)
        self.path = folder / "v.mp4"
        raw = np.convolve(rng.normal(0, 1, FRAMES + 4), np.ones(5) / 5, "valid")
        self.opening = np.clip(0.08 + 0.10 * raw, 0.0, 0.2).astype(np.float32)
        self.opening[100:115] = 0.0
        self.opening[[40, 41]] = 0.0
        self.photo = rng.integers(90, 110, (SIZE, SIZE, 3)).astype(np.uint8)
        self.region = np.zeros((SIZE, SIZE), bool)
        self.region[40:120, 40:120] = True
        values = np.zeros((FRAMES, len(CONTROLS)), np.float32)
        values[1:-1, 0] = np.arange(FRAMES - 2) % 2
        self.motion = MotionTrack(FPS, values)
        count = int(FRAMES / FPS * 48000)
        samples = 0.3 * np.sin(np.arange(count) * 0.05) * rng.uniform(0.2, 1.0, count)
        self.sound = Waveform(samples.astype(np.float32), 48000)
        self.shown = self.opening.copy()
        self.frames = FRAMES
        self.black: set[int] = set()
        self.touch_outside = False

    def certificate(self, watch: Callable[[], None] | None = None) -> Certificate:
        outside = OutsideWatch(self.photo, self.region)
        config = EngineConfig(preset="ultrafast", crf=10)
        with VideoWriter(self.path, SIZE, SIZE, FPS, config, sound=self.sound) as writer:
            for index in range(self.frames):
                frame = self.photo.copy()
                resting = index in (0, FRAMES - 1)
                if not resting:
                    frame[40:120, 40:120] = 60 + round(500 * float(self.shown[index]))
                    frame[40:50, 40:120] += np.uint8(12 * (index % 3))
                if self.touch_outside and index == 9:
                    frame[0, 0] ^= 255
                outside.see(frame, resting)
                writer.write(np.zeros_like(frame) if index in self.black else frame)
        plan = Plan(
            self.motion, self.opening, ((1.60, 1.66),), ((3.9, 4.7),),
            FaceRig(0, (40, 20, 80, 120), 0.9, _landmarks(0.0), 120.0, 0, 0, 0, 0.0), self.photo, self.sound,
        )  # fmt: skip
        return certify(self.path, (plan,), outside, self.region, [_read, _read], {"render": "test"}, watch)


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return Made(tmp_path)


def _verdicts(certificate: Certificate) -> dict[str, str]:
    return {check.name: check.verdict for check in certificate.checks}


def test_a_video_that_follows_its_plan_has_no_red_line(made: Made, tmp_path: Path) -> None:
    certificate = made.certificate()
    found = _verdicts(certificate)
    assert "red" not in found.values(), certificate.checks
    for name in (
        "audio_video_offset", "opening_correlation", "bilabial_closure", "silent_lips", "frame_count", "face_kept",
        "outside_pixels", "rest_is_photo", "sound_complete", "sound_likeness",
    ):  # fmt: skip
        assert found[name] == "green", (name, certificate.checks)
    write(certificate, tmp_path / "c.json")
    read = json.loads((tmp_path / "c.json").read_text())
    assert read == as_dict(certificate)
    assert read["schema"] == SCHEMA
    assert read["measurements"]["duration_s"] == FRAMES / FPS


def test_late_lips_are_red(made: Made) -> None:
    made.shown = np.roll(made.opening, 4)
    certificate = made.certificate()
    check = next(check for check in certificate.checks if check.name == "audio_video_offset")
    assert check.value == pytest.approx(160, abs=15)
    assert (check.verdict, certificate.verdict) == ("red", "red")


def test_an_open_p_is_red(made: Made) -> None:
    made.shown[38:44] = 0.1
    assert _verdicts(made.certificate())["bilabial_closure"] == "red"


def test_lips_that_tremble_in_silence_are_not_green(made: Made) -> None:
    made.shown[103:115:2] = 0.06
    assert _verdicts(made.certificate())["silent_lips"] != "green"


def test_missing_and_black_frames_are_red(made: Made) -> None:
    made.frames = FRAMES - 2
    made.black = {50}
    found = _verdicts(made.certificate())
    assert (found["frame_count"], found["black_frames"], found["face_kept"]) == ("red", "red", "red")


def test_a_touched_background_is_red(made: Made) -> None:
    made.touch_outside = True
    certificate = made.certificate()
    assert _verdicts(certificate)["outside_pixels"] == "red"


def test_lips_that_cannot_be_read_are_not_held_against_the_video(made: Made) -> None:
    noise = np.random.default_rng(0).uniform(0.0, 0.02, FRAMES).astype(np.float32)
    made.shown = 0.05 * made.opening + noise
    found = _verdicts(made.certificate())
    assert found["opening_correlation"] == found["bilabial_closure"] == "cannot_verify"
    assert found["frame_count"] == "green"


def test_the_check_can_be_stopped(made: Made) -> None:
    calls = 0

    def stop() -> None:
        nonlocal calls
        calls += 1
        if calls == 20:
            raise Cancelled

    with pytest.raises(Cancelled):
        made.certificate(stop)
