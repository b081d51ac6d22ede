"""Do these words belong to this sound? The aligner fits any words to any sound; what it paid for it tells.

The decoder's likelihood is relative to the best of all sounds at each frame. Right words cost 9 to 20 a frame in
English and 34 to 38 in languages the acoustic model has never heard, wrong ones 46 and more.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gpu_worker.languages import Language
from gpu_worker.speech.pronunciation import Pronunciation
from gpu_worker.speech.window_alignment import AlignedUnit
from gpu_worker.timeline_remarks import DOUBTFUL, NOT_HEARD

#: Mean likelihood below which the words are taken to be others than those spoken: English, and other languages.
WRONG_ENGLISH, WRONG_OTHER = -38.0, -52.0
#: The same for a stretch of a second or more inside words that fit on the whole.
DOUBTFUL_ENGLISH, DOUBTFUL_OTHER = -48.0, -70.0
_STRETCH_SECONDS = 0.8
_MOST_NAMED = 3


def confidence(units: Sequence[AlignedUnit]) -> float:
    """Mean likelihood per frame, from 0 (-100 and worse) to 1 (perfect)."""
    return float(np.clip(1.0 + mean_score(units) / 100.0, 0.0, 1.0))


def mean_score(units: Sequence[AlignedUnit]) -> float:
    """Likelihood per frame over the words, silence left out."""
    length = sum(unit.end - unit.start for unit in units)
    return sum(unit.score * (unit.end - unit.start) for unit in units) / max(length, 1e-6)


def is_wrong(units: Sequence[AlignedUnit], language: Language) -> bool:
    """Whether the words as a whole are not those of the sound."""
    return mean_score(units) < (WRONG_ENGLISH if language.code.startswith("en") else WRONG_OTHER)


def disagreements(units: Sequence[AlignedUnit], pronunciation: Pronunciation, language: Language) -> list[str]:
    """Sentences for the user: which words were not heard, and which do not match what is said there."""
    found: list[str] = []
    heard = {pronunciation.units[unit.index].label for unit in units}
    missing = [index not in heard for index in range(len(pronunciation.labels))]
    if any(missing):
        found.append(f"{NOT_HEARD} {_quoted(missing, pronunciation.labels)}.")
    doubted = [False] * len(pronunciation.labels)
    for unit, doubt in zip(units, doubtful(units, language), strict=True):
        doubted[pronunciation.units[unit.index].label] |= doubt
    if any(doubted):
        found.append(f"{DOUBTFUL} {_quoted(doubted, pronunciation.labels)}.")
    return found


def doubtful(units: Sequence[AlignedUnit], language: Language) -> list[bool]:
    """Which units lie in a stretch of about a second that fits badly."""
    limit = DOUBTFUL_ENGLISH if language.code.startswith("en") else DOUBTFUL_OTHER
    found = [False] * len(units)
    for first in range(len(units)):
        last = first
        while last < len(units) - 1 and units[last].end - units[first].start < _STRETCH_SECONDS:
            last += 1
        stretch = units[first : last + 1]
        if stretch[-1].end - stretch[0].start >= _STRETCH_SECONDS and mean_score(stretch) < limit:
            found[first : last + 1] = [True] * len(stretch)
    return found


def _quoted(marked: Sequence[bool], labels: Sequence[str]) -> str:
    """The marked words in runs, the longest first, each in quotation marks."""
    runs: list[list[str]] = []
    for index, label in enumerate(labels):
        if marked[index]:
            if index and marked[index - 1]:
                runs[-1].append(label)
            else:
                runs.append([label])
    runs.sort(key=len, reverse=True)
    named = ", ".join(f"“{' '.join(run[:8])}{' …' if len(run) > 8 else ''}”" for run in runs[:_MOST_NAMED])
    return named + (f" and {len(runs) - _MOST_NAMED} more places" if len(runs) > _MOST_NAMED else "")
