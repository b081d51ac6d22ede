"""Known words in time by WhisperX: alignment letter by letter (Wav2Vec2, CTC), in languages that have a model here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gpu_worker.errors import EngineError
from gpu_worker.languages import Language
from gpu_worker.less_memory import Step, with_less_memory
from gpu_worker.schema import FloatArray
from gpu_worker.speech import whisperx_models as models
from gpu_worker.speech.alignment import Progress
from gpu_worker.speech.spectrum import RATE
from gpu_worker.speech.whisperx_pieces import WordsIn
from gpu_worker.speech.whisperx_watch import Report, watched

#: Languages whose characters WhisperX takes for words.
_WITHOUT_SPACES = frozenset(("ja", "zh"))
#: Pauses shorter than this between two words are none, seconds.
_JOINED = 0.08
#: Shortest word, seconds.
_SHORTEST = 0.02
#: Share of the words that may remain without a time of their own.
_MOST_UNTIMED = 0.2


@dataclass(frozen=True)
class TimedWord:
    """Word number ``index`` in time, seconds; ``score`` is the mean probability of its characters, 0 to 1, or None
    where the word has no time of its own and stands between those of its neighbours."""

    index: int
    start: float
    end: float
    score: float | None


@dataclass(frozen=True)
class Alignment:
    """Every word in time, and how much of them the aligner reads in the sound by itself: the share of letter triples
    (Dice) that its best guess has in common with the words, 0 to 1. Its own scores say little, for silence between two
    letters scores as well as the letters. ``reasons`` are sentences on what is worth telling."""

    words: tuple[TimedWord, ...]
    agreement: float
    reasons: tuple[str, ...]


class _Reader:
    """The aligner, which also keeps what it would have read without being told the words."""

    def __init__(self, model: Any, about: dict[str, Any]) -> None:
        self._model = model
        letters = {code: letter for letter, code in about["dictionary"].items()}
        self._letters = {code: letter for code, letter in letters.items() if len(letter) == 1 and letter.isalnum()}
        self._blank = next((code for code, letter in letters.items() if letter in ("<pad>", "[pad]")), 0)
        self.read = ""

    def __call__(self, samples: Any) -> Any:
        answer = self._model(samples)
        best = answer.logits[0].argmax(dim=-1).tolist()
        kept = [code for place, code in enumerate(best) if place == 0 or code != best[place - 1]]
        self.read += "".join(self._letters.get(code, "") for code in kept if code != self._blank)
        return answer


def align_by_whisperx(
    samples: FloatArray,
    words: Sequence[str],
    pieces: Sequence[WordsIn],
    language: Language,
    progress: Progress | None = None,
) -> Alignment:
    """Every one of ``words`` in 16 kHz sound, in order and without overlaps.

    Raises :class:`EngineError` where the language's model is missing or fails, or words could not be placed.
    """
    code = language.code.split("-")[0]
    folder = models.aligner_folder(code)
    glue = "" if code in _WITHOUT_SPACES else " "
    # A word with a space inside would come back as two.
    plain = ["".join(word.split()) or "-" for word in words]
    segments = [
        {"text": glue.join(plain[piece.first : piece.last]), "start": piece.start, "end": piece.end} for piece in pieces
    ]

    def work(report: Report) -> tuple[tuple[list[dict[str, Any]], str], list[str]]:
        def attempt(step: Step) -> tuple[list[dict[str, Any]], str]:
            return _align(folder, code, samples, segments, step.device, report)

        with models.turn(), models.failures_as_engine_errors():
            return with_less_memory(attempt, models.device(), 1)

    (found, read), reasons = watched(work, progress)
    timed: list[TimedWord | None] = []
    for piece, segment in zip(pieces, found, strict=True):
        timed += _words_of(segment, plain[piece.first : piece.last], piece, per_letter=not glue)
    placed = _in_order(timed, len(samples) / RATE)
    return Alignment(tuple(placed), agreement("".join(plain), read), tuple(reasons))


def agreement(words: str, read: str) -> float:
    """The share of letter triples that two texts have in common (Dice), 0 to 1; spaces and case do not count."""
    one, other = (Counter(_triples(text)) for text in (words, read))
    return 2.0 * (one & other).total() / max(1, one.total() + other.total())


def _triples(text: str) -> list[str]:
    letters = "".join(letter for letter in text.lower() if letter.isalnum())
    return [letters[place : place + 3] for place in range(max(1, len(letters) - 2))]


def _align(
    folder: Any, code: str, samples: FloatArray, segments: list[dict[str, Any]], on: str, report: Report
) -> tuple[list[dict[str, Any]], str]:
    """WhisperX's answer for each segment by itself, so that it is known which words are whose; and what it read."""
    from whisperx.alignment import align

    model, about = models.load_aligner(folder, code, on)
    reader = _Reader(model, about)
    report(0.0)
    answers = []
    for number, segment in enumerate(segments):

        def told(percent: float, number: int = number) -> None:
            report((number + percent / 100.0) / len(segments))

        answers.append(align([segment], reader, about, samples, on, progress_callback=told))
        told(100.0)
    return answers, reader.read


def _words_of(
    answer: dict[str, Any], words: Sequence[str], piece: WordsIn, *, per_letter: bool
) -> list[TimedWord | None]:
    """A segment's words with their times; None for those that got none."""
    found = answer["word_segments"]
    parts = [len(word) if per_letter else 1 for word in words]
    if len(found) != sum(parts):
        return [None] * len(words)
    timed: list[TimedWord | None] = []
    at = 0
    for index, count in enumerate(parts, start=piece.first):
        mine = [entry for entry in found[at : at + count] if _has_times(entry)]
        at += count
        if mine:
            scores = [float(entry["score"]) for entry in mine if "score" in entry]
            score = sum(scores) / len(scores) if scores else None
            timed.append(TimedWord(index, float(mine[0]["start"]), float(mine[-1]["end"]), score))
        else:
            timed.append(None)
    return timed


def _has_times(entry: dict[str, Any]) -> bool:
    return all(name in entry and np.isfinite(entry[name]) for name in ("start", "end"))


def _in_order(words: Sequence[TimedWord | None], duration: float) -> list[TimedWord]:
    """All words with times that follow one another; those without one share the room between their neighbours.

    Raises :class:`EngineError` where too many have none, or there is no room for them.
    """
    untimed = sum(word is None for word in words)
    if not words or untimed > _MOST_UNTIMED * len(words):
        raise EngineError(f"WhisperX found no place for {untimed} of {len(words)} words.")
    if duration < _SHORTEST * len(words):
        raise EngineError("The sound is too short for the words.")
    edges = _edges(words, duration)
    placed: list[TimedWord] = []
    for index, word in enumerate(words):
        start, end = edges[index]
        after = placed[-1].end if placed else 0.0
        start = max(start, after)
        # Enough is left for those that follow.
        start = min(start, duration - _SHORTEST * (len(words) - index))
        end = min(max(end, start + _SHORTEST), duration - _SHORTEST * (len(words) - index - 1))
        placed.append(TimedWord(index, start, end, None if word is None else word.score))
    return _joined(placed)


def _edges(words: Sequence[TimedWord | None], duration: float) -> list[tuple[float, float]]:
    """Start and end of each word, those of a run without times dividing the room between its neighbours."""
    edges: list[tuple[float, float]] = []
    index = 0
    while index < len(words):
        word = words[index]
        if word is not None:
            edges.append((word.start, word.end))
            index += 1
            continue
        last = next((place for place in range(index, len(words)) if words[place] is not None), len(words))
        following = words[last] if last < len(words) else None
        low = edges[-1][1] if edges else 0.0
        high = max(following.start if following is not None else duration, low)
        step = (high - low) / (last - index)
        edges += [(low + step * place, low + step * (place + 1)) for place in range(last - index)]
        index = last
    return edges


def _joined(words: Sequence[TimedWord]) -> list[TimedWord]:
    """Neighbours so near that there is no pause between them meet in the middle."""
    joined = list(words)
    for place in range(1, len(joined)):
        before, after = joined[place - 1], joined[place]
        if 0.0 < after.start - before.end < _JOINED:
            middle = (before.end + after.start) / 2
            joined[place - 1] = TimedWord(before.index, before.start, middle, before.score)
            joined[place] = TimedWord(after.index, middle, after.end, after.score)
    return joined
