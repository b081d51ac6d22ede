"""Aligning a part anew, and speaking typed words anew: the change arrives, and all else stays where it was."""

from __future__ import annotations

import numpy as np
import pytest

from gpu_worker import timeline_json
from gpu_worker.errors import InputError
from gpu_worker.schema import Timeline, Waveform
from gpu_worker.speech.ladder import time_speech
from gpu_worker.speech.realignment import LONGEST_PART, part_between, realign
from gpu_worker.speech.respeaking import TypedVoice, respeak, speak_words
from gpu_worker.speech.synthesis import synthesise
from gpu_worker.timeline_edits import force_mouth, move_phone, move_word_edge, pronounce, remove_word, spell

SENTENCE = "My mother may remember Rome, and Bob has a big map."
TYPED = TypedVoice("Hello Siobhan, my dear! We met [slow]in Worcester[/slow] in 1969.")


@pytest.fixture(scope="module")
def read_aloud() -> tuple[Waveform, Timeline, Timeline]:
    """A sentence, its exact timeline, and the one that alignment finds."""
    sound, exact = synthesise(SENTENCE)
    found = time_speech(sound, SENTENCE, "en")
    return sound, exact, timeline_json.from_dict(timeline_json.as_dict(found))


@pytest.fixture(scope="module")
def spoken() -> tuple[Waveform, Timeline]:
    sound, timeline = speak_words(TYPED)
    return sound, timeline_json.from_dict(timeline_json.as_dict(timeline))


def place(timeline: Timeline, word: str) -> int:
    return next(index for index, entry in enumerate(timeline.words) if entry.word == word)


def test_a_corrected_word_finds_its_place_and_nothing_else_moves(
    read_aloud: tuple[Waveform, Timeline, Timeline],
) -> None:
    sound, _, right = read_aloud
    index = place(right, "Rome")
    # What a recogniser might have heard, with a boundary that somebody pushed astray.
    wrong = move_word_edge(spell(right, index, "room"), index, "start", right.words[index].start + 0.06)
    mended = realign(sound, spell(wrong, index, "Rome"), wrong.words[index].start, wrong.words[index].end)
    part = part_between(wrong, wrong.words[index].start, wrong.words[index].end)
    assert mended.words[:index] == wrong.words[:index]
    assert mended.words[index + 1 :] == wrong.words[index + 1 :]
    assert mended.phones[: part.first_phone] == wrong.phones[: part.first_phone]
    left = len(wrong.phones) - part.last_phone
    assert mended.phones[len(mended.phones) - left :] == wrong.phones[part.last_phone :]
    assert mended.words[index].word == "Rome"
    assert mended.corrected
    assert timeline_json.from_dict(timeline_json.as_dict(mended)) == mended


def test_several_words_are_aligned_as_exactly_as_the_whole(read_aloud: tuple[Waveform, Timeline, Timeline]) -> None:
    sound, exact, found = read_aloud
    first, last = place(found, "may"), place(found, "Rome")
    mended = realign(sound, found, found.words[first].start, found.words[last].end)
    errors = [abs(mended.words[index].start - exact.words[index].start) for index in range(first, last + 1)]
    assert float(np.median(errors)) < 0.04


def test_a_pronunciation_says_which_sounds_are_aligned(read_aloud: tuple[Waveform, Timeline, Timeline]) -> None:
    sound, _, found = read_aloud
    index = place(found, "map")
    said = pronounce(found, index, "/mæb/")
    mended = realign(sound, said, said.words[index].start, said.words[index].end)
    word = mended.words[index]
    inside = [phone.phone for phone in mended.phones if word.start <= (phone.start + phone.end) / 2 <= word.end]
    assert inside[-1] == "B"
    assert word.said == "/mæb/"


def test_a_removed_word_leaves_its_sound_to_the_neighbours(read_aloud: tuple[Waveform, Timeline, Timeline]) -> None:
    sound, _, found = read_aloud
    index = place(found, "big")
    fewer = remove_word(found, index)
    mended = realign(sound, fewer, fewer.words[index - 1].start, fewer.words[index].end)
    assert [word.word for word in mended.words] == [word.word for word in fewer.words]
    assert timeline_json.from_dict(timeline_json.as_dict(mended)) == mended


@pytest.mark.parametrize(("start", "end"), [(-1.0, 0.5), (0.5, 99.0), (0.0, 0.01)])
def test_a_span_without_words_is_refused(
    start: float, end: float, read_aloud: tuple[Waveform, Timeline, Timeline]
) -> None:
    sound, _, found = read_aloud
    with pytest.raises(InputError) as refusal:
        realign(sound, found, start, end)
    assert refusal.value.code == "bad_part"


def test_too_long_a_part_is_refused() -> None:
    sound, timeline = synthesise("one two three four five six seven eight nine ten " * 12)
    assert sound.duration > LONGEST_PART
    with pytest.raises(InputError) as refusal:
        realign(sound, timeline, 0.0, timeline.duration)
    assert refusal.value.code == "part_too_long"


def test_words_that_cannot_be_there_are_refused(read_aloud: tuple[Waveform, Timeline, Timeline]) -> None:
    sound, _, found = read_aloud
    index = place(found, "a")
    endless = spell(found, index, "antidisestablishmentarianism unquestionably notwithstanding")
    with pytest.raises(InputError) as refusal:
        realign(sound, endless, endless.words[index].start, endless.words[index].end)
    assert refusal.value.code == "words_do_not_fit"


def test_a_respelled_word_sounds_otherwise_and_keeps_its_name(spoken: tuple[Waveform, Timeline]) -> None:
    _, timeline = spoken
    index = place(timeline, "Siobhan")
    new_sound, new = respeak(TYPED, pronounce(timeline, index, "shivawn"), timeline.words)
    assert [word.word for word in new.words] == [word.word for word in timeline.words]
    assert new.words[index].said == "shivawn"
    assert new.duration == pytest.approx(new_sound.duration, abs=1e-3)
    named = {"SH", "V"}
    phones = {p.phone for p in new.phones if new.words[index].start <= p.start < new.words[index].end}
    assert named <= phones
    # The words before it sound as they did.
    assert [p.phone for p in new.phones[:4]] == [p.phone for p in timeline.phones[:4]]
    # Spoken anew from the corrected words, it is the same sound again.
    again, _ = speak_words(TYPED, new.words)
    assert np.array_equal(again.samples, new_sound.samples)


def test_what_was_set_by_hand_moves_with_its_words(spoken: tuple[Waveform, Timeline]) -> None:
    _, timeline = spoken
    name, moved = place(timeline, "Siobhan"), place(timeline, "met")
    phone = next(i for i, p in enumerate(timeline.phones) if p.start > timeline.words[moved].start + 0.001)
    word = timeline.words[moved]
    edited = move_phone(timeline, phone, timeline.phones[phone].start + 0.02)
    edited = force_mouth(edited, "closed", word.start, word.end)
    edited = pronounce(edited, name, "/ʃɪˈvɔːnəvəvəvə/")
    _, new = respeak(TYPED, edited, timeline.words)
    _, plain = speak_words(TYPED, edited.words)
    shift = new.words[moved].start - word.start
    assert shift > 0.1
    assert new.mouth[0].start == pytest.approx(word.start + shift, abs=0.01)
    later = min(p.start for p in new.phones if p.start > new.words[moved].start + 0.001)
    usual = min(p.start for p in plain.phones if p.start > plain.words[moved].start + 0.001)
    assert later - usual == pytest.approx(0.02, abs=0.006)
    assert timeline_json.from_dict(timeline_json.as_dict(new)).mouth == new.mouth


def test_words_are_written_otherwise_put_in_and_left_out(spoken: tuple[Waveform, Timeline]) -> None:
    _, timeline = spoken
    changed = spell(remove_word(timeline, place(timeline, "my")), 0, "Goodbye")
    _, new = respeak(TYPED, changed, timeline.words)
    assert [word.word for word in new.words] == [word.word for word in changed.words]


def test_mark_up_and_dictionary_stay(spoken: tuple[Waveform, Timeline]) -> None:
    _, timeline = spoken
    slow = timeline.words[place(timeline, "Worcester")]
    index = place(timeline, "Worcester")
    _, new = respeak(TYPED, pronounce(timeline, index, "wooster"), timeline.words)
    plain = TypedVoice(TYPED.text.replace("[slow]", "").replace("[/slow]", ""), dictionary={"Worcester": "wooster"})
    _, quick = speak_words(plain)
    length = new.words[index].end - new.words[index].start
    assert length > (quick.words[index].end - quick.words[index].start) * 1.15
    assert slow.word == "Worcester"
