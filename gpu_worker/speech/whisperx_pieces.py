"""Which of the known words belong to which stretch of sound: what WhisperX's aligner wants to be told beforehand.

It aligns one stretch after another, and its memory grows with the square of a stretch's length. Short sound is one
stretch. Of long sound the recogniser says roughly what is said where; the known words are laid beside the recognised
ones, and each goes where its like was heard, or where its neighbours went.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from gpu_worker.errors import EngineError
from gpu_worker.speech.whisperx_recognition import HeardPiece

#: Longest sound that is aligned as one stretch, seconds.
LONGEST_PIECE = 40.0
#: Voice activity detection may miss the first and last sounds: so much more is looked at on either side, seconds.
_WIDER = 0.2
#: Share of the known words that must have been recognised for their places to be believed.
_LEAST_SHARED = 0.3


@dataclass(frozen=True)
class WordsIn:
    """Words ``first`` to ``last`` (excluded) are said between ``start`` and ``end``, seconds."""

    first: int
    last: int
    start: float
    end: float


def one_piece(count: int, duration: float) -> list[WordsIn]:
    """All of ``count`` words anywhere in the sound."""
    return [WordsIn(0, count, 0.0, duration)]


def placed(words: Sequence[str], heard: Sequence[HeardPiece]) -> list[WordsIn]:
    """``words``, in order, spread over the pieces in which they were recognised.

    Raises :class:`EngineError` where too few of them were.
    """
    spoken = [(_bare(word), index) for index, piece in enumerate(heard) for word in piece.text.split()]
    matcher = SequenceMatcher(None, [_bare(word) for word in words], [word for word, _ in spoken], autojunk=False)
    piece_of: list[int | None] = [None] * len(words)
    shared = 0
    for mine, theirs, length in matcher.get_matching_blocks():
        shared += length
        for offset in range(length):
            piece_of[mine + offset] = spoken[theirs + offset][1]
    if shared < _LEAST_SHARED * len(words):
        raise EngineError(f"Only {shared} of {len(words)} words of the transcript were recognised in the sound.")
    places = _filled(piece_of)
    found = []
    for index, piece in enumerate(heard):
        inside = [place for place, at in enumerate(places) if at == index]
        if inside:
            found.append(WordsIn(inside[0], inside[-1] + 1, piece.start, piece.end))
    return found


def widened(pieces: Sequence[WordsIn], duration: float) -> list[WordsIn]:
    """``pieces`` with a little more sound on either side, at most half of the pause to the next one."""
    wider = []
    for number, piece in enumerate(pieces):
        before = pieces[number - 1].end if number else -piece.start
        after = pieces[number + 1].start if number + 1 < len(pieces) else 2 * duration - piece.end
        start = piece.start - min(_WIDER, max(0.0, (piece.start - before) / 2))
        end = piece.end + min(_WIDER, max(0.0, (after - piece.end) / 2))
        wider.append(WordsIn(piece.first, piece.last, start, end))
    return wider


def _filled(places: Sequence[int | None]) -> list[int]:
    """Every word's piece: those between two known ones are shared out between them, half to either side."""
    known = [index for index, place in enumerate(places) if place is not None]
    filled: list[int] = []
    following = 0  # the first known one that is not before the word
    for index in range(len(places)):
        while following < len(known) and known[following] < index:
            following += 1
        after = known[min(following, len(known) - 1)]
        before = known[max(following - 1, 0)] if after != index else index
        nearer = before if abs(index - before) <= abs(after - index) else after
        filled.append(places[nearer] or 0)
    return filled


def _bare(word: str) -> str:
    """A word as it compares: lower case, letters and digits alone."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", word).lower() if letter.isalnum())
