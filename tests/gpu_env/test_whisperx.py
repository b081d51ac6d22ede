"""WhisperX for real, on tiny models: what is recognised, when words are said, and what becomes of faults."""

from __future__ import annotations

import shutil
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from gpu_worker.errors import Cancelled, EngineError
from gpu_worker.languages import find_language
from gpu_worker.schema import Timeline, Waveform
from gpu_worker.speech import whisperx_models
from gpu_worker.speech.ladder import time_speech
from gpu_worker.speech.whisperx_alignment import align_by_whisperx
from gpu_worker.speech.whisperx_pieces import one_piece
from gpu_worker.speech.whisperx_recognition import recognise_by_whisperx
from tests.gpu_env.tiny_models import RATE, Spoken


def heard(one: Spoken, transcript: str | None = None, language: str | None = None, **more: object) -> Timeline:
    return time_speech(Waveform(one.samples, RATE), transcript, language or one.language, engine="auto", **more)  # type: ignore[arg-type]


def check_whole(timeline: Timeline, one: Spoken) -> None:
    """Words in order inside the sound; phones without gaps over all of it."""
    duration = len(one.samples) / RATE
    edges = [edge for word in timeline.words for edge in (word.start, word.end)]
    assert edges == sorted(edges)
    assert edges[0] >= 0.0
    assert edges[-1] <= duration + 1e-6
    assert timeline.phones[0].start == 0.0
    assert timeline.phones[-1].end == pytest.approx(duration)
    for before, after in zip(timeline.phones, timeline.phones[1:], strict=False):
        assert after.start == pytest.approx(before.end)


def told(timeline: Timeline, beginning: str) -> bool:
    """Whether one of the reasons begins like this."""
    return any(reason.startswith(beginning) for reason in timeline.reasons)


def apart(timeline: Timeline, one: Spoken) -> list[float]:
    """Distance of each word's beginning from the truth, seconds, the nearest first."""
    pairs = zip(timeline.words, one.timeline.words, strict=True)
    return sorted(abs(found.start - true.start) for found, true in pairs)


def test_words_are_recognised_and_timed(models: Path, english: Spoken) -> None:
    timeline = heard(english)
    assert timeline.source == "recognised"
    assert [word.word for word in timeline.words] == english.text.split()
    assert any("aligned by WhisperX 3.8.6" in reason for reason in timeline.reasons), timeline.reasons
    assert timeline.score is not None
    assert timeline.score > 0.5
    check_whole(timeline, english)
    distances = apart(timeline, english)
    assert np.median(distances) < 0.06
    assert distances[-1] < 0.4


def test_known_words_are_timed_without_a_recogniser(
    models: Path, english: Spoken, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(models / "align", tmp_path / "align")
    monkeypatch.setenv("PICTURETALK_MODELS", str(tmp_path))
    fractions: list[float] = []
    timeline = heard(english, english.text, progress=fractions.append)
    assert timeline.source == "forced"
    assert any("aligned by WhisperX" in reason for reason in timeline.reasons), timeline.reasons
    check_whole(timeline, english)
    assert apart(timeline, english)[-1] < 0.06
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1.0)


def test_each_phone_lies_inside_its_word(models: Path, english: Spoken) -> None:
    timeline = heard(english, english.text)
    spans = [(word.start, word.end) for word in timeline.words]
    sounding = [phone for phone in timeline.phones if phone.phone != "SIL"]
    inside = [
        any(start - 0.03 <= phone.start and phone.end <= end + 0.03 for start, end in spans) for phone in sounding
    ]
    assert np.mean(inside) > 0.9
    # Bilabials are where the mouth shuts: those of the truth are found within a frame or two.
    true = [phone for phone in english.timeline.phones if phone.phone in ("P", "B", "M")]
    found = [phone for phone in sounding if phone.phone in ("P", "B", "M")]
    assert [phone.phone for phone in found] == [phone.phone for phone in true]
    assert np.median([abs(one.start - other.start) for one, other in zip(found, true, strict=True)]) < 0.06


def test_the_language_is_heard(models: Path, german: Spoken) -> None:
    timeline = heard(german, language="en")
    assert timeline.language == "de"
    assert timeline.words
    assert "The speech sounds like German, not English (American); it was recognised as such." in timeline.reasons
    # No aligner for German is installed: the embedded engine times the words that were recognised.
    assert told(timeline, "WhisperX's alignment was left: align-de was not found")
    assert timeline.source == "recognised"
    check_whole(timeline, german)


def test_recognition_tells_how_far_it_is(models: Path, english: Spoken) -> None:
    fractions: list[float] = []
    found = recognise_by_whisperx(english.samples, find_language("en"), fractions.append)
    assert found.text == english.text
    assert found.language.code == "en"
    assert 0.0 <= found.pieces[0].start < found.pieces[-1].end <= len(english.samples) / RATE
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


def test_whoever_cancels_is_let_go_and_the_next_one_served(models: Path, english: Spoken) -> None:
    def cancel(_: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        recognise_by_whisperx(english.samples, find_language("en"), cancel)
    for thread in threading.enumerate():
        if thread.name == "whisperx":
            thread.join(120)
            assert not thread.is_alive(), "the work ends with its next report"
    assert recognise_by_whisperx(english.samples, find_language("en")).text == english.text


def test_silence_holds_no_words(models: Path) -> None:
    timeline = time_speech(Waveform(np.zeros(4 * RATE, np.float32), RATE), None, "en", engine="auto")
    assert "WhisperX was left: no words were heard." in timeline.reasons
    assert timeline.words == ()


def test_words_that_were_not_said_are_noticed(models: Path, english: Spoken) -> None:
    timeline = heard(english, "quick zebras jump over many wavy fox quays")
    assert any("WhisperX's alignment was left" in reason for reason in timeline.reasons), timeline.reasons
    check_whole(timeline, english)


def test_long_sound_is_aligned_piece_by_piece(models: Path, english: Spoken) -> None:
    pause = np.zeros(28 * RATE, np.float32)
    samples = np.concatenate([english.samples, pause, english.samples, pause, english.samples])
    timeline = time_speech(Waveform(samples, RATE), " ".join([english.text] * 3), "en", engine="auto")
    assert timeline.source == "forced"
    assert told(timeline, "The words are known: they were aligned by WhisperX"), timeline.reasons
    assert len(timeline.words) == 3 * len(english.text.split())
    step = (len(english.samples) + len(pause)) / RATE
    starts = [word.start for word in timeline.words if word.word == "please"]
    expected = [english.timeline.words[0].start + step * number for number in range(3)]
    assert starts == pytest.approx(expected, abs=0.3)


def test_missing_models_lead_to_the_embedded_engine(
    english: Spoken, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PICTURETALK_MODELS", str(tmp_path))
    timeline = heard(english, english.text)
    assert told(timeline, "WhisperX's alignment was left: align-en was not found")
    assert timeline.source == "forced"
    unknown = heard(english)
    assert told(unknown, "WhisperX's recognition was left: whisper was not found")
    assert unknown.words
    assert not any(tmp_path.iterdir()), "nothing was fetched"


def test_broken_models_lead_to_the_embedded_engine(
    models: Path, english: Spoken, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(models, tmp_path, dirs_exist_ok=True)
    (tmp_path / "whisper" / "model.bin").write_bytes(b"no model")
    (tmp_path / "align" / "en" / "model.safetensors").write_bytes(b"no weights")
    monkeypatch.setenv("PICTURETALK_MODELS", str(tmp_path))
    timeline = heard(english)
    assert any("WhisperX's recognition was left" in reason for reason in timeline.reasons), timeline.reasons
    known = heard(english, english.text)
    assert any("WhisperX's alignment was left" in reason for reason in known.reasons), known.reasons
    assert known.source == "forced"


def test_a_full_memory_halves_the_batch(models: Path, english: Spoken, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pipeline is the true one; that memory is full at the first size is the one thing pretended."""
    import torch

    pipeline = whisperx_models.load_recogniser(whisperx_models.recogniser_folder(), "cpu")
    whole = pipeline.transcribe
    sizes: list[int] = []

    def greedy(samples: object, batch_size: int, **more: object) -> object:
        sizes.append(batch_size)
        if batch_size > 1:
            torch.empty(1 << 58, dtype=torch.uint8)  # more than any machine has: torch's own refusal
        return whole(samples, batch_size=batch_size, **more)

    monkeypatch.setattr(pipeline, "transcribe", greedy)
    found = recognise_by_whisperx(english.samples, find_language("en"))
    assert sizes == [2, 1]
    assert found.text == english.text
    assert "Memory was full; went on with 1 at a time on cpu." in found.reasons


def test_an_unknown_language_is_refused_in_words(models: Path, english: Spoken) -> None:
    with pytest.raises(EngineError, match="align-ga was not found"):
        align_by_whisperx(english.samples, ["a"], one_piece(1, len(english.samples) / RATE), find_language("ga"))


def test_what_is_left_out_on_purpose_is_not_loaded(models: Path, english: Spoken) -> None:
    recognise_by_whisperx(english.samples, find_language("en"))
    assert "av" not in sys.modules
    assert "torchcodec" not in sys.modules
    import faster_whisper.audio

    with pytest.raises(ImportError, match="not installed on purpose"):
        faster_whisper.audio.decode_audio("speech.wav")
