from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gpu_worker.config import EngineConfig
from gpu_worker.media.video import VideoWriter
from gpu_worker.media.video_reader import Aside, Window, read_frames
from gpu_worker.quality import verdicts
from gpu_worker.quality.certificate import _closure_check
from gpu_worker.quality.closures import closure_ratios, pixel_ratio
from gpu_worker.quality.dynamics import blinks_per_minute, jerk, silent_deviation
from gpu_worker.quality.integrity import frame_integrity
from gpu_worker.quality.opening import Series, eye_opening, mouth_opening
from gpu_worker.quality.outside import OutsideWatch
from gpu_worker.quality.sound import _Listener
from gpu_worker.quality.sync import agreement
from gpu_worker.schema import CONTROL, CONTROLS, FaceRig, Image

FPS = 25.0


def _mouth(frames: int = 250, seed: int = 0) -> Series:
    """A mouth that opens and closes as irregularly as one that speaks."""
    rng = np.random.default_rng(seed)
    raw = np.convolve(rng.normal(0, 1, frames + 4), np.ones(5) / 5, "valid")
    return np.clip(0.07 + 0.12 * raw, 0.0, None)


@pytest.mark.parametrize("frames_late", [-4, -1, 0, 1, 3])
def test_a_shifted_picture_is_found_with_its_sign(frames_late: int) -> None:
    planned = _mouth()
    found = agreement(planned, np.roll(planned, frames_late) * 0.8 + 0.01, FPS)
    assert found.lag == pytest.approx(frames_late / FPS, abs=0.008)
    assert found.correlation > 0.95
    if frames_late == 0:
        assert found.gain == pytest.approx(0.8, abs=0.02)
        assert found.at_zero == found.correlation
    else:
        assert found.at_zero < 0.9


def test_half_a_frame_is_seen() -> None:
    fine = np.convolve(_mouth(2000), np.ones(12) / 12, "same")
    found = agreement(fine[6::8], fine[2::8], FPS)
    assert found.lag == pytest.approx(0.5 / FPS, abs=0.008)


def test_lost_frames_are_bridged_and_a_still_mouth_says_nothing() -> None:
    planned = _mouth()
    measured = planned.copy()
    measured[40:44] = np.nan
    assert agreement(planned, measured, FPS).correlation > 0.95
    assert np.isnan(agreement(planned, np.full(250, 0.1), FPS).lag)
    assert np.isnan(agreement(planned, np.full(250, np.nan), FPS).correlation)


def test_an_open_bilabial_is_found() -> None:
    opening = np.full(100, 0.10)
    opening[20:23] = 0.002
    opening[60] = 0.05
    ratios = closure_ratios(opening, ((0.80, 0.88), (2.38, 2.42), (3.0, 3.1)), FPS)
    np.testing.assert_allclose(ratios, [0.02, 0.5, 1.0], atol=1e-6)
    assert [verdicts.CLOSURE.judge(ratio) for ratio in ratios] == ["green", "red", "red"]


def test_the_window_around_a_closure_is_40_ms() -> None:
    opening = np.full(100, 0.10)
    opening[50] = 0.0
    assert closure_ratios(opening, ((2.04, 2.10),), FPS)[0] == 0.0
    assert closure_ratios(opening, ((2.05, 2.10),), FPS)[0] == pytest.approx(1.0)


def test_trembling_in_silence_is_measured_and_margins_do_not_count() -> None:
    opening = np.zeros(100)
    opening[40:60:2] = 0.04
    assert silent_deviation(opening, ((1.5, 2.5),), FPS) == pytest.approx(0.02, abs=0.005)
    assert silent_deviation(np.zeros(100), ((1.5, 2.5),), FPS) == 0.0
    assert np.isnan(silent_deviation(opening, ((1.6, 1.8),), FPS))
    opening[:10] = 0.5
    assert silent_deviation(opening, ((0.0, 1.3),), FPS, margins=(0.4, 0.4)) == 0.0


def test_jerk_of_a_smooth_and_of_a_snapping_mouth() -> None:
    times = np.arange(200) / FPS
    smooth = 0.08 + 0.06 * np.sin(2 * np.pi * 2.0 * times)
    snapping = 0.08 + 0.06 * np.sign(np.sin(2 * np.pi * 5.0 * times + 0.1))
    assert jerk(smooth) < 0.01 < 0.085 < jerk(snapping)


def test_blinks_are_counted_and_closed_eyes_are_none() -> None:
    eyes = np.full(500, 0.3)
    for start in (50, 150, 260, 400):
        eyes[start : start + 4] = 0.05
    eyes[450:490] = 0.05
    assert blinks_per_minute(eyes, FPS) == pytest.approx(4 * 60 / 20)


def test_black_and_frozen_frames_are_counted() -> None:
    controls = np.cumsum(np.full((50, len(CONTROLS)), 0.1, np.float32), axis=0)
    level, change = np.full(50, 100.0), np.full(50, 1.0)
    level[7], change[20:22] = 3.0, 0.0
    counts = frame_integrity(level, change, controls, 100.0)
    assert (counts.expected, counts.frames, counts.black, counts.frozen) == (50, 50, 1, 2)
    still = frame_integrity(level, change, np.zeros((50, len(CONTROLS)), np.float32), 100.0)
    assert still.frozen == 0


def test_a_head_that_comes_to_rest_is_not_a_frozen_frame() -> None:
    controls = np.zeros((50, len(CONTROLS)), np.float32)
    level, change = np.full(50, 100.0), np.full(50, 0.01)
    controls[:, CONTROL["yaw"]] = np.linspace(4.0, 0.0, 50)  # less than a tenth of a degree a frame
    assert frame_integrity(level, change, controls, 100.0).frozen == 0
    controls[:, CONTROL["yaw"]] = np.linspace(40.0, 0.0, 50)
    assert frame_integrity(level, change, controls, 100.0).frozen == 49


def test_a_gap_of_less_than_a_pixel_is_no_evidence() -> None:
    points = np.zeros((478, 3), np.float32)
    points[263, 0] = 40.0  # pixels between the outer eye corners
    face = FaceRig(0, (0, 0, 1, 1), 1.0, points, 55.0, 0, 0, 0, 0)
    opening = np.full(50, 0.125)
    pixel = pixel_ratio(face, opening)
    assert pixel == pytest.approx(0.2)
    assert [_closure_check(np.array([0.01, worst]), pixel).verdict for worst in (0.03, 0.1, 0.19, 0.21)] == [
        "green", "amber", "cannot_verify", "red",
    ]  # fmt: skip
    assert "less than a pixel" in _closure_check(np.array([0.19]), pixel).detail
    assert np.isnan(pixel_ratio(face, np.zeros(50)))
    # in a face of the usual size a pixel is far less than what is red
    points[263, 0] = 400.0
    assert _closure_check(np.array([0.16]), pixel_ratio(face, opening)).verdict == "red"


def test_the_picture_around_a_face_is_seen_in_the_same_decoding(tmp_path: Path) -> None:
    path = tmp_path / "v.mp4"
    with VideoWriter(path, 90, 60, 25.0, EngineConfig(crf=5)) as writer:
        for index in range(30):
            writer.write(np.full((60, 90, 3), 4 * index, np.uint8))
    seen: list[Image] = []
    window = Window(10, 10, 40, 40, 20, 20)
    parts = list(read_frames(path, window, aside=Aside(90, 60, 10, seen.append)))
    for found, wanted in ((parts, list(read_frames(path, window))), (seen, list(read_frames(path, every=10)))):
        np.testing.assert_array_equal(np.stack(found), np.stack(wanted))
    assert len(seen) == 3
    # whoever stops early, and whatever goes wrong aside, ends the process and is told
    frames = read_frames(path, window, aside=Aside(90, 60, 1, seen.append))
    next(frames)
    frames.close()  # type: ignore[attr-defined]

    def refuse(_: Image) -> None:
        raise ValueError("aside")

    with pytest.raises(ValueError, match="aside"):
        list(read_frames(path, window, aside=Aside(90, 60, 1, refuse)))


def test_a_sound_is_judged_block_by_block() -> None:
    sound = np.sin(np.arange(50_000) * 0.01).astype(np.float32)
    sound[9_990:10_010] = 1.0  # a run across the border of two blocks
    sound[20_000:20_002] = 1.0  # too short to be clipping
    sound[29_999] = sound[30_000] = sound[30_001] = -1.0
    heard, whole = _Listener(48_000, 8_000), _Listener(48_000, 8_000)
    for first in range(0, len(sound), 10_000):
        heard.hear(sound[first : first + 10_000])
    whole.hear(sound)
    for one in (heard, whole):
        assert one.count == 50_000
        np.testing.assert_array_equal(one.beginning, sound[:8_000])
        np.testing.assert_array_equal(one.end, sound[40_000:48_000])
        assert one.energy == pytest.approx(float((sound[:48_000].astype(np.float64) ** 2).sum()))
    clipped = np.abs(sound) >= 0.999
    runs = np.diff(np.flatnonzero(np.diff(np.concatenate([[0], clipped, [0]]))))[::2]
    assert heard.clipped_share() == whole.clipped_share() == runs[runs >= 3].sum() / 50_000


def test_one_changed_pixel_outside_is_seen_and_inside_is_not() -> None:
    rng = np.random.default_rng(0)
    photo = rng.integers(0, 255, (60, 80, 3), np.uint8)
    region = np.zeros((60, 80), bool)
    region[20:40, 30:50] = True
    region[25, 35] = False
    watch = OutsideWatch(photo, region)
    watch.see(photo.copy(), resting=True)
    moved = photo.copy()
    moved[30, 40] ^= 255
    watch.see(moved)
    assert (watch.changed, watch.rest_difference) == (0, 0)
    for row, column in ((0, 0), (59, 79), (30, 10), (30, 70), (25, 35)):
        touched = photo.copy()
        touched[row, column, 1] ^= 1
        watch.see(touched)
    assert watch.changed == 5
    watch.see(moved, resting=True)
    assert watch.rest_difference is not None
    assert watch.rest_difference > 0


def test_openings_do_not_depend_on_size_or_place() -> None:
    rng = np.random.default_rng(1)
    landmarks = rng.normal(0, 50, (478, 3)).astype(np.float32)
    moved = landmarks * np.float32(3.0) + np.array([100, -20, 0], np.float32)
    assert mouth_opening(moved) == pytest.approx(mouth_opening(landmarks), rel=1e-4)
    assert eye_opening(moved) == pytest.approx(eye_opening(landmarks), rel=1e-4)


@pytest.mark.parametrize(
    ("milliseconds", "verdict"),
    [(0, "green"), (19, "green"), (-39, "green"), (30, "amber"), (-100, "amber"), (50, "red"), (-130, "red")],
)
def test_offset_limits(milliseconds: float, verdict: str) -> None:
    assert verdicts.OFFSET.judge(milliseconds / 1000.0) == verdict


def test_the_worst_verdict_counts_and_what_cannot_be_verified_does_not() -> None:
    assert verdicts.worst(["green", "amber", "cannot_verify"]) == "amber"
    assert verdicts.worst(["green", "red", "amber"]) == "red"
    assert verdicts.worst(["cannot_verify"]) == "cannot_verify"
    assert verdicts.OPENING.judge(float("nan")) == "cannot_verify"
