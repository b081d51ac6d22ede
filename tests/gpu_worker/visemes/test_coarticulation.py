"""What a mouth must do, whatever the sentence."""

from __future__ import annotations

import numpy as np
import pytest

from gpu_worker.schema import ARTICULATORS, FloatArray, Phone, Timeline, VisemeTrack, Waveform
from gpu_worker.speech.synthesis import synthesise
from gpu_worker.visemes.closures import closures
from gpu_worker.visemes.coarticulation import gestures_of, viseme_track
from gpu_worker.visemes.loudness import jaw_scale
from gpu_worker.visemes.parameters import BILABIALS
from gpu_worker.visemes.spans import viseme_spans

SENTENCE = "Maybe the big puppy jumped over my shoe. Five brave women bumped a lamp, very happily."


def timeline(*phones: tuple[str, float] | tuple[str, float, int]) -> Timeline:
    """A timeline of (phone, seconds[, stress]) one after the other."""
    at = 0.0
    timed = []
    for name, length, *stress in phones:
        timed.append(Phone(name, at, at + length, stress[0] if stress else 0))
        at += length
    return Timeline("en", "events", at, (), tuple(timed), viseme_spans(timed))


def hum(seconds: float, level: float = 0.3) -> Waveform:
    time = np.arange(round(seconds * 16000)) / 16000
    return Waveform((level * np.sin(2 * np.pi * 150 * time)).astype(np.float32), 16000)


def track_of(*phones: tuple[str, float] | tuple[str, float, int], fps: float = 100.0) -> VisemeTrack:
    line = timeline(*phones)
    return viseme_track(line, hum(line.duration), fps)


def channel(track: VisemeTrack, name: str) -> FloatArray:
    values: FloatArray = track.values[:, ARTICULATORS.index(name)]
    return values


@pytest.fixture(scope="module")
def spoken() -> tuple[Waveform, Timeline]:
    return synthesise(SENTENCE)


@pytest.mark.parametrize("fps", [12.0, 23.976, 25.0, 30.0, 60.0])
def test_every_bilabial_closes_on_a_frame(spoken: tuple[Waveform, Timeline], fps: float) -> None:
    waveform, line = spoken
    track = viseme_track(line, waveform, fps)
    close, jaw = channel(track, "close"), channel(track, "jaw")
    assert len(track.closures) == 13
    for start, end in track.closures:
        frames = np.arange(len(close)) / fps
        near = (frames >= start - 0.02 - 0.5 / fps - 1e-6) & (frames <= end + 0.5 / fps)
        assert (close[near] >= 1.0).any()
        assert jaw[near][close[near] >= 1.0].max() <= 0.25


def test_a_closure_shorter_than_a_frame_is_not_lost() -> None:
    for shift in np.linspace(0.0, 0.08, 9):
        track = track_of(("AA", 0.2 + shift), ("M", 0.012), ("AA", 0.3), fps=12.0)
        assert channel(track, "close").max() == 1.0


def test_frames_cover_the_sound_and_stay_in_range(spoken: tuple[Waveform, Timeline]) -> None:
    waveform, line = spoken
    track = viseme_track(line, waveform, 25.0)
    assert len(track.values) == int(np.ceil(line.duration * 25))
    assert track.values.dtype == np.float32
    assert np.isfinite(track.values).all()
    width = channel(track, "width")
    others = np.delete(track.values, ARTICULATORS.index("width"), axis=1)
    assert others.min() >= 0.0
    assert others.max() <= 1.0
    assert np.abs(width).max() <= 1.0
    assert np.quantile(channel(track, "jaw"), 0.9) > 0.2


def test_silence_is_a_still_mouth_at_rest() -> None:
    track = track_of(("SIL", 0.6), ("AA", 0.3, 1), ("SIL", 1.0), ("IY", 0.3, 1), ("SIL", 0.6))
    times = np.arange(len(track.values)) / 100.0
    for start, end in ((0.0, 0.38), (1.15, 1.65), (2.45, 2.8)):
        assert (track.values[(times >= start) & (times < end)] == 0.0).all()


def test_a_short_pause_does_not_shut_the_mouth() -> None:
    track = track_of(("AA", 0.3), ("SIL", 0.05), ("AA", 0.3))
    assert channel(track, "jaw")[28:34].min() > 0.4


def test_sibilants_cap_the_jaw_between_open_vowels() -> None:
    track = track_of(("AA", 0.25, 1), ("S", 0.12), ("AA", 0.25, 1))
    jaw = channel(track, "jaw")
    assert jaw[5:20].max() > 0.6
    assert jaw[25:33].min() < 0.25


def test_labiodentals_touch() -> None:
    track = track_of(("AA", 0.2), ("V", 0.08), ("AA", 0.2))
    assert channel(track, "labiodental")[20:27].max() >= 0.94
    assert channel(track, "close").max() < 0.2


def test_rounding_is_prepared_and_tongue_sounds_take_their_neighbours_lips() -> None:
    track = track_of(("IY", 0.3), ("T", 0.07), ("UW", 0.3, 1))
    rounded = channel(track, "round")
    assert rounded[10] < 0.05
    assert rounded[33] > 0.35  # in the t, before the vowel
    assert rounded[50] > 0.85
    assert channel(track, "tongue_up")[32] > 0.2


def test_the_mouth_runs_ahead_of_the_sound_by_less_than_40_ms() -> None:
    track = track_of(("SIL", 0.5), ("M", 0.1), ("AA", 0.3, 1), ("SIL", 0.5), fps=200.0)
    shut = np.flatnonzero(channel(track, "close") >= 0.999) / 200.0
    assert 0.43 <= shut[0] <= 0.5
    assert 0.54 <= shut[-1] <= 0.6


def test_stress_opens_and_haste_closes() -> None:
    def widest(*phones: tuple[str, float] | tuple[str, float, int]) -> float:
        return float(channel(track_of(*phones), "jaw").max())

    stressed = widest(("T", 0.06), ("AA", 0.15, 1), ("T", 0.06), ("AX", 0.1, 0))
    unstressed = widest(("T", 0.06), ("AA", 0.15, 0), ("T", 0.06), ("EY", 0.1, 1))
    assert stressed > unstressed * 1.1
    slow: list[tuple[str, float, int]] = [("T", 0.07, 0), ("AE", 0.12, 1)] * 6
    fast: list[tuple[str, float, int]] = [("T", 0.03, 0), ("AE", 0.045, 1)] * 6
    assert widest(*fast) < 0.8 * widest(*slow)


def test_loud_syllables_open_wider_within_limits() -> None:
    time = np.arange(32000) / 16000
    level = np.where(time < 1.0, 0.05, 0.6)
    waveform = Waveform((level * np.sin(2 * np.pi * 150 * time)).astype(np.float32), 16000)
    scale = jaw_scale(waveform, (np.arange(50) / 25).astype(np.float32))
    assert scale[5] < scale[45]
    assert scale.min() >= 0.7
    assert scale.max() <= 1.25
    assert (jaw_scale(Waveform(np.zeros(16000, np.float32), 16000), np.arange(4, dtype=np.float32) / 25) == 1.0).all()


def test_movement_is_no_jerkier_than_that_of_people(spoken: tuple[Waveform, Timeline]) -> None:
    waveform, line = spoken
    track = viseme_track(line, waveform, 25.0)
    opening = channel(track, "jaw") * (1.0 - channel(track, "close"))
    # Real talkers: 0.026 to 0.043 at a 90th percentile of 0.11 to 0.18.
    assert np.abs(np.diff(opening, 3)).mean() / np.quantile(opening, 0.9) < 0.4


def test_equal_neighbours_merge_and_h_has_no_shape_of_its_own() -> None:
    merged = gestures_of([Phone("T", 0.0, 0.1), Phone("T", 0.1, 0.2), Phone("HH", 0.2, 0.3), Phone("OY", 0.3, 0.5)])
    assert [gesture.phone for gesture in merged] == ["T", "OY", "IH"]
    assert merged[0].end == 0.2


def test_visemes_merge_and_refuse_what_is_in_no_table() -> None:
    spans = viseme_spans([Phone("P", 0, 0.1), Phone("M", 0.1, 0.2), Phone("HH", 0.2, 0.3), Phone("OW", 0.3, 0.4)])
    assert [(span.viseme, span.start, span.end) for span in spans] == [("PP", 0, 0.2), ("oh", 0.2, 0.4)]
    with pytest.raises(KeyError):
        viseme_spans([Phone("QQ", 0.0, 0.1)])


def test_a_plosive_opens_at_its_burst() -> None:
    rate = 16000
    samples = np.zeros(rate, np.float32)
    samples[: int(0.4 * rate)] = hum(0.4).samples
    samples[int(0.4 * rate) : int(0.5 * rate)] = 0.001 * np.sin(np.arange(int(0.1 * rate)))
    burst = slice(int(0.47 * rate), int(0.5 * rate))
    samples[burst] = np.random.default_rng(0).normal(0, 0.2, burst.stop - burst.start)
    phones = [Phone("AA", 0.0, 0.4), Phone("P", 0.4, 0.5), Phone("AA", 0.5, 1.0)]
    assert closures(phones, Waveform(samples, rate))[0] == pytest.approx((0.4, 0.47), abs=0.008)
    assert closures(phones, None)[0] == pytest.approx((0.4, 0.47), abs=0.001)
    joined = closures([Phone("M", 0.0, 0.1), Phone("B", 0.1, 0.2)], None)
    assert len(joined) == 1


def test_bilabials_survive_haste() -> None:
    phones = [("AE", 0.04), ("B", 0.025)] * 8
    track = track_of(*phones, fps=25.0)
    assert sum(name in BILABIALS for name, _ in phones) == len(track.closures) == 8
    for start, end in track.closures:
        frame = round(((start + end) / 2 - 0.02) * 25)
        assert channel(track, "close")[max(frame - 1, 0) : frame + 2].max() == 1.0


def test_nothing_but_silence_and_nothing_at_all() -> None:
    assert (track_of(("SIL", 1.0), fps=25.0).values == 0.0).all()
    empty = Timeline("en", "energy", 0.0, (), (), ())
    assert viseme_track(empty, Waveform(np.zeros(0, np.float32), 16000), 25.0).values.shape == (1, len(ARTICULATORS))
