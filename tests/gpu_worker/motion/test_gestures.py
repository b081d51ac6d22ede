from __future__ import annotations

import numpy as np
import pytest

from gpu_worker.errors import InputError
from gpu_worker.motion.gestures import GESTURES, check_gestures, perform_gestures, with_gestures
from gpu_worker.motion.performance import perform
from gpu_worker.schema import FaceRig
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
    assert len(motion.values) / 25.0 >= GESTURES[name].length


def test_a_wink_is_of_one_eye(face: FaceRig) -> None:
    motion = perform_gestures(("wink",), face, 25.0, 0)
    assert motion.control("blink_right").max() < 0.3


def test_gestures_follow_one_another(face: FaceRig) -> None:
    motion = perform_gestures(("smile", "nod"), face, 25.0, 0)
    assert motion.control("smile_left").argmax() < motion.control("pitch").argmax()


def test_over_speech_the_mouth_stays_with_the_speech(speaker: Speaker, face: FaceRig) -> None:
    spoken = perform(speaker.track, speaker.timeline, speaker.waveform, face, 0)
    both = with_gestures(spoken, ("laugh", "wink"))
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
