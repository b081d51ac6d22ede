"""What a screening rule looks for: words and phrases, or a regular expression that is not allowed to take long.

Phrases stand one a line; ``*`` at the end or beginning of a word stands for any letters, ``#`` begins a remark. They
are found at word boundaries where the script has any: Chinese, Japanese, Thai, Lao, Khmer and Burmese are searched
throughout, Arabic and Hebrew words may carry their one-letter prefixes and the article, Korean ones their particles.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import regex

from animator.text_folding import SPACED_WORD, WORD, Reading, fold

#: Most phrases of a rule, and characters of a phrase or expression.
MOST_PHRASES, MOST_CHARACTERS = 500, 300
#: An expression may take so long on one reading, seconds; on the trial texts when it is saved, altogether as much.
TIME_LIMIT_S = 0.5
#: Shortest phrase that is looked for among letters set apart.
_LEAST_JOINED = 4

_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")
_PREFIXED = {
    regex.compile(r"\p{Arabic}"): r"(?:[وفبكل]{0,2}(?:ال|لل)?|س)",
    regex.compile(r"\p{Hebrew}"): r"[והבכלמש]{0,3}",
}
_HANGUL = regex.compile(r"\p{Hangul}")


class BadPatternError(ValueError):
    """A pattern that cannot be used; the message says why, for the administrator."""


class TooSlowError(Exception):
    """An expression was stopped before it came to an end."""


@dataclass(frozen=True)
class Matcher:
    """Compiled once for a rule. ``squeezed`` finds phrases among letters that stood apart."""

    kind: str
    expression: Any
    squeezed: Any | None = None

    def spans(self, reading: Reading) -> Iterator[tuple[int, int]]:
        """Where it is found in ``reading.written``. Raises :class:`TooSlowError`."""
        expression = self.squeezed if reading.joined and self.kind == "words" else self.expression
        if expression is None:
            return
        try:
            for found in expression.finditer(reading.text, timeout=TIME_LIMIT_S):
                if found.end() > found.start():
                    yield reading.span(found.start(), found.end())
        except TimeoutError as error:
            raise TooSlowError from error


def check_pattern(kind: str, pattern: str) -> None:
    """Raises :class:`BadPatternError` for what cannot be compiled, matches everything or may take for ever."""
    matcher = compiled(kind, pattern)
    if kind == "words":
        return
    if matcher.expression.search("") is not None:
        raise BadPatternError("The expression matches even an empty text.")
    letters = sorted({letter for letter in pattern if letter.isalnum()})[:12] or ["a"]
    trials = [letter * 4000 + "!" for letter in letters]
    trials += [
        "".join(letters) * 300 + "!",
        letters[0] * 2000 + pattern,
        "ab " * 1500,
        "word, " * 800,
        "1 " * 2000,
        " " * 4000,
    ]
    for trial in trials:
        try:
            matcher.expression.search(trial, timeout=TIME_LIMIT_S)
        except TimeoutError:
            raise BadPatternError(
                "The expression takes too long on some texts; avoid repeats within repeats."
            ) from None


@lru_cache(maxsize=512)
def compiled(kind: str, pattern: str) -> Matcher:
    """Raises :class:`BadPatternError`."""
    if kind == "regex":
        return Matcher(kind, _expression(pattern.strip()))
    phrases = [line.split("#", 1)[0].strip() for line in pattern.splitlines()]
    phrases = [phrase for phrase in phrases if phrase]
    if not phrases:
        raise BadPatternError("There is nothing to look for.")
    if len(phrases) > MOST_PHRASES:
        raise BadPatternError(f"At most {MOST_PHRASES} phrases in one rule, please.")
    parts, squeezed = [], []
    for phrase in phrases:
        words = _words(phrase)
        parts.append(_phrase(words))
        close = "".join(words).replace("*", "")
        if len(close) >= _LEAST_JOINED:
            squeezed.append(regex.escape(close))
    joined = regex.compile("|".join(squeezed), regex.V1) if squeezed else None
    return Matcher(kind, regex.compile("|".join(parts), regex.V1), joined)


def _expression(pattern: str) -> Any:
    if not pattern:
        raise BadPatternError("There is nothing to look for.")
    if len(pattern) > MOST_CHARACTERS:
        raise BadPatternError(f"At most {MOST_CHARACTERS} characters, please.")
    try:
        return regex.compile(pattern, regex.V0 | regex.IGNORECASE)
    except (regex.error, OverflowError, RecursionError) as error:
        raise BadPatternError(f"This is no regular expression: {error}") from error


def _words(phrase: str) -> list[str]:
    if len(phrase) > MOST_CHARACTERS:
        raise BadPatternError(f"At most {MOST_CHARACTERS} characters in a phrase, please.")
    words = [word for word in fold(phrase).text.split() if word.strip("*")]
    if not any(regex.search(WORD, word) for word in words):
        raise BadPatternError(f"“{phrase}” has no letters or digits.")
    return words


def _phrase(words: list[str]) -> str:
    """The expression of one phrase: its words with up to three signs or spaces between them, at word boundaries."""
    inner = _word(words[0])
    for before, word in pairwise(words):
        least = 0 if _UNSPACED.match(before[-1]) and _UNSPACED.match(word[0]) else 1
        inner += rf"[^\p{{L}}\p{{M}}\p{{N}}]{{{least},3}}{_word(word)}"
    first, last = words[0].lstrip("*"), words[-1].rstrip("*")
    start = end = ""
    if not words[0].startswith("*") and not _UNSPACED.match(first[0]):
        prefix = next((text for script, text in _PREFIXED.items() if script.match(first[0])), "")
        start = rf"(?<!{SPACED_WORD}){prefix}"
    if not words[-1].endswith("*") and not _UNSPACED.match(last[-1]) and not _HANGUL.match(last[-1]):
        end = rf"(?!{SPACED_WORD})"
    return f"(?:{start}{inner}{end})"


def _word(word: str) -> str:
    body = regex.escape(word.strip("*")).replace("'", "'?")
    before = rf"{WORD}{{0,20}}" if word.startswith("*") else ""
    after = rf"{WORD}{{0,20}}" if word.endswith("*") else ""
    return f"{before}{body}{after}"
