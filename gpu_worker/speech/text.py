"""Typed words before anything speaks or aligns them: what is refused, and what is quietly made harmless.

Cleaning keeps every character's place, so that a position in the clean text is one in the typed text.
"""

from __future__ import annotations

import unicodedata

from gpu_worker.config import EngineConfig
from gpu_worker.errors import InputError

#: Unicode categories that nobody pronounces: control, format, surrogate, private, unassigned, other symbols, modifiers.
_UNSPOKEN = frozenset(("Cc", "Cs", "Co", "Cn", "So", "Sk"))
#: Format characters that scripts need: zero-width joiner and non-joiner.
_JOINERS = frozenset("\u200c\u200d")


def clean_text(text: str) -> str:
    """``text`` with a space in the place of everything unspeakable: control characters, emoji, lone surrogates."""
    return "".join(_clean(letter) for letter in text)


def check_text(text: str, config: EngineConfig | None = None) -> str:
    """The clean text. Raises :class:`InputError` ``empty_text``, ``text_too_long`` or ``no_speakable_text``."""
    config = config or EngineConfig()
    if not text.strip():
        raise InputError("empty_text", "There are no words to say.", "Type what the portrait should say.")
    if len(text) > config.max_text_chars:
        raise InputError(
            "text_too_long",
            f"The text has {len(text)} characters; at most {config.max_text_chars} can be spoken at once.",
            "Shorten it, or make several videos.",
        )
    cleaned = clean_text(text)
    if not has_speech(cleaned):
        raise no_speakable_text()
    return cleaned


def has_speech(text: str) -> bool:
    """Whether there is at least one letter or number."""
    return any(unicodedata.category(letter)[0] in "LN" for letter in text)


def no_speakable_text() -> InputError:
    """The error for a text that holds no word."""
    return InputError(
        "no_speakable_text",
        "There is nothing in this text that can be spoken.",
        "Write words or numbers; emoji and punctuation have no sound.",
    )


def _clean(letter: str) -> str:
    category = unicodedata.category(letter)
    if category in _UNSPOKEN or (category == "Cf" and letter not in _JOINERS):
        return "\n" if letter == "\n" else " "
    if category == "Me":
        return " "
    return letter
