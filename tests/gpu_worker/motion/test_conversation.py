"""Lines laid out and mixed: order, pauses, starts, overlaps, and each face's own words."""

from __future__ import annotations

import numpy as np
import pytest

from gpu_worker import timeline_json
from gpu_worker.errors import InputError
from gpu_worker.motion.conversation import SpokenLine, arrange
from gpu_worker.motion.pauses import pauses, speech_spans
from gpu_worker.schema import FaceRig, Phone, Timeline, TimelineSource, VisemeSpan, Waveform, Word

FPS, RATE = 25.0, 48000


def face_at(index: int, x: float, y: float = 100.0) -> FaceRig:
    landmarks = np.zeros((478, 3), np.float32)
    landmarks[:, 0], landmarks[:, 1] = np.linspace(x - 40, x + 40, 478), np.linspace(y - 50, y + 50, 478)
    return FaceRig(index, (x - 40, y - 50, 80, 100), 1.0, landmarks, 100.0, 0.0, 0.0, 0.0, 0.005)


def spoken(*starts: float, duration: float, source: TimelineSource = "events") -> Timeline:
    """One second of "ma ma" from each of ``starts``."""
    phones, visemes, words = [], [], []
    for start in starts:
        for place in range(4):
            at = start + 0.25 * place
            phones.append(Phone("M" if place % 2 == 0 else "AA", at, at + 0.25, place % 2))
            visemes.append(VisemeSpan("PP" if place % 2 == 0 else "aa", at, at + 0.25))
        words.append(Word("mama", start, start + 1.0))
    return Timeline("en", source, duration, tuple(words), tuple(phones), tuple(visemes), ("because",))


def line(
    face: int, pause: float = 0.5, start: float | None = None, level: float = 0.4, begin: float = 0.2
) -> SpokenLine:
    """A second of words after ``begin`` of silence, and 0.3 s of silence after them."""
    samples = np.zeros(int((begin + 1.3) * RATE), np.float32)
    samples[int(begin * RATE) : int((begin + 1.0) * RATE)] = level
    timeline = spoken(begin, duration=begin + 1.3)
    return SpokenLine(face, Waveform(samples, RATE), timeline, pause, start)


def test_lines_follow_each_other_by_their_words() -> None:
    whole = arrange([line(0), line(1, pause=0.5), line(0, pause=1.0)], FPS, 60.0)
    starts = [word.start for word in whole.timeline.words]
    assert np.diff(starts) == pytest.approx([1.5, 2.0], abs=1e-3)
    assert [voice.face for voice in whole.voices] == [0, 1]
    left, right = whole.voices
    assert [word.start for word in left.timeline.words] == pytest.approx([starts[0], starts[2]])
    assert [word.start for word in right.timeline.words] == pytest.approx([starts[1]])
    assert len(pauses(left.timeline)) == 3


def test_sounds_and_times_stay_together() -> None:
    whole = arrange([line(0), line(1)], FPS, 60.0)
    total = sum((voice.sound.samples for voice in whole.voices), np.zeros(1, np.float32))
    assert np.allclose(total, whole.sound.samples, atol=1e-6)
    assert whole.timeline.duration * RATE == pytest.approx(len(whole.sound.samples))
    assert (whole.timeline.duration * FPS) % 1.0 == pytest.approx(0.0, abs=1e-6)
    for voice in whole.voices:
        start, end = speech_spans(voice.timeline)[0]
        heard = np.flatnonzero(voice.sound.samples)
        assert heard[0] / RATE == pytest.approx(start, abs=1e-3)
        assert heard[-1] / RATE == pytest.approx(end, abs=1e-3)
        assert voice.timeline.phones[0].start == 0.0
        assert voice.timeline.phones[-1].end == pytest.approx(whole.timeline.duration)


def test_a_start_is_kept_and_interruptions_mix_without_clipping() -> None:
    whole = arrange([line(0, level=0.8), line(1, start=0.5, level=0.8), line(2, pause=-0.4, level=0.8)], FPS, 60.0)
    first = whole.timeline.words[0].start
    starts = [voice.timeline.words[0].start - first for voice in whole.voices]
    # The first line's own silence of 0.2 s stands before its words.
    assert starts == pytest.approx([0.0, 0.3, 0.9], abs=1e-3)
    assert float(np.abs(whole.sound.samples).max()) <= 0.981


def test_every_timeline_of_a_conversation_can_be_read_back() -> None:
    """Also where people interrupt each other: what is written must be what the readers of timelines take."""
    whole = arrange([line(0), line(1, pause=-0.4), line(0, pause=1.0)], FPS, 60.0)
    for timeline in (whole.timeline, *(voice.timeline for voice in whole.voices)):
        again = timeline_json.from_dict(timeline_json.as_dict(timeline))
        assert [word.word for word in again.words] == [word.word for word in timeline.words]
        assert again.phones[-1].end == pytest.approx(timeline.duration, abs=1e-3)


def test_nobody_speaks_over_themselves() -> None:
    with pytest.raises(InputError) as caught:
        arrange([line(0), line(1), line(0, start=0.6)], FPS, 60.0)
    assert caught.value.code == "lines_overlap"
    arrange([line(0), line(1, start=0.6)], FPS, 60.0)


def test_a_long_conversation_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        arrange([line(0), line(1, start=500.0)], FPS, 60.0)
    assert caught.value.code == "speech_too_long"


def test_a_whole_is_as_sure_as_its_least_sure_line() -> None:
    lines = [line(0), line(1)]
    doubtful = SpokenLine(1, lines[1].sound, spoken(0.2, duration=1.5, source="energy"), 0.5, None)
    whole = arrange([lines[0], doubtful], FPS, 60.0)
    assert whole.timeline.source == "energy"
    assert whole.voices[0].timeline.source == "events"
    assert whole.timeline.reasons == ("because",)
