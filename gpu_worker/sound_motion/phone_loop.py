"""Which phone sounds, by the acoustic model and by what usually follows what: a hidden Markov model of looped phones.

Each of 40 phones is three states in a row; after its last one comes another, as often as the bigrams of the phone
model that comes with pocketsphinx say. What is wanted is the probability of each phone at each moment (the forward and
backward sums of Rabiner, "A tutorial on hidden Markov models", 1989), which makes fewer mistakes than the best path,
and costs a fraction of a decoder's search. All of it is English; of other languages it hears the nearest.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from gpu_worker.errors import EngineError
from gpu_worker.schema import FloatArray
from gpu_worker.sound_motion.layout import LOOK_AHEAD_ROWS, LOOP_PHONES, ROW_RATE, SPECTRUM_RATE, STATES

#: The acoustic model's phones in its own order, without its two noises, which come first.
LOOP: tuple[str, ...] = (
    "AA", "AE", "AH", "AO", "AW", "AY", "B", "CH", "D", "DH", "EH", "ER", "EY", "F", "G", "HH", "IH", "IY", "JH", "K",
    "L", "M", "N", "NG", "OW", "OY", "P", "R", "S", "SH", "SIL", "T", "TH", "UH", "UW", "V", "W", "Y", "Z", "ZH",
)  # fmt: skip
_NOISES = 2
_STATES = 3 * LOOP_PHONES
#: Spectra for each row.
PER_ROW = SPECTRUM_RATE // ROW_RATE
#: Spectra that a moment is judged late, in use while sound comes in.
_LATE = LOOK_AHEAD_ROWS * PER_ROW
#: Neighbouring spectra are alike: each counts this much. Chance of a state to stay, power of the bigrams, and price of
#: a change of phone, natural log: among the best of a few on six readers, of whom three also judge the shipped model.
_SCALE, _STAY, _POWER, _PRICE = 0.4, 0.6, 1.5, 1.0
_RAREST = -9.0
_FLOOR = 1e-7
#: What a phone's probability is at least when its logarithm is taken.
_LEAST = 1e-3


class PhoneLoop:
    """Opinions while sound comes in: the same for every way of cutting it. ``late`` is by how many spectra."""

    def __init__(self, late: int = _LATE) -> None:
        self._late = late
        start = np.full((1, _STATES), 1.0 / _STATES, np.float32)
        self._now = start[0]
        self._sums = np.repeat(start, late, axis=0)
        self._chances = np.ones((late, _STATES), np.float32)

    def push(self, fits: FloatArray) -> FloatArray:
        """Opinions ``(rows, LOOP_PHONES)`` for :func:`.acoustic.state_fits` of ``(rows * PER_ROW, STATES)``. Each is
        about the moment ``late`` spectra before the row's last."""
        chances = chances_of(fits)
        sums = np.concatenate([self._sums, forward(chances, self._now)])
        chances = np.concatenate([self._chances, chances])
        rows = len(fits) // PER_ROW
        place = np.arange(rows) * PER_ROW + PER_ROW - 1
        behind = np.ones((rows, _STATES), np.float32)
        back = np.ascontiguousarray(_moves().T)
        for step in range(self._late, 0, -1):
            behind = (behind * chances[place + step]) @ back
            behind /= behind.sum(axis=1, keepdims=True)
        found = opinions(sums[place] * behind)
        self._now = sums[-1] if len(sums) else self._now
        keep = len(sums) - self._late
        self._sums, self._chances = sums[keep:], chances[keep:]
        return found


def smoothed(chances: NDArray[Any]) -> FloatArray:
    """Opinions ``(rows, LOOP_PHONES)`` with all of the sound known; ``chances`` ``(rows * PER_ROW, states)``, of any
    float type, as :func:`chances_of` gives them."""
    start = np.full(_STATES, 1.0 / _STATES, np.float32)
    sums = forward(chances, start, chances.dtype)
    rows = len(chances) // PER_ROW
    found = np.zeros((rows, _STATES), chances.dtype)
    behind, back = np.ones(_STATES, np.float32), np.ascontiguousarray(_moves().T)
    for place in range(len(chances) - 1, -1, -1):
        if place % PER_ROW == PER_ROW - 1:
            both = sums[place] * behind
            found[place // PER_ROW] = both / both.sum()
        behind = (behind * chances[place]) @ back
        behind /= behind.sum()
    return opinions(found)


def forward(chances: NDArray[Any], before: FloatArray, kind: DTypeLike = np.float32) -> NDArray[Any]:
    """Probabilities of the states given all sound so far, ``(n, states)``, after ``before`` ``(states,)``."""
    sums: NDArray[Any] = np.empty(chances.shape, kind)
    moves = _moves()
    for place in range(len(chances)):
        before = (before @ moves) * chances[place]
        before = before / before.sum()
        sums[place] = before
    return sums


def chances_of(fits: FloatArray) -> FloatArray:
    """What each state is worth at each moment, in (0, 1], of log likelihoods ``(n, STATES)``."""
    speech = _SCALE * fits[:, STATES - _STATES :]
    chances: FloatArray = np.exp(speech - speech.max(axis=1, keepdims=True)) + np.float32(_FLOOR)
    return chances


def opinions(states: NDArray[Any]) -> FloatArray:
    """Logs of the phones' probabilities, roughly of unit size, of weights of the states ``(n, states)``."""
    phones = states.astype(np.float32).reshape(len(states), LOOP_PHONES, 3).sum(axis=2)
    phones /= phones.sum(axis=1, keepdims=True)
    logs: FloatArray = ((np.log(phones + _LEAST) + 4.0) / 2.0).astype(np.float32)
    return logs


@lru_cache(maxsize=1)
def _moves() -> FloatArray:
    """Chances of going from each state to each, ``(states, states)``."""
    moves = np.zeros((_STATES, _STATES), np.float64)
    for state in range(_STATES):
        moves[state, state] = _STAY
        if state % 3 < 2:
            moves[state, state + 1] = 1.0 - _STAY
    moves[2::3, 0::3] += (1.0 - _STAY) * np.exp(_POWER * np.maximum(_bigrams(), _RAREST) - _PRICE)
    ready: FloatArray = moves.astype(np.float32)
    return ready


def _bigrams() -> FloatArray:
    """Log chances of each phone (second axis) after each (first axis)."""
    from pocketsphinx import Config, LogMath, NGramModel, get_model_path

    file = Path(get_model_path()) / "en-us" / "en-us-phone.lm.bin"
    if not file.is_file():
        raise EngineError("the phone model that comes with pocketsphinx is missing", permanent=True)
    logs = LogMath()
    model = NGramModel(Config(loglevel="FATAL"), logs, str(file))
    # The model is asked with the phone first and what was before it second.
    told = [[logs.log_to_ln(model.prob([name, before])) for name in LOOP] for before in LOOP]
    found: FloatArray = np.array(told, np.float32)
    return found
