"""The ladder: the best way that works, and a reason for each that did not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gpu_worker.errors import Cancelled, EngineError, InputError
from gpu_worker.media.sound import resample
from gpu_worker.schema import Timeline, Waveform
from gpu_worker.speech import ladder
from gpu_worker.speech.evaluate import evaluate_folder, main
from gpu_worker.speech.evaluation import Tally
from gpu_worker.speech.labelled_set import main as make_set
from gpu_worker.speech.labels import Labelled
from gpu_worker.speech.ladder import time_speech
from gpu_worker.speech.synthesis import synthesise

SENTENCE = "Maybe the big puppy jumped over my shoe before breakfast."


def spoken(text: str = SENTENCE, language: str = "en", voice: str | None = None) -> tuple[Waveform, Timeline]:
    waveform, timeline = synthesise(text, language, voice)
    return resample(waveform, 16000), timeline


def scores(truth: Timeline, found: Timeline, waveform: Waveform) -> dict[str, float]:
    tally = Tally()
    shut = tuple((phone.start, phone.end) for phone in truth.phones if phone.phone in "PBM")
    tally.add(Labelled(truth.phones, shut), found.phones, waveform)
    return tally.summary()


def covers(timeline: Timeline) -> None:
    assert timeline.phones[0].start == 0.0
    assert timeline.phones[-1].end == pytest.approx(timeline.duration)
    for before, after in zip(timeline.phones, timeline.phones[1:], strict=False):
        assert before.end == pytest.approx(after.start)
        assert before.end > before.start


def test_known_words_are_aligned_to_a_few_milliseconds() -> None:
    waveform, truth = spoken()
    found = time_speech(waveform, SENTENCE, "en")
    covers(found)
    assert found.source == "forced"
    assert [word.word for word in found.words] == [word.word for word in truth.words]
    measured = scores(truth, found, waveform)
    assert measured["boundary_median_ms"] < 12.0
    assert measured["closure_hit"] == 1.0
    assert measured["closure_precision"] == 1.0
    assert measured["f25"] > 0.75
    assert found.score is not None
    assert found.score > 0.6


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("it", "Buongiorno a tutti, mi chiamo Marco e vengo da Palermo."), ("ru", "Привет, меня зовут Борис Петров."),
        ("ar", "مرحبا، اسمي محمد وأنا من بيروت."),
        ("zh", "你好,我的名字叫王明。"), ("fr", "Bonjour, je m'appelle Marie."),
    ],
)  # fmt: skip
def test_other_languages_through_the_same_aligner(language: str, text: str) -> None:
    waveform, truth = spoken(text, language)
    found = time_speech(waveform, text, language)
    covers(found)
    assert found.source == "forced"
    assert found.language == language
    measured = scores(truth, found, waveform)
    assert measured["boundary_median_ms"] < 25.0
    assert measured["closure_hit"] == 1.0


def test_numbers_dates_and_names_need_no_preparation() -> None:
    text = "On 3 May 1881 Dr. Quackenbush paid $25 for 7 balloons."
    waveform, truth = spoken(text)
    found = time_speech(waveform, text, "en")
    assert found.source == "forced"
    assert [word.word for word in found.words] == [word.word for word in truth.words]
    assert scores(truth, found, waveform)["closure_hit"] == 1.0


def test_without_words_english_is_recognised_and_others_are_heard_as_phones() -> None:
    waveform, truth = spoken()
    found = time_speech(waveform, None, "en")
    covers(found)
    assert found.source == "recognised"
    assert found.words
    assert scores(truth, found, waveform)["jaw_correlation"] > 0.5
    german, _ = spoken("Guten Morgen, mein Name ist Peter.", "de")
    heard = time_speech(german, "", "de")
    covers(heard)
    assert heard.source == "phones"
    assert any("German" in reason for reason in heard.reasons)
    assert "learned model" in heard.reasons[-1]
    assert heard.score is None


def test_words_that_were_not_said_are_named_and_left_out() -> None:
    waveform, truth = spoken()
    text = SENTENCE.replace("over", "beautiful yellow umbrellas over").replace(".", " goodbye")
    found = time_speech(waveform, text, "en")
    covers(found)
    assert found.source == "forced"
    assert any("Not heard" in reason and "umbrellas" in reason for reason in found.reasons)
    assert [word.word for word in found.words] == [word.word for word in truth.words]
    assert scores(truth, found, waveform)["closure_hit"] == 1.0


def test_a_wrong_transcript_is_noticed() -> None:
    waveform, _ = spoken()
    right = time_speech(waveform, SENTENCE, "en")
    wrong = time_speech(waveform, "Twenty grey rhinos crashed slowly, laughing aloud in the ocean.", "en")
    covers(wrong)
    assert len(right.reasons) == 1
    assert any("match" in reason for reason in wrong.reasons)
    german, _ = spoken("Guten Morgen, mein Name ist Peter und ich komme aus Hamburg.", "de")
    foreign = time_speech(german, "Sechzehn zackige Zicklein zogen zwanzig Zoll zurück.", "de")
    assert any("match" in reason for reason in foreign.reasons)


def test_a_rung_that_breaks_hands_down_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    waveform, truth = spoken()

    def broken(*_: object, **__: object) -> None:
        raise EngineError("it broke")

    monkeypatch.setattr(ladder, "align", broken)
    warped = time_speech(waveform, SENTENCE, "en")
    covers(warped)
    assert warped.source == "forced"
    assert any("it broke" in reason for reason in warped.reasons)
    assert any("synthetic voice" in reason for reason in warped.reasons)
    assert scores(truth, warped, waveform)["boundary_median_ms"] < 15.0
    for name in ("warp_onto", "recognise", "decode_phones"):
        monkeypatch.setattr(ladder, name, broken)
    loudness = time_speech(waveform, SENTENCE, "en")
    covers(loudness)
    assert loudness.source == "energy"
    assert loudness.words == ()
    assert len(loudness.reasons) >= 3
    assert any(phone.phone == "AH" for phone in loudness.phones)
    assert not any(phone.phone in "PBM" for phone in loudness.phones)


@pytest.mark.parametrize("transcript", [SENTENCE, "😀 ..."])
@pytest.mark.parametrize("kind", ["noise", "zeros", "click"])
def test_sound_without_speech_never_breaks_the_ladder(kind: str, transcript: str | None) -> None:
    count = 16000
    samples = {
        "noise": np.random.default_rng(0).normal(0, 0.1, count),
        "zeros": np.zeros(count),
        "click": np.eye(1, count, 5000)[0],
    }[kind]
    found = time_speech(Waveform(samples.astype(np.float32), 16000), transcript, "en")
    covers(found)
    assert found.reasons


@pytest.mark.parametrize("seconds", [0.02, 0.2, 0.5])
def test_very_short_sound(seconds: float) -> None:
    samples = np.random.default_rng(0).normal(0, 0.1, int(16000 * seconds)).astype(np.float32)
    covers(time_speech(Waveform(samples, 16000), "a much longer text than could ever be in it", "en"))


def test_unknown_language_and_cancelling_leave_the_ladder() -> None:
    waveform, _ = spoken("Hello there.")
    with pytest.raises(InputError, match="not supported"):
        time_speech(waveform, "hello", "xx-yy")

    def stop(_: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        time_speech(waveform, "Hello there.", "en", stop)


def test_long_sound_is_cut_at_pauses_and_keeps_its_exactness() -> None:
    sentences = ["Paul bought seven purple umbrellas.", "My mother baked a big apple pie.", "We swam before supper."]
    text = " ".join(sentences * 10)
    waveform, truth = spoken(text)
    assert waveform.duration > 60
    fractions: list[float] = []
    found = time_speech(waveform, text, "en", fractions.append)
    covers(found)
    assert found.source == "forced"
    assert len(fractions) >= 2
    assert fractions == sorted(fractions)
    assert [word.word for word in found.words] == [word.word for word in truth.words]
    starts = np.array([word.start for word in found.words]) - np.array([word.start for word in truth.words])
    assert np.abs(starts).max() < 0.15
    assert scores(truth, found, waveform)["closure_hit"] >= 0.99


def test_evaluate_scores_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = tmp_path / "sentences.text"
    text.write_text(f"{SENTENCE}\n\nPeople bought seven purple umbrellas.\n")
    assert make_set([str(tmp_path), str(text)]) == 0
    measured = evaluate_folder(tmp_path)
    assert measured["sources"] == {"forced": 2}
    assert isinstance(measured["boundary_median_ms"], float)
    assert measured["boundary_median_ms"] < 8.0
    capsys.readouterr()
    assert main([str(tmp_path)]) == 0
    assert '"closure_hit": 1.0' in capsys.readouterr().out
    (tmp_path / "none").mkdir()
    assert main([str(tmp_path / "none")]) == 2
    assert "no_labelled_sound" in capsys.readouterr().err
