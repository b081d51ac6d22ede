"""A conversation's motion: who speaks moves the lips, the others look and nod with theirs shut."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from gpu_worker.motion.attention import Turn
from gpu_worker.motion.listening import Part, converse, listen, speaking, turns_of_others
from gpu_worker.motion.performance import perform
from gpu_worker.schema import FaceRig, Timeline, VisemeTrack, Waveform
from gpu_worker.visemes.coarticulation import viseme_track
from tests.gpu_worker.motion.test_conversation import FPS, face_at, spoken

LIPS = ("jaw", "pucker", "stretch", "upper_raise", "lower_depress", "press", "close", "lip_in", "jaw_side")


def part(face: FaceRig, *times: float, duration: float = 8.0) -> Part:
    timeline = spoken(*times, duration=duration)
    waveform = Waveform(np.zeros(int(duration * 16000), np.float32), 16000)
    return Part(face, viseme_track(timeline, waveform, FPS), timeline, waveform)


@pytest.fixture(scope="module")
def talk() -> list[Part]:
    return [part(face_at(0, 100.0), 0.5, 5.0), part(face_at(1, 400.0), 2.5), Part(face_at(2, 700.0))]


def test_only_who_speaks_moves_the_lips(talk: list[Part]) -> None:
    left, middle, right = converse(talk, 200, FPS, seed=3)
    times = np.arange(200) / FPS
    assert left.control("jaw")[(times > 0.5) & (times < 1.5)].max() > 0.1
    assert np.abs(left.control("jaw")[(times > 2.2) & (times < 4.5)]).max() < 1e-3
    assert middle.control("jaw")[(times > 2.5) & (times < 3.5)].max() > 0.1
    assert all(not right.control(name).any() for name in LIPS)


def test_listeners_look_at_who_speaks_and_blink(talk: list[Part]) -> None:
    left, middle, right = converse(talk, 200, FPS, seed=3)
    second = slice(int(3.2 * FPS), int(3.6 * FPS))
    assert left.control("gaze_x")[second].mean() > 0.08, "the speaker sits to the right"
    assert right.control("gaze_x")[second].mean() < -0.08, "the speaker sits to the left"
    assert right.control("yaw")[second].mean() < -0.5
    assert right.control("blink_left").max() > 0.9
    assert abs(float(middle.control("gaze_x")[second].mean())) < 0.2


def test_everything_begins_and_ends_at_the_photo_and_repeats(talk: list[Part]) -> None:
    first, second = converse(talk, 200, FPS, seed=3), converse(talk, 200, FPS, seed=3)
    for one, other in zip(first, second, strict=True):
        assert np.array_equal(one.values, other.values)
        assert not one.values[0].any()
        assert not one.values[-1].any()
    other = converse(talk, 200, FPS, seed=4)[2]
    assert not np.array_equal(first[2].values, other.values)


def test_a_listener_more_changes_nobody_else(talk: list[Part]) -> None:
    for one, other in zip(converse(talk[:2], 200, FPS, seed=3), converse(talk, 200, FPS, seed=3), strict=False):
        assert np.array_equal(one.values, other.values)


def test_one_face_moves_as_it_did_alone(talk: list[Part]) -> None:
    alone = talk[0]
    assert alone.track is not None
    assert alone.timeline is not None
    assert alone.waveform is not None
    direct = perform(alone.track, alone.timeline, alone.waveform, alone.face, 7)
    assert np.array_equal(speaking(alone, 7).values, direct.values)
    with pytest.raises(ValueError, match="nothing to say"):
        speaking(talk[2], 7)


def test_turns_leave_out_ones_own_words_and_never_overlap(talk: list[Part]) -> None:
    turns = turns_of_others(talk, 0)
    assert [round(turn.start, 1) for turn in turns] == [2.5]
    assert all(turn.dx > 0 for turn in turns)
    interrupted = [talk[0], part(talk[1].face, 1.0), talk[2]]
    seen = turns_of_others(interrupted, 2)
    assert all(one.end <= other.start + 1e-9 for one, other in pairwise(seen))
    mine = turns_of_others(interrupted, 0)
    assert all(turn.start >= 1.5 for turn in mine), "who speaks does not look away"


def test_an_audience_without_speakers_still_lives() -> None:
    quiet = listen(face_at(0, 100.0), (), 250, FPS, seed=1)
    assert quiet.control("blink_left").max() > 0.9
    assert 0.05 < float(np.abs(quiet.control("yaw")).max()) < 4.0
    far = listen(face_at(0, 100.0), (Turn(1.0, 8.0, 0.0, 3.0),), 250, FPS, seed=1)
    assert far.control("gaze_y").max() > 0.05


def test_a_tilted_head_turns_about_its_own_axes() -> None:
    """Leaning by 90 degrees to its left, a head looks to the picture's right by bowing or lifting itself."""
    turn = Turn(0.5, 9.0, 3.0, 0.0)
    upright = listen(face_at(0, 100.0), (turn,), 250, FPS, seed=5)
    leaning = listen(face_at(0, 100.0), (replace(turn, tilt=-90.0),), 250, FPS, seed=5)
    looking = slice(60, 100)
    assert np.array_equal(upright.control("gaze_y"), leaning.control("gaze_y"))
    assert upright.control("yaw")[looking].mean() > leaning.control("yaw")[looking].mean() + 1.0
    assert leaning.control("pitch")[looking].mean() > upright.control("pitch")[looking].mean() + 0.5


def test_an_empty_track_is_no_mistake() -> None:
    empty = Timeline("en", "events", 1.0, (), (), ())
    nothing = Part(
        face_at(0, 0.0),
        VisemeTrack(FPS, np.zeros((25, 7), np.float32)),
        empty,
        Waveform(np.zeros(16000, np.float32), 16000),
    )
    motion = speaking(replace(nothing), 1)
    assert np.abs(motion.control("jaw")).max() == 0.0
