from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gpu_worker.errors import InputError
from gpu_worker.motion.gesture_names import GESTURE_SECONDS, silent_length
from gpu_worker.motion.gestures import GESTURES, check_gestures, perform_gestures, with_gestures
from gpu_worker.motion.head import LIMITS
from gpu_worker.motion.performance import perform
from gpu_worker.motion.style import Style
from gpu_worker.schema import CONTROL, FaceRig
from tests.gpu_worker.motion.conftest import Speaker

#: What must be seen of each gesture: a control and how far it moves from rest.
_SIGNS = {
    "smile": ("smile_left", 0.7), "nod": ("pitch", 3.5), "blink": ("blink_left", 0.95), "look_around": ("yaw", 3.5),
    "laugh": ("jaw", 0.3), "kiss": ("pucker", 0.9), "wink": ("blink_left", 0.95), "raised_brows": ("brow_left", 0.8),
    "dance": ("roll", 2.5),
}  # fmt: skip


@pytest.mark.parametrize("name", GESTURES)
def test_each_gesture_is_seen_and_loops(name: str, face: FaceRig) -> None:
    motion = perform_gestures((name,), face, 25.0, 0)
    control, least = _SIGNS[name]
    assert np.abs(motion.control(control)).max() >= least
    assert not motion.values[0].any()
    assert not motion.values[-1].any()
    assert len(motion.values) / 25.0 >= GESTURE_SECONDS[name]


def test_a_wink_is_of_one_eye(face: FaceRig) -> None:
    motion = perform_gestures(("wink",), face, 25.0, 0)
    assert motion.control("blink_right").max() < 0.3


def test_gestures_follow_one_another(face: FaceRig) -> None:
    motion = perform_gestures(("smile", "nod"), face, 25.0, 0)
    assert motion.control("smile_left").argmax() < motion.control("pitch").argmax()


def test_over_speech_the_mouth_stays_with_the_speech(speaker: Speaker, face: FaceRig) -> None:
    spoken = perform(speaker.track, speaker.timeline, speaker.waveform, face, 0)
    both = with_gestures(spoken, ("laugh", "wink"), face)
    for name in ("jaw", "close", "press", "pucker"):
        np.testing.assert_array_equal(both.control(name), spoken.control(name))
    assert both.control("smile_left").max() > 0.5
    assert not both.values[-1].any()


def test_unknown_gestures_are_named() -> None:
    assert check_gestures([" Smile ", "look-around"]) == ("smile", "look_around")
    with pytest.raises(InputError, match="somersault") as caught:
        check_gestures(["smile", "somersault"])
    assert caught.value.code == "unknown_gesture"
    with pytest.raises(InputError, match="No gesture"):
        check_gestures([""])


def _steps(values: np.ndarray) -> np.ndarray:
    """How far each control goes from frame to frame, in shares of its usual range."""
    steps: np.ndarray = np.abs(np.diff(values, axis=0)).max(axis=0)
    return steps


@pytest.mark.parametrize("names", [("smile",), ("look_around", "wink"), ("dance",)])
def test_a_loop_runs_on_without_a_jump_and_without_a_stop(names: tuple[str, ...], face: FaceRig) -> None:
    motion = perform_gestures(names, face, 25.0, 3, loop=True)
    assert not motion.values[0].any(), "the first frame is the photo"
    seam = np.abs(motion.values[0] - motion.values[-1])
    assert (seam <= _steps(motion.values) + 1e-6).all(), "no larger step at the seam than within"
    assert seam.any(), "the face does not stop at the seam"
    twice = np.concatenate([motion.values, motion.values])
    bend = np.abs(np.diff(twice, 2, axis=0))
    count = len(motion.values)
    assert (bend[count - 2 : count].max(axis=0) <= bend.max(axis=0)).all()


def test_more_time_is_filled_with_rounds_and_calm(face: FaceRig) -> None:
    short = perform_gestures(("nod",), face, 25.0, 0, Style(head=1.0))
    long = perform_gestures(("nod",), face, 25.0, 0, seconds=12.0)
    assert len(long.values) == 301
    nods = long.control("pitch") > 3.5
    assert np.diff(nods.astype(int)).clip(0).sum() > np.diff((short.control("pitch") > 3.5).astype(int)).clip(0).sum()
    assert (np.abs(long.control("pitch")) < 1.5).mean() > 0.4, "calm between"


def test_strength_scales_what_the_face_does(face: FaceRig) -> None:
    full, faint = (perform_gestures(("smile", "nod"), face, 25.0, 0, Style(expression=e, head=e)) for e in (1.0, 0.4))
    for name in ("smile_left", "pitch"):
        assert np.abs(faint.control(name)).max() < 0.6 * np.abs(full.control(name)).max()
    none = perform_gestures(("blink",), face, 25.0, 0, Style(head=0, expression=0, gaze=0, breathing=0, blink_rate=0))
    assert none.control("blink_left").max() > 0.95, "a blink that was asked for is whole"
    assert not none.values[:, [CONTROL["yaw"], CONTROL["gaze_x"], CONTROL["brow_left"]]].any()


def test_idle_blinks_follow_their_rate_and_leave_winks_alone(face: FaceRig) -> None:
    def blinks(rate: float) -> int:
        motion = perform_gestures(("smile",), face, 25.0, 1, Style(blink_rate=rate), seconds=40.0)
        return int(np.diff((motion.control("blink_right") > 0.9).astype(int)).clip(0).sum())

    assert blinks(0.0) == 0
    assert 0 < blinks(1.0) < blinks(2.0)
    wink = perform_gestures(("wink",), face, 25.0, 1, Style(blink_rate=2.0), seconds=20.0)
    both = (wink.control("blink_left") > 0.9) & (wink.control("blink_right") < 0.1)
    assert both.any()


def test_over_speech_gestures_are_spread_and_stay_within_the_head_s_limits(speaker: Speaker, face: FaceRig) -> None:
    spoken = perform(speaker.track, speaker.timeline, speaker.waveform, face, 0, Style(head=2.0))
    both = with_gestures(spoken, ("dance",), face, Style(head=2.0))
    for name, limit in LIMITS.items():
        assert np.abs(both.control(name)).max() <= limit + 1e-4
    many = with_gestures(spoken, ("raised_brows",) * 40, face)
    assert not many.values[-1].any()
    assert np.abs(np.diff(many.control("brow_left"))).max() < 0.4


def test_no_gesture_is_an_idle_face(face: FaceRig) -> None:
    motion = perform_gestures((), face, 25.0, 0, seconds=6.0, loop=True)
    assert len(motion.values) == 150
    assert np.abs(motion.control("yaw")).max() > 0.2
    assert not motion.control("smile_left").any()


def test_the_length_is_that_of_the_longest_face() -> None:
    assert silent_length([("smile",)]) == pytest.approx(2.6 + 0.7)
    assert silent_length([("smile",), ("dance", "nod")]) == pytest.approx(4.8 + 1.4 - 0.25 + 0.7 + 0.4)
    assert silent_length([("smile",)], 20.0) == 20.0
    assert silent_length([("smile",)], 1.0) == pytest.approx(3.3)


def test_a_laugh_lifts_no_lip_from_teeth_that_the_photo_shows(face: FaceRig) -> None:
    shut = perform_gestures(("laugh",), face, 25.0, 0, Style(expression=2.0))
    parted = perform_gestures(("laugh",), replace(face, mouth_gap=0.06), 25.0, 0, Style(expression=2.0))
    assert 0.3 < shut.control("upper_raise").max() <= 0.5
    assert not parted.control("upper_raise").any()
    assert parted.control("jaw").max() > 0.4
