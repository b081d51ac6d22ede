from __future__ import annotations

import numpy as np
import pytest

from gpu_worker.schema import CONTROL, CONTROLS, VISEMES
from gpu_worker.training.metrics import Judged, bootstrap, correlation, head_motion, measure
from gpu_worker.training.mouth_points import LIPS, lip_gap, lip_points


def still(frames: int) -> np.ndarray:
    return np.zeros((frames, len(CONTROLS)), np.float32)


def judged(truth: np.ndarray, motion: np.ndarray, classes: np.ndarray) -> dict[str, float]:
    return measure(Judged(truth, np.ones(truth.shape, np.bool_), classes.astype(np.int8), motion, classes, 25.0))


def test_the_lips_of_the_mean_face_open_and_shut() -> None:
    controls = still(3)
    controls[1, CONTROL["jaw"]] = 0.6
    controls[2, CONTROL["jaw"]] = 0.6
    controls[2, CONTROL["close"]] = 1.0
    points = lip_points(controls)
    gap = lip_gap(points)
    assert points.shape == (3, len(LIPS), 2)
    # A mouth is four to six centimetres wide, and opens by one or two.
    assert 35 < np.ptp(points[0, :, 0]) < 65
    assert 8 < gap[1] < 30
    assert gap[2] < 0.8


def test_the_same_motion_has_no_error() -> None:
    truth = still(60)
    truth[:, CONTROL["jaw"]] = 0.3 + 0.3 * np.sin(np.arange(60) / 2)
    classes = np.full(60, VISEMES.index("aa"))
    found = judged(truth, truth.copy(), classes)
    assert found["lmd"] == pytest.approx(0, abs=1e-6)
    assert found["velocity"] == pytest.approx(0, abs=1e-6)
    assert found["jaw"] == pytest.approx(1)
    assert found["f25"] == 1.0
    late = judged(truth, np.roll(truth, 3, axis=0), classes)
    assert late["lmd"] > 0.5
    assert late["jaw"] < 0.7


def test_closures_count_where_the_lips_shut() -> None:
    classes = np.full(40, VISEMES.index("aa"))
    classes[10:12] = classes[20:22] = VISEMES.index("PP")
    motion = still(40)
    motion[:, CONTROL["jaw"]] = 0.6
    motion[10:12, CONTROL["close"]] = 1.0
    assert judged(motion, motion, classes)["closure_rate"] == pytest.approx(0.5)


def test_movement_in_silence_is_seen() -> None:
    classes = np.full(60, VISEMES.index("sil"))
    shaking = still(60)
    shaking[::2, CONTROL["jaw"]] = 0.1
    assert judged(still(60), still(60), classes)["silent"] == pytest.approx(0)
    assert judged(still(60), shaking, classes)["silent"] > 10


def test_a_turning_head_has_speed_and_range() -> None:
    controls = still(50)
    controls[:, CONTROL["yaw"]] = np.linspace(0, 10, 50)
    found = head_motion(controls, 25.0)
    assert found["head_speed"] == pytest.approx(10 / 49 * 25, rel=1e-3)
    assert found["head_range"] == pytest.approx(np.linspace(0, 10, 50).std(), rel=1e-3)


def test_what_does_not_move_correlates_with_nothing() -> None:
    moving = np.sin(np.arange(30)).astype(np.float32)
    assert correlation(moving, np.zeros(30, np.float32)) == 0.0
    assert np.isnan(correlation(np.zeros(30, np.float32), moving))


def test_intervals_are_as_wide_as_people_differ() -> None:
    generator = np.random.default_rng(0)
    people = [f"person {n % 4}" for n in range(80)]
    alike = generator.normal(0.5, 0.1, 80)
    apart = alike + np.array([n % 4 for n in range(80)]) * 0.5
    mean, low, high = bootstrap(alike, people)
    assert low < mean < high
    _, wide_low, wide_high = bootstrap(apart, people)
    assert wide_high - wide_low > 3 * (high - low)
    assert np.isnan(bootstrap(np.array([np.nan]), ["nobody"])).all()
