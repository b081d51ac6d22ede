"""Subtitles: readable, in time, and right in every script."""

from __future__ import annotations

import itertools
import re
import subprocess
from pathlib import Path

import imageio_ffmpeg
import pytest

from gpu_worker.errors import InputError
from gpu_worker.schema import Timeline, Word
from gpu_worker.speech.subtitles import GAP, LINE, LINES, LONGEST, as_srt, as_vtt, cues, write_subtitles
from gpu_worker.speech.synthesis import synthesise

STORY = (
    "My grandmother was born in 1921, in a village by the sea. She had six brothers, and every one of them "
    "could sing; on Sundays the whole house, from the cellar to the roof, was full of songs that nobody had "
    "ever written down! Do you remember any of them? I do."
)


def timeline_of(words: list[str], step: float = 0.35, length: float = 0.3) -> Timeline:
    timed = tuple(Word(word, place * step, place * step + length) for place, word in enumerate(words))
    return Timeline("en", "events", len(words) * step + 1.0, timed, (), ())


def width(line: str) -> int:
    return len(line.replace("\u200f", ""))


def test_a_spoken_story() -> None:
    _, timeline = synthesise(STORY)
    found = cues(timeline, STORY)
    assert len(found) >= 4
    assert " ".join(" ".join(cue.lines) for cue in found).split() == STORY.split()
    for cue in found:
        assert 1 <= len(cue.lines) <= LINES
        assert all(0 < width(line) <= LINE for line in cue.lines)
        assert cue.start < cue.end <= timeline.duration
        assert cue.end - cue.start <= LONGEST
    for before, after in itertools.pairwise(found):
        assert before.end <= after.start - GAP + 1e-6
    starts = {word.start for word in timeline.words}
    assert all(cue.start in starts for cue in found)
    first_words = [cue.lines[0].split()[0] for cue in found]
    assert "She" in first_words
    assert "Do" in first_words


def test_a_pause_begins_a_new_cue_and_a_short_word_stays_long_enough() -> None:
    words = (Word("Yes", 0.2, 0.4), Word("indeed", 3.0, 3.4))
    found = cues(Timeline("en", "forced", 5.0, words, (), ()))
    assert [cue.lines for cue in found] == [("Yes",), ("indeed",)]
    assert found[0].end == pytest.approx(1.2)
    assert found[1].end == pytest.approx(4.0)


def test_two_lines_are_even_and_break_after_a_clause() -> None:
    words = ["when", "the", "rain", "had", "stopped,", "everybody", "came", "out", "again"]
    (cue,) = cues(timeline_of(words, 0.3), " ".join(words))
    assert cue.lines == ("when the rain had stopped,", "everybody came out again")


def test_nobody_needs_to_read_faster_than_people_can() -> None:
    for cue in cues(timeline_of(["word"] * 60, step=0.4, length=0.3)):
        assert sum(map(len, cue.lines)) / (cue.end - cue.start) <= 20.0


def test_chinese_and_thai_have_no_spaces_and_count_wide() -> None:
    found = cues(timeline_of(["你好", "世界", "我们", "今天", "很", "高兴"] * 5))
    assert all(" " not in line and len(line) <= LINE // 2 for cue in found for line in cue.lines)
    thai = cues(timeline_of(["สวัสดี", "ครับ"]))
    assert thai[0].lines == ("สวัสดีครับ",)
    korean = cues(timeline_of(["안녕하세요", "세계"]))
    assert korean[0].lines == ("안녕하세요 세계",)
    mixed = cues(timeline_of(["我", "用", "Python", "3"]))
    assert mixed[0].lines == ("我用 Python 3",)


def test_right_to_left_lines_say_so() -> None:
    (cue,) = cues(timeline_of(["שלום", "עולם"]), "שלום עולם!")
    assert cue.lines == ("\u200fשלום עולם!",)
    (plain,) = cues(timeline_of(["hello", "שלום"]))
    assert not plain.lines[0].startswith("\u200f")


def test_a_word_wider_than_a_line_and_no_words_at_all() -> None:
    (cue,) = cues(timeline_of(["a" * 60]))
    assert [len(line) for line in cue.lines] == [42, 18]
    kana = "あいうえお" * 20
    shown = cues(timeline_of([kana], length=9.0))
    assert "".join("".join(cue.lines) for cue in shown) == kana
    assert all(len(line) <= LINE // 2 for cue in shown for line in cue.lines)
    assert cues(timeline_of([])) == ()
    assert as_srt(()) == ""
    assert as_vtt(()).startswith("WEBVTT\n")


def test_opening_punctuation_and_missing_words() -> None:
    (cue,) = cues(timeline_of(["Hola", "amigo", "uh", "señor"]), "¿«Hola» amigo, señor?")
    assert cue.lines == ("«Hola» amigo, uh señor?",)


def test_the_files_are_what_players_read(tmp_path: Path) -> None:
    timeline = timeline_of(["Tom", "&", "<Jerry>", "ran"])
    srt, vtt = tmp_path / "a.srt", tmp_path / "a.vtt"
    write_subtitles(timeline, srt)
    write_subtitles(timeline, vtt)
    assert re.match(r"1\n00:00:00,000 --> 00:00:0\d,\d{3}\nTom & <Jerry> ran\n$", srt.read_text())
    assert vtt.read_text().startswith("WEBVTT\n\n00:00:00.000 --> ")
    assert "Tom &amp; &lt;Jerry&gt; ran" in vtt.read_text()
    for file in (srt, vtt):
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(file), "-f", "srt", "-"]
        told = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout.decode()
        assert "00:00:00,000 -->" in told
        assert "Tom" in told


def test_a_name_that_says_no_form(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        write_subtitles(timeline_of(["a"]), tmp_path / "a.txt")
    assert caught.value.code == "unknown_subtitles"


def test_long_times() -> None:
    words = (Word("late", 3723.4567, 3724.0),)
    assert as_srt(cues(Timeline("en", "forced", 4000.0, words, (), ()))).startswith("1\n01:02:03,457 --> 01:02:04,457")
