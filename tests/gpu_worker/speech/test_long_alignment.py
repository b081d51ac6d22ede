"""Long sound whose text differs from it in places: the rest is not disturbed, and both sides are named."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from unittest.mock import patch

import numpy as np
import pytest

from gpu_worker.errors import EngineError
from gpu_worker.languages import find_language
from gpu_worker.media import scratch
from gpu_worker.media.sound import resample
from gpu_worker.schema import Phone, Timeline, Waveform
from gpu_worker.speech import agreement, alignment, phone_decoding
from gpu_worker.speech.ladder import time_speech
from gpu_worker.speech.long_pauses import without_long_pauses
from gpu_worker.speech.phone_decoding import learned_phones
from gpu_worker.speech.pronunciation import pronounce
from gpu_worker.speech.refinement import snap_boundaries
from gpu_worker.speech.synthesis import synthesise
from gpu_worker.speech.unmatched import filled, joined, loud_gaps, named_stretches
from gpu_worker.speech.window_alignment import AlignedUnit, Chain, align_window
from gpu_worker.timeline_remarks import remarks_of

FIRST = (
    "Paul bought seven purple umbrellas in the market on Monday. My mother baked a big apple pie for the neighbours. "
    "We swam across the river before supper. A grey cat slept under the table all afternoon. "
)
MIDDLE = (
    "The museum opens at nine o'clock and closes late in the evening. Forty children waited quietly outside the gate. "
    "Their teacher counted them twice and smiled. Nobody had forgotten the sandwiches this time. "
    "Inside they saw a golden clock, two stuffed bears and a very old bicycle. The guide spoke slowly and clearly. "
)
LAST = (
    "Later a storm came over the hills and the lights went out. Grandfather told us about his years at sea. "
    "He remembered every harbour and every captain. In the morning the garden was full of broken branches. "
)


@pytest.fixture(autouse=True)
def _a_synthetic_voice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The acoustic model knows people: espeak-ng's right words score as people's doubtful ones do."""
    monkeypatch.setattr(agreement, "WRONG_ENGLISH", -46.0)
    monkeypatch.setattr(agreement, "DOUBTFUL_ENGLISH", -58.0)


@cache
def spoken() -> tuple[Waveform, Timeline]:
    waveform, timeline = synthesise(FIRST + MIDDLE + LAST, "en")
    return resample(waveform, 16000), timeline


def most_far(found: Timeline, truth: Timeline, words: slice) -> float:
    """The largest distance of a word of the text from where it was said, seconds."""
    said = truth.words[words]
    pairs = [(a.start, b.start) for a, b in zip(found.words[words], said, strict=True)]
    return max(abs(one - other) for one, other in pairs)


def test_only_the_windows_that_do_not_fit_are_aligned_again() -> None:
    waveform, truth = spoken()
    asked: list[Chain] = []

    def counting(samples: object, units: object, whole: bool, chain: Chain = Chain.STRICT) -> list[AlignedUnit]:
        asked.append(chain)
        return align_window(samples, units, whole, chain)  # type: ignore[arg-type]

    text = FIRST + MIDDLE + LAST.replace("every harbour", "every beautiful yellow umbrella harbour")
    fractions: list[float] = []
    with patch.object(alignment, "align_window", counting):
        found = time_speech(waveform, text, "en", fractions.append)
    assert asked.count(Chain.STRICT) >= 2
    assert asked.count(Chain.SKIPPING) == 1
    assert fractions == sorted(fractions)
    assert any("yellow umbrella" in remark for remark in remarks_of(found.reasons))
    assert [word.word for word in found.words] == [word.word for word in truth.words]
    assert most_far(found, truth, slice(None)) < 0.15


def test_what_is_said_after_the_text_is_heard_without_words_and_named() -> None:
    waveform, truth = spoken()
    count = len(FIRST.split())
    end = truth.words[count + 20].end
    part = Waveform(waveform.samples[: round(end * 16000)], 16000)
    found = time_speech(part, FIRST, "en")
    assert found.source == "forced"
    assert most_far(found, truth, slice(0, count - 1)) < 0.15
    [remark] = [remark for remark in remarks_of(found.reasons) if "does not have" in remark]
    assert f"to 0:{int(end):02d}" in remark
    later = [phone for phone in found.phones if phone.start > truth.words[count].start and phone.phone != "SIL"]
    assert sum(phone.end - phone.start for phone in later) > 0.5 * (end - truth.words[count].start)


def test_a_lost_place_in_the_text_is_found_again() -> None:
    waveform, truth = spoken()
    units = pronounce(FIRST + MIDDLE + LAST, find_language("en")).units
    place = len((FIRST + MIDDLE).split())
    start, end = truth.words[place].start - 0.1, truth.words[place + 14].end + 0.05
    part = waveform.samples[round(start * 16000) : round(end * 16000)]
    found = align_window(part, units, whole=False, chain=Chain.ENTERING)
    said = [units[unit.index].label for unit in found]
    assert said[0] == place
    assert said[-1] == pytest.approx(place + 14, abs=1)
    course = alignment._Course(units)
    course.settle([AlignedUnit(0, 0.0, 1.0, -10.0, ())])
    course.pending.append(alignment._Pending(1.0, 21.0, [AlignedUnit(1, 1.0, 20.0, -80.0, ())]))
    course.settle([AlignedUnit(50, 21.5, 22.0, -10.0, ())], lost=True)
    assert course.finished(60.0, strict=False).unmatched == ((1.0, 21.0),)
    with pytest.raises(EngineError):
        course.finished(30.0, strict=False)


def test_gaps_that_are_loud_are_found_and_filled() -> None:
    rate = 16000
    noise = np.random.default_rng(0).normal(0, 0.1, 12 * rate).astype(np.float32)
    noise[4 * rate : 8 * rate] *= 0.01
    units = [AlignedUnit(0, 0.0, 4.0, -10.0, ()), AlignedUnit(1, 8.0, 8.5, -10.0, ())]
    gaps = loud_gaps(noise, units)
    assert gaps == [(8.5, 12.0)]
    assert loud_gaps(noise, []) == []
    phones = filled(noise, [Phone("M", 0.0, 4.0), Phone("SIL", 4.0, 8.0)], gaps, lambda _: [Phone("AA", 0.5, 9.0)])
    assert [(phone.phone, phone.start, phone.end) for phone in phones] == [("M", 0.0, 4.0), ("AA", 9.0, 12.0)]
    assert joined([(5.0, 6.0), (1.0, 2.0), (2.0, 3.0)]) == [(1.0, 3.0), (5.0, 6.0)]
    sentence = named_stretches([(61.0, 62.0), (0.0, 5.0), (70.0, 72.0), (80.0, 83.0)])
    assert "from 0:00 to 0:05, from 1:20 to 1:23, from 1:10 to 1:12 and in 1 more places" in sentence
    assert remarks_of([sentence, "WhisperX was left: it broke"]) == [sentence]


def test_a_boundary_is_found_between_two_steps_of_the_spectrum() -> None:
    rate, errors = 16000, []
    for seed, at in enumerate((0.5, 0.5012, 0.5025, 0.5037)):
        rng = np.random.default_rng(seed)
        samples = rng.normal(0, 0.001, rate).astype(np.float32)
        samples[round(at * rate) :] += rng.normal(0, 0.1, rate - round(at * rate)).astype(np.float32)
        moved = snap_boundaries(samples, [Phone("SIL", 0.0, 0.495), Phone("S", 0.495, 1.0)])
        assert moved[0].end == moved[1].start
        errors.append(moved[1].start - at)
    # Loud sound shows in a window before it begins, by the same time wherever it does.
    assert max(map(abs, errors)) < 0.006
    assert float(np.ptp(errors)) < 0.002


def test_phones_without_words_are_heard_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    waveform, _ = spoken()
    samples = waveform.samples[: 24 * 16000]
    monkeypatch.setattr(phone_decoding, "PART_LEAST", 8.0)
    monkeypatch.setattr(phone_decoding, "PART_MOST", 12.0)
    fractions: list[float] = []
    phones = learned_phones(samples, fractions.append)
    assert len(fractions) >= 2
    assert fractions[-1] == 1.0
    assert phones[0].start == 0.0
    assert phones[-1].end == pytest.approx(24.0)
    assert all(a.end == pytest.approx(b.start) for a, b in pairwise(phones))


def test_long_sound_without_its_pauses_lies_in_a_file_too(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    speech = rng.normal(0, 0.1, 32000).astype(np.float32)
    samples = np.concatenate([speech, np.zeros(64000, np.float32), speech])
    usual = without_long_pauses(samples)
    monkeypatch.setattr(scratch, "IN_MEMORY", 1000)
    monkeypatch.setattr(scratch, "BLOCK", 5000)
    filed = without_long_pauses(samples)
    assert np.array_equal(usual.samples, filed.samples)
    assert not filed.samples.flags.writeable
    [(start, end)] = filed.spans([(0.0, 3.0)])
    assert start == 0.0
    assert end == pytest.approx(3.0 + filed.cuts[0][1])
