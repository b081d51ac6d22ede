from __future__ import annotations

import numpy as np
import pytest

from gpu_worker.motion.margins import LEAD, TAIL, with_margins
from gpu_worker.motion.pauses import pauses, speech_spans
from gpu_worker.schema import Phone, Timeline, VisemeSpan, Waveform, Word


def _speech(start: float, end: float, duration: float) -> tuple[Waveform, Timeline]:
    samples = np.random.default_rng(0).normal(0, 0.1, int(duration * 48000)).astype(np.float32)
    timeline = Timeline(
        "en", "forced", duration, (Word("ma", start, end),),
        (Phone("M", start, start + 0.1), Phone("AA", start + 0.1, end)),
        (VisemeSpan("PP", start, start + 0.1), VisemeSpan("aa", start + 0.1, end)),
    )  # fmt: skip
    return Waveform(samples, 48000), timeline


@pytest.mark.parametrize("fps", [25.0, 29.97, 12.0])
@pytest.mark.parametrize(("start", "end", "duration"), [(0.0, 0.9, 0.9), (0.5, 1.0, 3.0), (0.1, 1.03, 1.111)])
def test_there_is_room_at_both_ends_and_the_sound_is_whole(
    start: float, end: float, duration: float, fps: float
) -> None:
    waveform, timeline = _speech(start, end, duration)
    sound, moved = with_margins(waveform, timeline, fps)
    first, last = speech_spans(moved)[0][0], speech_spans(moved)[-1][1]
    assert first >= LEAD - 1e-6
    assert moved.duration - last >= TAIL - 1e-6
    assert moved.duration * fps == pytest.approx(round(moved.duration * fps), abs=1e-6)
    assert sound.duration == pytest.approx(moved.duration, abs=1.0 / 48000)
    lead = round((first - start) * 48000)
    np.testing.assert_array_equal(sound.samples[lead : lead + len(waveform.samples)], waveform.samples)


def test_words_move_with_the_sound_and_ends_are_silence() -> None:
    _, moved = with_margins(*_speech(0.0, 0.9, 0.9), fps=25.0)
    assert moved.words[0].start == pytest.approx(moved.phones[1].start)
    assert moved.phones[0].phone == "SIL"
    assert moved.phones[-1].end == pytest.approx(moved.duration)
    assert moved.visemes[0].viseme == moved.visemes[-1].viseme == "sil"
    assert pauses(moved)[0][0] == 0.0
