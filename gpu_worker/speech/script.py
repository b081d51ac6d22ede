"""Passages as espeak-ng is sent them, and what stands at each character for those who read along.

Plain passages are sent as plain text, with the library's own mark-up off. All others are written as SSML with phoneme
mnemonics in double brackets; every character of the user's that could be mark-up is escaped or blanked, so that the
only mark-up the library sees is made here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gpu_worker.speech.ipa_spelling import mnemonics
from gpu_worker.speech.passage import Passage

_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "[": " ", "]": " "}
_BASE_PITCH = 50


@dataclass(frozen=True)
class Replaced:
    """Characters ``first`` to ``end`` of what was sent stand for ``label``, whatever is spoken there."""

    first: int
    end: int
    label: str


@dataclass(frozen=True)
class Script:
    """``sent`` goes to the library, as mark-up when ``marked``; ``shown`` has the same length, with spaces where the
    mark-up is."""

    sent: str
    shown: str
    replaced: tuple[Replaced, ...] = ()
    marked: bool = False


def espeak_script(passages: Sequence[Passage], voice: str, pitch: int = _BASE_PITCH) -> Script:
    """What espeak-ng is sent for ``passages``. ``pitch`` is the voice's own, on the library's scale of 0 to 99.

    Raises :class:`InputError` ``bad_pronunciation`` for IPA that is none.
    """
    if all(passage.plain for passage in passages):
        text = "".join(passage.text for passage in passages)
        return Script(text, text)
    sent: list[str] = []
    shown: list[str] = []
    replaced: list[Replaced] = []
    length = 0

    def add(piece: str, visible: str | None = None) -> None:
        nonlocal length
        sent.append(piece)
        shown.append(" " * len(piece) if visible is None else visible.ljust(len(piece)))
        length += len(piece)

    for passage in passages:
        if passage.pause:
            add(f'<break time="{round(passage.pause * 1000)}ms"/>')
            continue
        opening, closing = _tags(passage, pitch)
        add(opening)
        first = length
        if passage.ipa is not None:
            add(f"[[{mnemonics(passage.ipa, voice)}]] ")
        elif passage.respelled is not None:
            add(_escaped(passage.respelled))
        else:
            for letter in passage.text:
                add(_ESCAPED.get(letter, letter), letter)
        if passage.ipa is not None or passage.respelled is not None:
            replaced.append(Replaced(first, length, passage.text.strip()))
        add(closing)
    return Script("".join(sent), "".join(shown), tuple(replaced), marked=True)


def _tags(passage: Passage, pitch: int) -> tuple[str, str]:
    """The elements around a passage, opened and closed."""
    prosody = ""
    if passage.rate != 1.0:
        prosody += f' rate="{round(100 * passage.rate)}%"'
    if passage.pitch != 1.0:
        wanted = float(np.clip(pitch + 49 * np.log2(passage.pitch), 0, 99))
        prosody += f' pitch="{round(100 * wanted / max(pitch, 1))}%"'
    if passage.volume != 1.0:
        prosody += f' volume="{round(100 * passage.volume)}%"'
    opened: list[tuple[str, str]] = []
    if prosody:
        opened.append((f"<prosody{prosody}>", "</prosody>"))
    if passage.emphasis is not None:
        opened.append((f'<emphasis level="{passage.emphasis}">', "</emphasis>"))
    if passage.spelled is not None:
        kind = "characters" if passage.spelled == "characters" else "tts:digits"
        opened.append((f'<say-as interpret-as="{kind}">', "</say-as>"))
    return "".join(start for start, _ in opened), "".join(end for _, end in reversed(opened))


def _escaped(text: str) -> str:
    return "".join(_ESCAPED.get(letter, letter) for letter in text)
