"""The personal dictionary: names are said as the family says them, in typed text and in alignment."""

from __future__ import annotations

import pytest

from gpu_worker.errors import InputError
from gpu_worker.languages import find_language
from gpu_worker.schema import Timeline
from gpu_worker.speech.dictionary import PronunciationDictionary, as_dictionary
from gpu_worker.speech.dtw import warp_onto
from gpu_worker.speech.ladder import time_speech
from gpu_worker.speech.passage import Passage
from gpu_worker.speech.pronunciation import pronounce
from gpu_worker.speech.synthesis import synthesise

NAMES = {"Siobhan": "shivawn", "Quay": "/kiː/"}


def phones_of(timeline: Timeline) -> list[str]:
    return [phone.phone for phone in timeline.phones if phone.phone != "SIL"]


def test_words_are_found_whole_and_whatever_their_case() -> None:
    dictionary = as_dictionary({"Ann": "awn", "New York": "noo yawk", "O'Brien": "oh bryan"})
    parts = dictionary.applied([Passage("ANN annoyed Ann in New York, o’brien.", rate=0.8)])
    assert [(part.text, part.respelled) for part in parts if part.respelled] == [
        ("ANN", "awn"), ("Ann", "awn"), ("New York", "noo yawk"), ("o’brien", "oh bryan"),
    ]  # fmt: skip
    assert "".join(part.text for part in parts) == "ANN annoyed Ann in New York, o’brien."
    assert all(part.rate == 0.8 for part in parts)


def test_scripts_without_spaces_and_markup_that_comes_first() -> None:
    parts = as_dictionary({"重庆": "虫庆"}).applied([Passage("我在重庆。")])
    assert [part.respelled for part in parts] == [None, "虫庆", None]
    said = Passage("Ann", ipa="an")
    assert as_dictionary({"Ann": "awn"}).applied([said]) == (said,)


def test_ipa_is_told_from_spelling() -> None:
    parts = PronunciationDictionary({"a": "ʃɪˈvɔːn", "b": "/kiː/", "c": "shivawn", "d": "əhməd"}).applied(
        [Passage(word) for word in "abcd"]
    )
    assert [(part.ipa, part.respelled) for part in parts] == [
        ("ʃɪˈvɔːn", None), ("kiː", None), (None, "shivawn"), (None, "əhməd"),
    ]  # fmt: skip


@pytest.mark.parametrize("entries", [{"": "x"}, {"x": ""}, {"😀": "smile"}, {"x": "y" * 300}, {"x" * 100: "y"}])
def test_entries_that_are_none(entries: dict[str, str]) -> None:
    with pytest.raises(InputError) as caught:
        synthesise("hello", dictionary=entries)
    assert caught.value.code == "bad_pronunciation"
    assert caught.value.hint


def test_typed_text_is_said_as_the_dictionary_says() -> None:
    _, said = synthesise("Siobhan met me at the Quay today.", dictionary=NAMES)
    _, wanted = synthesise("Shivawn met me at the key today.")
    assert [word.word for word in said.words] == ["Siobhan", "met", "me", "at", "the", "Quay", "today"]
    assert phones_of(said) == phones_of(wanted)


def test_a_dictionary_whose_words_do_not_occur_changes_nothing() -> None:
    assert synthesise("Hello there.", dictionary=NAMES)[0].samples.tobytes() == (
        synthesise("Hello there.")[0].samples.tobytes()
    )


def test_alignment_uses_it() -> None:
    plain = pronounce("Hello Siobhan", find_language("en"))
    own = pronounce("Hello Siobhan", find_language("en"), NAMES)
    assert own.labels == plain.labels == ("Hello", "Siobhan")
    assert own.units[1].entry is None
    assert [phone.phone for phone in own.units[1].phones][:2] == ["SH", "IH"]
    waveform, exact = synthesise("My dear friend shivawn came home early today.")
    found = time_speech(waveform, "My dear friend Siobhan came home early today.", "en", dictionary=NAMES)
    assert found.source == "forced"
    word = next(word for word in found.words if word.word == "Siobhan")
    assert word.start == pytest.approx(exact.words[3].start, abs=0.06)
    assert word.end == pytest.approx(exact.words[3].end, abs=0.06)
    warped, _ = warp_onto(waveform.samples, "Siobhan came", find_language("en"), as_dictionary(NAMES))
    assert [phone.phone for phone in warped if phone.phone != "SIL"][:2] == ["SH", "IH"]
