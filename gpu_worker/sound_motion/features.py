"""Sound to the rows that the model takes, for a whole file and as it comes in from a microphone.

Level and channel are taken out by subtracting the mean spectrum of the speech: of the whole sound for the model that
sees everything, of what was heard so far (forgetting slowly, and beginning with what is usual) for the causal one.
Training and use share this code, so that what the model learns is what it meets.

Part of a row is an opinion of which phone sounds (:mod:`.phone_loop`): of the row itself in :func:`full_features`, of
the row ``LOOK_AHEAD_ROWS`` before it in :func:`causal_features`, which is the one that the causal model answers for.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gpu_worker.schema import FloatArray
from gpu_worker.sound_motion.acoustic import cepstra_of, state_fits, state_scores
from gpu_worker.sound_motion.layout import FEATURES, HOP, LOOP_PHONES, MEL_BANDS, OPINION, ROW_HOP
from gpu_worker.sound_motion.phone_loop import PhoneLoop, chances_of, smoothed
from gpu_worker.sound_motion.spectra import CEPSTRUM_BANDS, REACH, Spectra, SpectrumStream, empty_spectra

#: Spectra this far below the loudest are no speech, dB.
_SPEECH_DB = 35.0
#: How fast the loudest is forgotten, dB a spectrum, and how loud speech is before any was heard, dB.
_FORGET_DB, _FIRST_DB = 0.02, -30.0
#: How fast the mean spectrum is forgotten, and how many spectra the usual one counts for.
_KEEP, _PRIOR = 0.9985, 60.0
#: Mean log energy of speech in each band, relative to its loudest level in natural-log units: a straight line.
_USUAL_MEL, _USUAL_BANDS = (7.0, 6.0), (8.0, 6.0)
_MEL_SIZE = 2.5
#: Rows that are scored at a time: the acoustic model has 5376 Gaussians for each.
_BLOCK_ROWS = 1000
#: Spectra after a row's first that its analysis needs.
_AHEAD = 3


class FeatureStream:
    """Rows of features from sound in pieces of any size: equal to :func:`causal_features` of the whole. With another
    ``loop``, opinions are late by as much as that is."""

    def __init__(self, loop: PhoneLoop | None = None) -> None:
        self._loop = loop or PhoneLoop()
        self._spectra = SpectrumStream()
        self._mean = _RunningMean()
        self._held = empty_spectra()
        self._means = np.zeros((0, MEL_BANDS + CEPSTRUM_BANDS + 1), np.float32)
        self._first = 0  # number of the first spectrum held
        self._row = 0
        self._samples = 0

    def push(self, samples: FloatArray) -> FloatArray:
        """The rows that ``samples`` complete, ``(n, FEATURES)``; n may be 0."""
        self._samples += len(samples)
        return self._take(self._spectra.push(samples))

    def finish(self) -> FloatArray:
        """The rows that are left when the sound has ended: ceil(samples / ROW_HOP) rows in all."""
        rows = -(-self._samples // ROW_HOP)
        tail = self._take(self._spectra.push(np.zeros(ROW_HOP + _AHEAD * HOP + REACH, np.float32)))
        return tail[: max(len(tail) - (self._row - rows), 0)]

    def _take(self, spectra: Spectra) -> FloatArray:
        self._held = self._held.joined(spectra)
        self._means = np.concatenate([self._means, self._mean.push(spectra)])
        known = self._first + len(self._held)
        last = max((known - 1 - _AHEAD) // 2 + 1, self._row)
        parts = [np.arange(at, min(at + _BLOCK_ROWS, last)) for at in range(self._row, last, _BLOCK_ROWS)]
        blocks = [np.zeros((0, FEATURES), np.float32)]
        for part in parts:
            heard, fits = _rows(self._held, self._means, part, self._first)
            blocks.append(np.concatenate([heard, self._loop.push(fits)], axis=1))
        rows: FloatArray = np.concatenate(blocks)
        self._row = last
        drop = max(2 * last - 1 - _AHEAD - self._first, 0)
        self._held, self._means = self._held.part(drop), self._means[drop:]
        self._first += drop
        return rows


def causal_features(samples: FloatArray) -> FloatArray:
    """``(ceil(n / 320), FEATURES)`` of mono 16 kHz sound in [-1, 1]; row i knows 50 ms of what follows its instant."""
    stream = FeatureStream()
    return np.concatenate([stream.push(samples), stream.finish()])


def full_features(samples: FloatArray, progress: Callable[[float], None] | None = None) -> FloatArray:
    """As :func:`causal_features`, but levelled by the speech of the whole sound. ``progress`` is called with fractions
    in [0, 1]; what it raises passes through."""
    spectra = SpectrumStream().push(
        np.concatenate([np.asarray(samples, np.float32), np.zeros(ROW_HOP + _AHEAD * HOP + REACH, np.float32)])
    )
    count = -(-len(samples) // ROW_HOP)
    peak = float(spectra.level.max()) if len(spectra) else _FIRST_DB
    speech = spectra.level > peak - _SPEECH_DB
    both = np.concatenate([spectra.mel, spectra.bands], axis=1)
    usual = _usual(peak)
    total = both[speech].sum(axis=0) + _PRIOR / 3 * usual
    mean = np.append(total / (speech.sum() + _PRIOR / 3), peak).astype(np.float32)
    means = np.broadcast_to(mean, (len(spectra), len(mean)))
    rows = np.zeros((count, FEATURES), np.float32)
    # Half precision: of an hour of sound these would else be as large as the rows.
    chances = np.zeros((2 * count, 3 * LOOP_PHONES), np.float16)
    for first in range(0, count, _BLOCK_ROWS):
        part = slice(first, min(first + _BLOCK_ROWS, count))
        rows[part, : OPINION.start], fits = _rows(spectra, means, np.arange(part.start, part.stop), 0)
        chances[2 * part.start : 2 * part.stop] = chances_of(fits)
        if progress is not None:
            progress(part.stop / count)
    rows[:, OPINION] = smoothed(chances)
    return rows


def _rows(
    spectra: Spectra, means: FloatArray, rows: np.ndarray[tuple[int], np.dtype[np.int64]], first: int
) -> tuple[FloatArray, FloatArray]:
    """Rows number ``rows`` out of spectra of which ``first`` is the number of the first, without opinions; and how well
    the spectra of each, the one before its instant and its own, fit the states: ``(2 * rows, STATES)``."""
    at = 2 * rows - first
    mean = means[at + 1]
    begin = max(int(at[0]) - 1 - _AHEAD, 0)
    cepstra = cepstra_of(spectra.bands[begin : int(at[-1]) + _AHEAD + 1])
    both = (2 * rows[:, None] + np.array([-1, 0])).reshape(-1)

    def around(offset: int) -> FloatArray:
        # Before the sound begins, the first spectrum is repeated.
        found: FloatArray = cepstra[np.maximum(both + offset, 0) - first - begin]
        return found

    levelled = around(0) - cepstra_of(mean[:, MEL_BANDS:-1]).repeat(2, axis=0)
    fits = state_fits(levelled, around(2) - around(-2), (around(3) - around(-1)) - (around(1) - around(-3)))
    shape = mean[:, :MEL_BANDS]
    mel = np.concatenate([spectra.mel[at] - shape, spectra.mel[at + 1] - shape], axis=1) / _MEL_SIZE
    voice = np.stack([(spectra.level[at] - mean[:, -1]) / 20.0 + 1.0, spectra.pitch[at], spectra.voiced[at]], axis=1)
    scores = state_scores(fits[1::2])
    result: FloatArray = np.concatenate([np.clip(mel, -4.0, 4.0), scores, np.clip(voice, -3.0, 3.0)], axis=1)
    return result.astype(np.float32), fits


class _RunningMean:
    """The mean spectrum of the speech so far, and its loudest level: one row for each spectrum."""

    def __init__(self) -> None:
        self._peak = _FIRST_DB
        self._total = np.zeros(MEL_BANDS + CEPSTRUM_BANDS)
        self._weight = 0.0

    def push(self, spectra: Spectra) -> FloatArray:
        means = np.empty((len(spectra), MEL_BANDS + CEPSTRUM_BANDS + 1), np.float32)
        both = np.concatenate([spectra.mel, spectra.bands], axis=1).astype(np.float64)
        for place, level in enumerate(spectra.level.tolist()):
            self._peak = max(level, self._peak - _FORGET_DB)
            if level > self._peak - _SPEECH_DB:
                self._total = self._total * _KEEP + both[place]
                self._weight = self._weight * _KEEP + 1.0
            means[place, :-1] = (self._total + _PRIOR * _usual(self._peak)) / (self._weight + _PRIOR)
            means[place, -1] = self._peak
        return means


#: One decibel as a natural log of energy.
_NEPER = float(np.log(10.0) / 10.0)


def _usual(peak_db: float) -> NDArray[np.float64]:
    """The mean spectrum of speech whose loudest level is ``peak_db``: mel bands, then the acoustic model's."""
    usual: NDArray[np.float64] = _LINES + (peak_db - _FIRST_DB) * _NEPER
    return usual


_LINES = np.concatenate([np.linspace(*_USUAL_MEL, MEL_BANDS), np.linspace(*_USUAL_BANDS, CEPSTRUM_BANDS)])
