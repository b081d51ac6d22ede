"""Alignment by example: the same words spoken by espeak-ng, whose times are known, warped onto the real sound.

Dynamic time warping on standardised log-mel energies (H. Sakoe and S. Chiba, 1978). Coarser than the aligner with an
acoustic model, but it always gives an answer, and in every language of espeak-ng.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gpu_worker.errors import EngineError
from gpu_worker.languages import Language
from gpu_worker.media.sound import resample
from gpu_worker.schema import FloatArray, Phone, Waveform
from gpu_worker.speech.dictionary import PronunciationDictionary, as_dictionary
from gpu_worker.speech.passage import Passage
from gpu_worker.speech.script import espeak_script
from gpu_worker.speech.spectrum import RATE, log_mel
from gpu_worker.speech.synthesis import SpokenWord, event_phones, speak, spoken_words
from gpu_worker.speech.text import clean_text

#: Most frames of either side: beyond it the step grows, so that time and memory stay bounded.
MOST_FRAMES = 5000
_HOP = 160  # 10 ms
_BANDS = 40
_PAD_SECONDS = 0.15


def warp_onto(
    samples: FloatArray, transcript: str, language: Language, dictionary: PronunciationDictionary | None = None
) -> tuple[list[Phone], list[SpokenWord]]:
    """The phones of ``transcript`` in the time of 16 kHz ``samples``, and its words with their phones.

    Raises :class:`EngineError` when there is nothing to say.
    """
    text = clean_text(transcript)
    script = espeak_script(as_dictionary(dictionary).applied([Passage(text)]), language.voice)
    utterance = speak(script, language.voice)
    phones = event_phones(utterance)
    if not any(phone.phone != "SIL" for phone in phones):
        raise EngineError("The text has nothing that can be spoken.")
    spoken = resample(Waveform(utterance.samples, utterance.rate), RATE).samples
    quiet = np.zeros(int(_PAD_SECONDS * RATE), np.float32)
    spoken = np.concatenate([quiet, spoken, quiet])
    hop = _HOP * max(int(np.ceil(max(len(spoken), len(samples)) / _HOP / MOST_FRAMES)), 1)
    path = warping_path(_features(spoken, hop), _features(samples, hop))
    source = (np.arange(len(path)) + 0.5) * hop / RATE
    target = (path + 0.5) * hop / RATE

    def moved(phone: Phone) -> Phone:
        start, end = np.interp([phone.start + _PAD_SECONDS, phone.end + _PAD_SECONDS], source, target)
        return replace(phone, start=float(start), end=float(end))

    words = [
        SpokenWord(word.label, tuple(tuple(moved(phone) for phone in group) for group in word.groups))
        for word in spoken_words(utterance, script)
    ]
    return [moved(phone) for phone in phones], words


def warping_path(source: FloatArray, target: FloatArray) -> NDArray[np.float64]:
    """For each row of ``source`` the (mean) row of ``target`` it is matched with, never decreasing.

    Worked along anti-diagonals, so that each step is one vector operation.
    """
    rows, columns = len(source), len(target)
    if not rows or not columns:
        raise EngineError("The sound is too short to be matched with words.")
    choice = np.zeros((rows, columns), np.int8)  # 0 both, 1 source alone, 2 target alone
    source_norm, target_norm = (source**2).sum(axis=1), (target**2).sum(axis=1)
    before = np.full(rows + 1, np.inf)  # totals of the last diagonal, indexed by row + 1
    older = np.full(rows + 1, np.inf)
    for diagonal in range(rows + columns - 1):
        row = np.arange(max(0, diagonal - columns + 1), min(rows, diagonal + 1))
        column = diagonal - row
        dot = np.einsum("ij,ij->i", source[row], target[column])
        distance = np.sqrt(np.maximum(source_norm[row] + target_norm[column] - 2 * dot, 0.0))
        options = np.stack([older[row], before[row], before[row + 1]])
        best = options.argmin(axis=0)
        total = options[best, np.arange(len(row))] + distance
        if diagonal == 0:
            total = distance
        choice[row, column] = best
        older, before = before, np.full(rows + 1, np.inf)
        before[row + 1] = total
    return _trace(choice)


def _trace(choice: NDArray[np.int8]) -> NDArray[np.float64]:
    row, column = choice.shape[0] - 1, choice.shape[1] - 1
    total = np.zeros(choice.shape[0])
    count = np.zeros(choice.shape[0])
    while True:
        total[row] += column
        count[row] += 1
        if row == 0 and column == 0:
            break
        step = 2 if row == 0 else 1 if column == 0 else choice[row, column]
        row -= step != 2
        column -= step != 1
    path: NDArray[np.float64] = total / np.maximum(count, 1)
    return path


def _features(samples: FloatArray, hop: int) -> FloatArray:
    """Standardised log-mel energies and their slopes."""
    energies = log_mel(samples, hop, size=512, bands=_BANDS)
    floor = energies.max() - 12.0 if len(energies) else 0.0
    energies = np.maximum(energies, floor)
    energies = (energies - energies.mean(axis=0)) / (energies.std(axis=0) + 1e-3)
    slope = np.zeros_like(energies)
    if len(energies) > 4:
        slope[2:-2] = (2 * (energies[4:] - energies[:-4]) + energies[3:-1] - energies[1:-3]) / 10.0
    features: FloatArray = np.hstack([energies, 2.0 * slope]).astype(np.float32)
    return features
