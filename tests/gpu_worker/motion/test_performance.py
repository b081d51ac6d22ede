from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gpu_worker.motion.blinks import blink_curve, blink_times
from gpu_worker.motion.head import LIMITS, allowed_yaw
from gpu_worker.motion.performance import perform
from gpu_worker.motion.prosody import analyse, emphases
from gpu_worker.motion.style import Style
from gpu_worker.schema import FaceRig, Timeline, Waveform
from tests.gpu_worker.motion.conftest import FPS, RATE, Speaker, make_face, make_speaker


def test_same_seed_same_values_other_seed_other_values(speaker: Speaker, face: FaceRig) -> None:
    first = perform(speaker.track, speaker.timeline, speaker.waveform, face, 7)
    again = perform(speaker.track, speaker.timeline, speaker.waveform, face, 7)
    other = perform(speaker.track, speaker.timeline, speaker.waveform, face, 8)
    np.testing.assert_array_equal(first.values, again.values)
    assert np.abs(first.values - other.values).max() > 0.1
    assert first.seed == 7


def test_first_and_last_frames_are_the_photo(speaker: Speaker) -> None:
    motion = perform(speaker.track, speaker.timeline, speaker.waveform, make_face(mouth_gap=0.06), 1)
    assert not motion.values[0].any()
    assert not motion.values[-1].any()
    assert motion.values[len(motion.values) // 2].any()


def test_controls_stay_in_their_ranges_and_move_without_jumps(speaker: Speaker, face: FaceRig) -> None:
    wild = Style(head=2.0, expression=2.0, gaze=2.0, breathing=2.0)
    motion = perform(speaker.track, speaker.timeline, speaker.waveform, face, 3, wild)
    for name, limit in LIMITS.items():
        assert np.abs(motion.control(name)).max() <= limit
        assert np.abs(np.diff(motion.control(name))).max() < 2.0
    for name in ("jaw", "close", "blink_left", "press", "pucker"):
        assert motion.control(name).min() >= 0.0
        assert motion.control(name).max() <= 1.0
    for name in ("brow_left", "gaze_x", "gaze_y"):
        assert np.abs(motion.control(name)).max() <= 1.0


def test_a_style_of_zero_leaves_the_lips_alone_moving(speaker: Speaker, face: FaceRig) -> None:
    calm = Style(head=0.0, expression=0.0, blink_rate=0.0, gaze=0.0, breathing=0.0)
    motion = perform(speaker.track, speaker.timeline, speaker.waveform, face, 3, calm)
    for name in ("yaw", "pitch", "roll", "shift_y", "scale", "brow_left", "blink_left", "gaze_x"):
        np.testing.assert_array_equal(motion.control(name), 0.0)
    assert motion.control("jaw").max() > 0.3


def test_one_strength_does_not_disturb_the_others(speaker: Speaker, face: FaceRig) -> None:
    usual = perform(speaker.track, speaker.timeline, speaker.waveform, face, 3)
    fewer = perform(speaker.track, speaker.timeline, speaker.waveform, face, 3, Style(blink_rate=0.5))
    np.testing.assert_array_equal(usual.control("pitch"), fewer.control("pitch"))
    assert fewer.control("blink_left").sum() < usual.control("blink_left").sum()


def test_negative_strength_is_refused() -> None:
    with pytest.raises(ValueError, match="head"):
        Style(head=-1.0)


def test_a_turned_face_turns_only_away_from_its_hidden_side(speaker: Speaker) -> None:
    motion = perform(speaker.track, speaker.timeline, speaker.waveform, make_face(yaw=18.0), 3)
    assert motion.control("yaw").min() >= 0.0
    assert motion.control("yaw").max() > 0.2
    mirrored = allowed_yaw(np.array([-3.0, 3.0]), make_face(yaw=-18.0))
    assert mirrored[0] < 0.0
    assert mirrored[1] == 0.0


def test_emphasis_is_where_the_voice_rises(speaker: Speaker) -> None:
    stressed = [phone for phone in speaker.timeline.phones if phone.stress]
    loud = [phone for number, phone in enumerate(stressed, 1) if number % 5 == 2]
    found = emphases(analyse(speaker.waveform), speaker.timeline)
    assert len(found) == len(loud)
    for (moment, strength), phone in zip(found, loud, strict=True):
        assert phone.start <= moment <= phone.end
        assert 0.5 <= strength <= 1.0


def test_pitch_is_measured() -> None:
    times = np.arange(RATE) / RATE
    tone = Waveform((0.4 * np.sin(2 * np.pi * 150.0 * times)).astype(np.float32), RATE)
    pitch = analyse(tone).pitch[20:80]
    np.testing.assert_allclose(pitch, 12.0 * np.log2(1.5), atol=0.3)


def test_silence_has_no_pitch_and_no_emphasis(speaker: Speaker) -> None:
    silent = Waveform(np.zeros(RATE, np.float32), RATE)
    prosody = analyse(silent)
    assert len(prosody.times()) == len(prosody.loudness)
    assert emphases(prosody, speaker.timeline) == ()


def test_blinks_come_as_often_as_people_blink() -> None:
    long = make_speaker(words=400)
    counts = [
        len(blink_times(long.timeline, long.timeline.duration, 1.0, np.random.default_rng(seed))) for seed in range(5)
    ]
    per_minute = 60.0 * np.mean(counts) / long.timeline.duration
    assert 20.0 < per_minute < 32.0


def test_blinks_are_drawn_to_phrase_ends(speaker: Speaker) -> None:
    ends = [phone.start for phone in speaker.timeline.phones if phone.phone == "SIL" and phone.start > 0]
    moments = [
        moment
        for seed in range(20)
        for moment in blink_times(speaker.timeline, speaker.timeline.duration, 1.0, np.random.default_rng(seed))
    ]
    near = sum(min(abs(moment - end) for end in ends) < 0.1 for moment in moments)
    assert near > 0.3 * len(moments)


def test_each_blink_closes_the_lid_on_one_frame_and_opens_again() -> None:
    times = np.arange(50) / FPS
    curve = blink_curve(times, (0.71,))
    assert curve.max() == pytest.approx(1.0, abs=1e-6)
    assert (curve > 0.5).sum() <= 5
    assert curve[0] == curve[-1] == 0.0


def test_a_clip_of_two_frames_and_one_without_phones_still_work(face: FaceRig) -> None:
    short = make_speaker(words=1)
    track = replace(short.track, values=short.track.values[:2])
    motion = perform(track, Timeline("en", "energy", 0.08, (), (), ()), short.waveform, face, 0)
    assert motion.values.shape[0] == 2
    assert np.isfinite(motion.values).all()
