"""Without WhisperX the embedded engine works as ever and says why; and what is needed of it without its packages."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from gpu_worker.errors import Cancelled, EngineError
from gpu_worker.languages import find_language
from gpu_worker.media.sound import resample
from gpu_worker.schema import Waveform
from gpu_worker.speech.ladder import time_speech
from gpu_worker.speech.pronunciation import pronounce
from gpu_worker.speech.synthesis import synthesise
from gpu_worker.speech.whisperx_alignment import TimedWord, _in_order
from gpu_worker.speech.whisperx_models import why_not
from gpu_worker.speech.whisperx_phones import phones_inside
from gpu_worker.speech.whisperx_pieces import WordsIn, placed, widened
from gpu_worker.speech.whisperx_recognition import HeardPiece
from gpu_worker.speech.whisperx_watch import watched

RATE = 16000


@pytest.fixture(scope="module")
def said() -> tuple[Waveform, list[TimedWord]]:
    sound, timeline = synthesise("My mother bought a new piano", "en")
    words = [TimedWord(place, word.start, word.end, 1.0) for place, word in enumerate(timeline.words)]
    return resample(sound, RATE), words


def test_without_the_packages_the_reason_is_written_down(said: tuple[Waveform, list[TimedWord]]) -> None:
    assert "is not installed (make gpu-env installs it)" in why_not()
    timeline = time_speech(said[0], "My mother bought a new piano", "en", engine="auto")
    assert timeline.reasons[0] == f"WhisperX was left: {why_not()}"
    assert timeline.source == "forced"
    assert len(timeline.words) == 6
    silent = time_speech(said[0], "My mother bought a new piano", "en", engine="embedded")
    assert not any("WhisperX" in reason for reason in silent.reasons)
    assert silent.phones == timeline.phones


def test_phones_fill_the_words_they_belong_to(said: tuple[Waveform, list[TimedWord]]) -> None:
    sound, words = said
    spoken = pronounce("My mother bought a new piano", find_language("en"))
    phones = phones_inside(sound.samples, words, spoken)
    for word in words:
        inside = [phone for phone in phones if word.start - 1e-6 <= phone.start and phone.end <= word.end + 1e-6]
        assert inside[0].start == pytest.approx(word.start)
        assert inside[-1].end == pytest.approx(word.end)
    assert [phone.phone for phone in phones if phone.phone in "MPB"] == ["M", "M", "B", "P"]


def test_phones_share_a_word_in_which_nothing_is_heard() -> None:
    silence = np.zeros(2 * RATE, np.float32)
    spoken = pronounce("mama", find_language("en"))
    phones = phones_inside(silence, [TimedWord(0, 0.5, 1.0, 0.3)], spoken)
    assert [phone.phone for phone in phones][::2] == ["M", "M"]
    assert phones[0].start == pytest.approx(0.5)
    assert phones[-1].end == pytest.approx(1.0)


def test_words_without_a_time_share_the_room_between_their_neighbours() -> None:
    words = [
        TimedWord(0, 0.1, 0.4, 0.9),
        None,
        None,
        *(TimedWord(n, n * 0.4, n * 0.4 + 0.3, 0.9) for n in range(3, 12)),
    ]
    found = _in_order(words, 6.0)
    assert [word.index for word in found] == list(range(12))
    assert 0.4 <= found[1].start < found[1].end <= found[2].start < found[2].end <= 1.2 + 1e-9
    assert found[1].score is None
    edges = [edge for word in found for edge in (word.start, word.end)]
    assert edges == sorted(edges)


def test_words_that_overlap_are_set_in_order() -> None:
    found = _in_order([TimedWord(0, 0.5, 2.0, 0.5), TimedWord(1, 0.2, 0.6, 0.5), TimedWord(2, 1.9, 9.0, 0.5)], 2.0)
    edges = [edge for word in found for edge in (word.start, word.end)]
    assert edges == sorted(edges)
    assert edges[-1] <= 2.0
    assert all(word.end - word.start > 0.01 for word in found)


def test_too_many_words_without_a_time_are_refused() -> None:
    with pytest.raises(EngineError, match="found no place for 2 of 3 words"):
        _in_order([TimedWord(0, 0.1, 0.4, 0.9), None, None], 3.0)
    with pytest.raises(EngineError, match="too short"):
        _in_order([TimedWord(place, 0.0, 0.1, 0.9) for place in range(20)], 0.1)


def test_known_words_go_where_their_like_was_heard() -> None:
    heard = [
        HeardPiece("The cat sat.", 0.0, 2.0),
        HeardPiece("On a red mat!", 3.0, 5.0),
        HeardPiece("Purring", 6.0, 7.0),
    ]
    words = ["the", "black", "cat", "sat", "down", "on", "the", "red", "mat", "purring"]
    assert placed(words, heard) == [WordsIn(0, 5, 0.0, 2.0), WordsIn(5, 9, 3.0, 5.0), WordsIn(9, 10, 6.0, 7.0)]
    with pytest.raises(EngineError, match="Only 0 of 3 words"):
        placed(["something", "else", "entirely"], heard)


def test_pieces_look_a_little_further_but_never_into_each_other() -> None:
    wide = widened([WordsIn(0, 1, 0.1, 1.0), WordsIn(1, 2, 1.1, 4.9), WordsIn(2, 3, 5.4, 6.0)], 6.1)
    assert [(round(piece.start, 3), round(piece.end, 3)) for piece in wide] == [(0.0, 1.05), (1.05, 5.1), (5.2, 6.1)]


def test_work_is_watched_and_its_errors_come_out() -> None:
    seen: list[float] = []

    def work(report: Callable[[float], None]) -> int:
        report(0.5)
        return 42

    assert watched(work, seen.append) == 42
    assert seen[-1] == 1.0

    def faulty(_: Callable[[float], None]) -> None:
        raise EngineError("broken")

    with pytest.raises(EngineError, match="broken"):
        watched(faulty, seen.append)


def test_whoever_stops_waiting_ends_the_work_at_its_next_report() -> None:
    import threading

    left, ended = threading.Event(), threading.Event()

    def work(report: Callable[[float], None]) -> None:
        try:
            assert left.wait(60)
            report(0.1)
            pytest.fail("the report should have ended it")
        finally:
            ended.set()

    def cancel(_: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        watched(work, cancel)
    left.set()
    assert ended.wait(60)
