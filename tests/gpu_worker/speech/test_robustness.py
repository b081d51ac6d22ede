"""The timing of speech where the sound or the words are not what they should be."""

from __future__ import annotations

import wave
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from gpu_worker.errors import InputError
from gpu_worker.media.sound import load_waveform, resample, write_wav
from gpu_worker.schema import Phone, Timeline, Waveform
from gpu_worker.speech.conditions import CONDITIONS, QUIET_DB, under
from gpu_worker.speech.evaluate import main
from gpu_worker.speech.evaluation import Tally
from gpu_worker.speech.labels import Labelled
from gpu_worker.speech.ladder import time_speech
from gpu_worker.speech.long_pauses import without_long_pauses
from gpu_worker.speech.synthesis import synthesise

SENTENCE = "On Monday my grandmother baked seven plum pies for the people at number five."


@cache
def spoken(text: str = SENTENCE, language: str = "en") -> tuple[Waveform, Timeline]:
    waveform, timeline = synthesise(text, language)
    return resample(waveform, 16000), timeline


def scores(truth: tuple[Phone, ...], found: Timeline, waveform: Waveform) -> dict[str, float]:
    tally = Tally()
    shut = tuple((phone.start, phone.end) for phone in truth if phone.phone in {"P", "B", "M"})
    tally.add(Labelled(truth, shut), found.phones, waveform)
    return tally.summary()


@pytest.mark.parametrize("condition", list(CONDITIONS))
def test_words_are_found_through_noise_music_telephone_and_rooms(condition: str) -> None:
    clean, truth = spoken()
    waveform = under(condition, clean)
    assert len(waveform.samples) == len(clean.samples)
    assert (condition == "clean") == np.array_equal(waveform.samples, clean.samples)
    found = time_speech(waveform, SENTENCE, "en")
    assert found.source == "forced"
    measured = scores(truth.phones, found, waveform)
    assert measured["boundary_median_ms"] < 20.0
    assert measured["closure_hit"] == 1.0
    assert measured["f25"] > 0.6
    assert measured["jaw_correlation"] > 0.7


@pytest.mark.parametrize("condition", ["telephone"])
def test_without_words_something_is_still_heard(condition: str) -> None:
    clean, truth = spoken()
    waveform = under(condition, clean)
    found = time_speech(waveform, None, "en")
    assert found.source in {"recognised", "phones"}
    assert scores(truth.phones, found, waveform)["jaw_correlation"] > 0.4


def test_what_a_condition_does_to_the_sound() -> None:
    clean, _ = spoken()
    quiet = under("quiet", clean)
    loss = 20 * np.log10(np.std(clean.samples) / np.std(quiet.samples))
    assert loss == pytest.approx(QUIET_DB, abs=0.5)
    spectrum = np.abs(np.fft.rfft(under("telephone", clean).samples))
    hertz = np.fft.rfftfreq(len(clean.samples), 1 / clean.rate)
    assert spectrum[hertz > 4200].max() < 0.02 * spectrum.max()
    with pytest.raises(InputError, match="no condition"):
        under("under water", clean)


def test_a_recording_with_one_side_inverted(tmp_path: Path) -> None:
    clean, truth = spoken()
    with wave.open(str(tmp_path / "stereo.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(clean.rate)
        both = np.stack([clean.samples, -clean.samples], axis=1)
        file.writeframes((both * 32767).astype("<i2").tobytes())
    waveform = load_waveform(tmp_path / "stereo.wav")
    found = time_speech(waveform, SENTENCE, "en")
    measured = scores(truth.phones, found, waveform)
    assert measured["boundary_median_ms"] < 12.0
    assert measured["closure_hit"] == 1.0


@pytest.mark.parametrize("room", [0.0, 0.003], ids=["digital silence", "a room that hums"])
def test_a_minute_of_silence_in_the_middle(room: float) -> None:
    first, second = "My mother baked a big apple pie.", "Then Bob came home before supper."
    (one, early), (other, late) = spoken(first), spoken(second)
    gap = np.zeros(60 * 16000, np.float32)
    whole = np.concatenate([one.samples, gap, other.samples])
    whole += np.random.default_rng(0).normal(0.0, room, len(whole)).astype(np.float32)
    waveform = Waveform(whole, 16000)
    found = time_speech(waveform, f"{first} {second}", "en")
    assert found.source == "forced"
    assert [word.word for word in found.words] == [word.word for word in (*early.words, *late.words)]
    offset = one.duration + 60.0
    moved = [Phone(phone.phone, phone.start + offset, phone.end + offset) for phone in late.phones]
    measured = scores((*early.phones, Phone("SIL", one.duration, offset), *moved), found, waveform)
    assert measured["boundary_median_ms"] < 12.0
    assert measured["closure_hit"] == 1.0
    silent = [span for span in found.visemes if span.viseme == "sil"]
    assert max(span.end - span.start for span in silent) > 59.0


def test_long_pauses_are_cut_and_put_back() -> None:
    sound, _ = spoken()
    assert without_long_pauses(sound.samples).samples is sound.samples
    second = np.zeros(16000, np.float32)
    samples = np.concatenate([*[second] * 3, sound.samples, *[second] * 5, sound.samples])
    found = without_long_pauses(samples)
    gone = sum(length for _, length in found.cuts)
    assert len(found.cuts) == 2
    assert len(found.samples) / 16000 + gone == pytest.approx(len(samples) / 16000)
    assert len(found.samples) / 16000 == pytest.approx(2 * sound.duration + 1.6, abs=1.5)
    at = found.cuts[1][0]
    spans = [Phone("M", at - 0.3, at + 0.1), Phone("SIL", at - 0.1, at + 0.1), Phone("B", at, at + 0.1)]
    shut, silent, later = found.phones(spans)
    assert shut.end - shut.start == pytest.approx(0.3)
    assert silent.end - silent.start == pytest.approx(found.cuts[1][1] + 0.2)
    assert later.start - silent.start == pytest.approx(found.cuts[1][1] + 0.1)
    for nothing in (np.zeros(0, np.float32), np.zeros(50000, np.float32)):
        assert without_long_pauses(nothing).samples is nothing


@pytest.mark.parametrize(
    ("said", "written"),
    [
        # a word that is missing from the transcript, and one too many
        (SENTENCE, SENTENCE.replace("seven ", "")),
        (SENTENCE, SENTENCE.replace("plum", "delicious plum")),
        # hesitations that nobody writes down
        ("My brother, uhm, bought a, uh, purple balloon.", "My brother bought a purple balloon."),
        # another language in the middle
        ("My friend said guten Morgen before breakfast.", "My friend said guten Morgen before breakfast."),
        # numbers, dates, abbreviations, names
        ("Dr. Popov paid $12.50 to Mrs. McBride on 4 July 2009 at 5 p.m.",) * 2,
    ],
    ids=["missing word", "extra word", "hesitations", "two languages", "numbers and names"],
)  # fmt: skip
def test_words_that_are_nearly_those_that_were_said(said: str, written: str) -> None:
    waveform, truth = spoken(said)
    found = time_speech(waveform, written, "en")
    assert found.source == "forced"
    measured = scores(truth.phones, found, waveform)
    assert measured["closure_hit"] >= 0.8
    assert measured["boundary_median_ms"] < 20.0
    assert measured["f25"] > 0.6


def test_evaluate_spoils_the_sound_on_request(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    waveform, truth = spoken()
    write_wav(waveform, tmp_path / "a.wav")
    (tmp_path / "a.txt").write_text(SENTENCE)
    labels = "".join(f"a 1 {p.start:.4f} {p.end - p.start:.4f} {p.phone}\n" for p in truth.phones)
    (tmp_path / "a.ctm").write_text(labels)
    told = []
    for condition in ("clean", "room"):
        assert main([str(tmp_path), "--condition", condition]) == 0
        told.append(capsys.readouterr().out)
    assert told[0] != told[1]
    assert all('"forced": 1' in text for text in told)
