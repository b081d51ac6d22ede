"""Text brought into one form, so that a screening rule finds its words however they are dressed up.

Unicode's compatibility forms (NFKC), upper case, accents, invisible characters and look-alike letters go; further
*readings* undo digits for letters ("fr33") and letters set apart ("f r e e"). Every character of a reading remembers
where it came from, so that a moderator is shown the words as they were written.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import regex

#: Letters, marks and digits: what words are made of. In scripts such as Devanagari vowels are marks.
WORD = r"[\p{L}\p{M}\p{N}]"
#: The same in scripts that put spaces between words.
SPACED_WORD = r"[[\p{L}\p{M}\p{N}]--[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]]"

#: Marks that are laid over letters and may go: Latin, Greek and Cyrillic accents, Hebrew points, Arabic vowel signs.
_ACCENTS = (
    (0x0300, 0x036F), (0x0483, 0x0489), (0x0591, 0x05BD), (0x05BF, 0x05C7), (0x0610, 0x061A), (0x064B, 0x065F),
    (0x0670, 0x0670), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE00, 0xFE0F), (0xFE20, 0xFE2F),
)  # fmt: skip
#: What shows nothing, beside the format characters (category Cf): fillers and the Arabic stretcher.
_INVISIBLE = frozenset("\u115f\u1160\u3164\uffa0\u0640\u180b\u180c\u180d")
_LETTERS = {
    "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h", "ŧ": "t",
    "’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'", "\u2800": " ",
    # Arabic letters that are written one for the other.
    "ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه",
}  # fmt: skip
#: Cyrillic and Greek letters that look like Latin ones; replaced only in words that have Latin letters too.
_LOOK_ALIKE = dict(zip("аеорсухіјѕкмтвнԁԛԝαεορικντυχ", "aeopcyxijskmtbhdqwaeopikvtux", strict=True))
_DIGITS = {"0": "o", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "@": "a", "$": "s", "€": "e"}

_TOKEN = regex.compile(r"[\p{L}\p{M}\p{N}@$€!|]+")
_LATIN = regex.compile(r"\p{Latin}")
_FOREIGN = regex.compile(r"[\p{Cyrillic}\p{Greek}]")
_LEET = regex.compile(r"[0134578@$€!|]")
#: Three letters or more, each alone, the same one or two separators between them.
_APART = regex.compile(
    rf"(?<!{WORD})\p{{L}}\p{{M}}*(?:([ ._\-*·/]{{1,2}})\p{{L}}\p{{M}}*)(?:\1\p{{L}}\p{{M}}*)+(?!{WORD})"
)


@dataclass(frozen=True)
class Reading:
    """``text`` with, for each character, its place in ``written``. ``joined``: made of letters that stood apart."""

    text: str
    places: tuple[int, ...]
    written: str
    joined: bool = False

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where text[start:end] stands in ``written``."""
        return self.places[start], self.places[end - 1] + 1


def fold(text: str) -> Reading:
    """The plain reading."""
    written = unicodedata.normalize("NFKC", text)
    letters: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(written):
        for plain in _folded(letter):
            letters.append(plain)
            places.append(place)
    return Reading("".join(letters), tuple(places), written)


def readings(text: str) -> list[Reading]:
    """The plain reading, then every other that differs from it."""
    plain = fold(text)
    found = [_latinised(plain)]
    found += [reading for reading in (_undigited(found[0], "i"), _undigited(found[0], "l")) if reading is not None]
    for reading in list(found):
        found += _joined(reading)
    return found


def _folded(letter: str) -> str:
    category = unicodedata.category(letter)
    if category == "Cf" or letter in _INVISIBLE:
        return ""
    if letter.isspace() or category == "Cc":
        return " "
    parts = unicodedata.normalize("NFKD", letter).casefold()
    bare = "".join(part for part in parts if not any(low <= ord(part) <= high for low, high in _ACCENTS))
    bare = unicodedata.normalize("NFC", bare)
    return "".join(_digit(_LETTERS.get(part, part)) for part in bare)


def _digit(letter: str) -> str:
    value = unicodedata.digit(letter, None) if len(letter) == 1 else None
    return letter if value is None else str(value)


def _latinised(reading: Reading) -> Reading:
    letters = list(reading.text)
    for token in _TOKEN.finditer(reading.text):
        if _LATIN.search(token[0]) and _FOREIGN.search(token[0]):
            for place in range(token.start(), token.end()):
                letters[place] = _LOOK_ALIKE.get(letters[place], letters[place])
    return Reading("".join(letters), reading.places, reading.written)


def _undigited(reading: Reading, one: str) -> Reading | None:
    """Digits and signs inside words read as the letters they resemble; ``one`` is what 1, ! and | stand for."""
    letters = list(reading.text)
    for token in _TOKEN.finditer(reading.text):
        if not _LATIN.search(token[0]) or not _LEET.search(token[0]):
            continue
        end = token.end()
        while end > token.start() and letters[end - 1] in "!|":  # a mark at the end is a mark
            end -= 1
        for place in range(token.start(), end):
            letters[place] = one if letters[place] in "1!|" else _DIGITS.get(letters[place], letters[place])
    text = "".join(letters)
    return None if text == reading.text else Reading(text, reading.places, reading.written)


def _joined(reading: Reading) -> list[Reading]:
    """The text with runs of letters that stand apart put together; and the runs alone, one a line, words run on."""
    runs = list(_APART.finditer(reading.text))
    if not runs:
        return []
    gaps = {place for run in runs for place in range(*run.span()) if not regex.match(WORD, reading.text[place])}
    kept = [place for place in range(len(reading.text)) if place not in gaps]
    whole = Reading("".join(reading.text[at] for at in kept), tuple(reading.places[at] for at in kept), reading.written)
    alone: list[tuple[str, int]] = []
    for run in runs:
        alone += [(reading.text[at], reading.places[at]) for at in range(*run.span()) if at not in gaps]
        alone.append(("\n", reading.places[run.end() - 1]))
    letters, places = zip(*alone, strict=True)
    return [whole, Reading("".join(letters), places, reading.written, joined=True)]
