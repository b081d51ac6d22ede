"""Subtitles from a timeline's words, as SubRip (.srt) or WebVTT (.vtt).

The usual rules of the trade: at most two lines of 42 characters (wide ones count as two), not shown for less than a
second nor more than seven, 17 characters a second where the pauses allow it; a new one begins at a pause, preferably
where a sentence or a clause ends, and lines break as evenly as words allow.

Whether words stand apart is taken from the script: Chinese, Japanese, Thai and their like are set without spaces. A
line whose first strong letter is Hebrew or Arabic begins with U+200F RIGHT-TO-LEFT MARK, so that a
player that takes every cue for left-to-right puts its full stop where it belongs.
"""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gpu_worker.errors import InputError
from gpu_worker.schema import Timeline, Word

#: Longest line in columns, and lines at once.
LINE, LINES = 42, 2
#: Shortest and longest time on the screen, seconds; columns a viewer reads in a second; gap between two cues.
SHORTEST, LONGEST = 1.0, 7.0
READING_SPEED = 17.0
GAP = 0.08
#: A pause that begins a new cue by itself, and one that does so after a clause, seconds.
PAUSE, CLAUSE_PAUSE = 0.7, 0.25

_SENTENCE, _CLAUSE = frozenset(".!?…。！？؟।۔"), frozenset(",;:，、；：،؛–—")
_RLM = "\u200f"
#: Scripts written without spaces between words, by the beginning of their letters' names.
_UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "MYANMAR", "KHMER", "BOPOMOFO")


@dataclass(frozen=True)
class Cue:
    """One subtitle: its lines, as shown, from ``start`` to ``end`` in seconds."""

    start: float
    end: float
    lines: tuple[str, ...]


def cues(timeline: Timeline, text: str | None = None) -> tuple[Cue, ...]:
    """The subtitles of ``timeline``, in order and without overlaps; none where it has no words.

    ``text`` is the transcript as written: its punctuation is put back onto the words, which carry none themselves.
    """
    words = _punctuated([word for word in timeline.words if word.word.strip()], text or "")
    groups = _groups([piece for word in words for piece in _pieces(word)])
    found: list[Cue] = []
    for place, group in enumerate(groups):
        shown = _joined(group)
        start = group[0].start
        limit = groups[place + 1][0].start - GAP if place + 1 < len(groups) else max(timeline.duration, group[-1].end)
        wanted = max(group[-1].end, start + max(_width(shown) / READING_SPEED, SHORTEST))
        end = max(min(wanted, limit, max(start + LONGEST, group[-1].end)), min(group[-1].end, limit), start + 0.04)
        found.append(Cue(start, end, tuple(_directed(line) for line in _lines(group))))
    return tuple(found)


def as_srt(found: Sequence[Cue]) -> str:
    """SubRip text."""
    blocks = [
        f"{number}\n{_time(cue.start, ',')} --> {_time(cue.end, ',')}\n" + "\n".join(cue.lines) + "\n"
        for number, cue in enumerate(found, 1)
    ]
    return "\n".join(blocks)


def as_vtt(found: Sequence[Cue]) -> str:
    """WebVTT text."""
    blocks = [
        f"{_time(cue.start, '.')} --> {_time(cue.end, '.')}\n"
        + "\n".join(html.escape(line, quote=False) for line in cue.lines)
        + "\n"
        for cue in found
    ]
    return "\n".join(["WEBVTT\n", *blocks])


def check_subtitles(path: Path) -> None:
    """Raises :class:`InputError` ``unknown_subtitles`` unless the name ends in .srt or .vtt."""
    if path.suffix.lower() not in (".srt", ".vtt"):
        raise InputError("unknown_subtitles", f"{path.name} is no name for subtitles.", "End it in .srt or .vtt.")


def write_subtitles(timeline: Timeline, path: Path, text: str | None = None) -> None:
    """Write the subtitles in the form that the name of ``path`` asks for."""
    check_subtitles(path)
    form = as_srt if path.suffix.lower() == ".srt" else as_vtt
    path.write_text(form(cues(timeline, text)), encoding="utf-8")


def _punctuated(words: Sequence[Word], text: str) -> list[Word]:
    """The words with the punctuation that follows (or opens) them in ``text``; words not found stay as they are."""
    found: list[Word] = []
    at = 0
    for word in words:
        place = text.find(word.word, at)
        if place < 0 or place - at > 200:
            found.append(word)
            continue
        first, end = place, place + len(word.word)
        while first > at and not text[first - 1].isspace() and unicodedata.category(text[first - 1]) in ("Ps", "Pi"):
            first -= 1
        while end < len(text) and unicodedata.category(text[end]) in ("Po", "Pe", "Pf", "Pd"):
            end += 1
        found.append(Word(text[first:end], word.start, word.end))
        at = end
    return found


def _pieces(word: Word) -> list[Word]:
    """A word wider than a line, as Japanese has them, in pieces that fit, its time shared by their letters."""
    texts = [""]
    for letter in word.word:
        if _width(texts[-1] + letter) > LINE:
            texts.append("")
        texts[-1] += letter
    step = (word.end - word.start) / max(len(word.word), 1)
    found: list[Word] = []
    at = word.start
    for text in texts:
        found.append(Word(text, at, at + step * len(text)))
        at += step * len(text)
    return found


def _groups(words: Sequence[Word]) -> list[list[Word]]:
    """The words of each cue: they fit on its lines, last no longer than a cue may, and end where speech does."""
    groups: list[list[Word]] = []
    for word in words:
        if groups and not _begins(groups[-1], word):
            groups[-1].append(word)
            continue
        carried = _carried(groups[-1], word) if groups else []
        if carried:
            del groups[-1][-len(carried) :]
        groups.append([*carried, word])
    return groups


def _begins(group: Sequence[Word], word: Word) -> bool:
    """Whether ``word`` begins a new cue."""
    last = group[-1]
    gap = word.start - last.end
    ending = last.word[-1]
    long_enough = _width(_joined(group)) >= LINE // 2
    if gap >= PAUSE or (ending in _SENTENCE and (gap >= CLAUSE_PAUSE or long_enough)):
        return True
    if ending in _CLAUSE and gap >= CLAUSE_PAUSE and long_enough:
        return True
    return not _fits([*group, word])


def _carried(group: Sequence[Word], word: Word) -> list[Word]:
    """Words to take over into the next cue, where this one is full in the middle of a clause that began late in it."""
    if _fits([*group, word]) or word.start - group[-1].end >= CLAUSE_PAUSE or group[-1].word[-1] in _SENTENCE | _CLAUSE:
        return []
    for place in range(len(group) - 1, len(group) * 2 // 3, -1):
        pause = group[place].start - group[place - 1].end
        if group[place - 1].word[-1] in _SENTENCE | _CLAUSE or pause >= CLAUSE_PAUSE:
            return list(group[place:])
    return []


def _fits(group: Sequence[Word]) -> bool:
    return group[-1].end - group[0].start <= LONGEST and _fill(group) is not None


def _fill(group: Sequence[Word], width: int = LINE) -> list[list[Word]] | None:
    """The words on lines of at most ``width`` columns, filled from the top; None where they need more than two."""
    lines: list[list[Word]] = [[]]
    for word in group:
        if lines[-1] and _width(_joined([*lines[-1], word])) > width:
            lines.append([])
        lines[-1].append(word)
    return lines if len(lines) <= LINES else None


def _lines(group: Sequence[Word]) -> list[str]:
    """The lines of a cue: one where it fits, else two as even as words allow, rather after a clause."""
    if _width(_joined(group)) <= LINE or len(group) == 1:
        return [_joined(group)]

    def cost(place: int) -> float:
        first, second = _width(_joined(group[:place])), _width(_joined(group[place:]))
        clause = 8.0 if group[place - 1].word[-1] in _SENTENCE | _CLAUSE else 0.0
        return abs(first - second) - clause + 1000.0 * max(first - LINE, second - LINE, 0)

    best = min(range(1, len(group)), key=cost)
    return [_joined(group[:best]), _joined(group[best:])]


def _joined(group: Sequence[Word]) -> str:
    text = group[0].word
    for word in group[1:]:
        text += word.word if _unspaced(text[-1]) and _unspaced(word.word[0]) else " " + word.word
    return text


def _unspaced(letter: str) -> bool:
    name = unicodedata.name(letter, "")
    return name.startswith(_UNSPACED) or (unicodedata.east_asian_width(letter) in "WF" and "HANGUL" not in name)


def _width(text: str) -> int:
    """Columns: wide letters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def _directed(line: str) -> str:
    strong = next((kind for letter in line if (kind := unicodedata.bidirectional(letter)) in ("L", "R", "AL")), "L")
    return line if strong == "L" else _RLM + line


def _time(seconds: float, point: str) -> str:
    millis = round(max(seconds, 0.0) * 1000)
    return f"{millis // 3600000:02d}:{millis // 60000 % 60:02d}:{millis // 1000 % 60:02d}{point}{millis % 1000:03d}"
