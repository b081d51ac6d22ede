from __future__ import annotations

import numpy as np

from gpu_worker.motion.lips import lip_controls
from gpu_worker.motion.pauses import pauses
from gpu_worker.schema import CONTROLS
from tests.gpu_worker.motion.conftest import FPS, Speaker, make_face


def test_every_closure_shuts_the_lips_with_the_jaw_at_rest(speaker: Speaker) -> None:
    controls = lip_controls(speaker.track, speaker.timeline, make_face(mouth_gap=0.06))
    assert speaker.track.closures
    for start, end in speaker.track.closures:
        inside = range(int(np.ceil(start * FPS)), int(np.floor(end * FPS)) + 1)
        best = max(inside, key=lambda frame: controls["close"][frame])
        assert controls["close"][best] == 1.0
        assert controls["jaw"][best] < 0.01
        assert controls["press"][best] > 0.9


def test_gain_opens_vowels_wider_and_leaves_closures_alone(speaker: Speaker) -> None:
    usual = lip_controls(speaker.track, speaker.timeline, make_face())
    wide = lip_controls(speaker.track, speaker.timeline, make_face(), gain=1.3)
    assert wide["jaw"].max() > usual["jaw"].max()
    np.testing.assert_allclose(wide["close"], usual["close"])


def test_parted_lips_are_closed_and_still_in_pauses(speaker: Speaker) -> None:
    controls = lip_controls(speaker.track, speaker.timeline, make_face(mouth_gap=0.06))
    for start, end in pauses(speaker.timeline):
        inside = slice(int(np.ceil((start + 0.14) * FPS)), int((end - 0.14) * FPS))
        np.testing.assert_allclose(controls["close"][inside], 1.0, atol=1e-6)
        np.testing.assert_allclose(controls["jaw"][inside], 0.0, atol=0.01)


def test_a_closed_photo_needs_no_closing_between_sounds(speaker: Speaker) -> None:
    controls = lip_controls(speaker.track, speaker.timeline, make_face(mouth_gap=0.002))
    pause = int((speaker.timeline.phones[0].end - 0.2) * FPS)
    assert controls["close"][pause] == 0.0


def test_rounding_and_labiodentals_reach_the_rig(speaker: Speaker) -> None:
    controls = lip_controls(speaker.track, speaker.timeline, make_face())
    assert controls["pucker"].max() > 0.8
    assert controls["lip_in"].max() > 0.7
    assert set(controls) <= set(CONTROLS)
    for curve in controls.values():
        assert curve.min() >= 0.0
        assert curve.max() <= 1.0
