"""A piece of what is to be said, free of any notation: what mark-up and dictionaries become, whoever speaks it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Emphasis = Literal["none", "reduced", "moderate", "strong"]


@dataclass(frozen=True)
class Passage:
    """Words spoken in one way, or a pause.

    ``text`` is what the words look like, and what subtitles show. ``respelled`` (other words) or ``ipa`` say how it
    is pronounced, where that is not as written. ``rate``, ``pitch`` and ``volume`` are factors; ``spelled`` is letter
    by letter (``characters``) or digit by digit. A passage with ``pause`` (seconds) has no text.
    """

    text: str
    respelled: str | None = None
    ipa: str | None = None
    rate: float = 1.0
    pitch: float = 1.0
    volume: float = 1.0
    emphasis: Emphasis | None = None
    spelled: Literal["characters", "digits"] | None = None
    pause: float = 0.0

    @property
    def plain(self) -> bool:
        """Whether this is text and nothing else."""
        return self == Passage(self.text)


def plain_text(passages: Iterable[Passage]) -> str:
    """What the passages look like in a row."""
    return "".join(" " if passage.pause else passage.text for passage in passages)
