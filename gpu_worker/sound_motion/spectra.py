"""Sound to spectra, a hundred a second, the same for a whole file and for pieces of it as they come in.

Each spectrum is a Hamming window of 25.6 ms about its instant, pre-emphasised, as log energies in 80 mel bands (for the
network) and in the 25 bands of the acoustic model (for its cepstra). Sound is taken at the scale of 16-bit samples;
a floor stands for the dither that keeps digital silence from being minus infinity.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from gpu_worker.schema import FloatArray
from gpu_worker.sound_motion.layout import HOP, MEL_BANDS, RATE

#: Bands of the acoustic model that comes with pocketsphinx, and their range, Hz.
CEPSTRUM_BANDS, CEPSTRUM_RANGE = 25, (130.0, 6800.0)
_MEL_RANGE = (60.0, 7600.0)
_WINDOW, _FFT = 410, 512
_EMPHASIS = 0.97
#: Energy that half a unit of dither leaves in a band.
_FLOOR = 5.0
#: Samples of a frame before and after its instant: as many as the pitch needs.
REACH = 320
#: The fundamental frequency is looked for here, Hz.
_PITCH_RANGE = (65.0, 400.0)
_VOICED = 0.5
_BLOCK = 1500


@dataclass(frozen=True)
class Spectra:
    """One row each 10 ms: ``mel`` (n, 80) and ``bands`` (n, 25), natural logs of energy; ``level`` (n,) in dB;
    ``pitch`` (n,) in octaves above 100 Hz, 0 where unvoiced, and ``voiced`` (n,), the height of the peak, 0..1."""

    mel: FloatArray
    bands: FloatArray
    level: FloatArray
    pitch: FloatArray
    voiced: FloatArray

    def __len__(self) -> int:
        return len(self.level)

    def joined(self, other: Spectra) -> Spectra:
        return Spectra(*(np.concatenate([getattr(self, name), getattr(other, name)]) for name in _FIELDS))

    def part(self, first: int, last: int | None = None) -> Spectra:
        return Spectra(*(getattr(self, name)[first:last] for name in _FIELDS))


_FIELDS = ("mel", "bands", "level", "pitch", "voiced")


class SpectrumStream:
    """Takes sound in pieces of any size; what comes out does not depend on the size."""

    def __init__(self) -> None:
        # The sound before the first sample is silence.
        self._held = np.zeros(REACH + 1, np.float32)

    def push(self, samples: FloatArray) -> Spectra:
        """The spectra that ``samples`` (mono, 16 kHz, [-1, 1]) complete; maybe none."""
        self._held = np.concatenate([self._held, np.asarray(samples, np.float32)])
        count = max((len(self._held) - 1 - 2 * REACH) // HOP + 1, 0) if len(self._held) > 2 * REACH else 0
        blocks = [self._block(first, min(_BLOCK, count - first)) for first in range(0, count, _BLOCK)]
        self._held = self._held[count * HOP :]
        result = empty_spectra()
        if blocks:
            result = Spectra(*(np.concatenate([getattr(block, name) for block in blocks]) for name in _FIELDS))
        return result

    def _block(self, first: int, count: int) -> Spectra:
        held = self._held[first * HOP : (first + count - 1) * HOP + 2 * REACH + 1]
        frames = np.lib.stride_tricks.sliding_window_view(held, 2 * REACH + 1)[::HOP][:count]
        raw = frames[:, 1:]
        emphasised = (frames[:, 1:] - np.float32(_EMPHASIS) * frames[:, :-1]) * np.float32(32768.0)
        start = REACH - _WINDOW // 2
        power = np.abs(np.fft.rfft(emphasised[:, start : start + _WINDOW] * _hamming(), _FFT, axis=1)) ** 2
        power = power.astype(np.float32)
        level = 10.0 * np.log10((raw.astype(np.float32) ** 2).mean(axis=1) + 1e-9)
        pitch, voiced = _pitch(raw)
        return Spectra(
            np.log(power @ mel_filters(MEL_BANDS, *_MEL_RANGE) + _FLOOR).astype(np.float32),
            np.log(power @ mel_filters(CEPSTRUM_BANDS, *CEPSTRUM_RANGE) + _FLOOR).astype(np.float32),
            level.astype(np.float32),
            pitch,
            voiced,
        )


def empty_spectra() -> Spectra:
    none = np.zeros(0, np.float32)
    return Spectra(np.zeros((0, MEL_BANDS), np.float32), np.zeros((0, CEPSTRUM_BANDS), np.float32), none, none, none)


@lru_cache(maxsize=4)
def mel_filters(bands: int, low_hz: float, high_hz: float) -> FloatArray:
    """Triangular filters ``(257, bands)``, equally spaced in mel, of unit area, edges on the bins of the transform."""
    step = RATE / _FFT
    mels = np.linspace(2595 * np.log10(1 + low_hz / 700), 2595 * np.log10(1 + high_hz / 700), bands + 2)
    edges = 700.0 * (10.0 ** (mels / 2595.0) - 1.0)
    if bands == CEPSTRUM_BANDS:
        edges = np.round(edges / step) * step
    frequency = np.arange(_FFT // 2 + 1)[:, None] * step
    rising = (frequency - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - frequency) / (edges[2:] - edges[1:-1])
    filters: FloatArray = np.maximum(np.minimum(rising, falling), 0.0).astype(np.float32)
    # Narrow bands at low frequencies fall between two bins; each then takes the nearest.
    for band in np.flatnonzero(filters.sum(axis=0) == 0):
        filters[round(edges[band + 1] / step), band] = 1.0
    filters *= (2.0 / (edges[2:] - edges[:-2])).astype(np.float32)
    return filters


@lru_cache(maxsize=1)
def _hamming() -> FloatArray:
    window: FloatArray = np.hamming(_WINDOW).astype(np.float32)
    return window


def _pitch(frames: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Octaves above 100 Hz and height of the peak of the normalised autocorrelation (Boersma 1993), 40 ms a frame;
    every second sample is enough for a voice's fundamental."""
    lowered = 0.5 * (frames[:, ::2] + frames[:, 1::2])
    count, rate = lowered.shape[1], RATE // 2
    window = np.hanning(count).astype(np.float32)
    centred = (lowered - lowered.mean(axis=1, keepdims=True)) * window
    correlation = np.fft.irfft(np.abs(np.fft.rfft(centred, 1024, axis=1)) ** 2, axis=1)[:, :count]
    shape = np.fft.irfft(np.abs(np.fft.rfft(window, 1024)) ** 2)[:count]
    shortest, longest = int(rate / _PITCH_RANGE[1]), min(int(rate / _PITCH_RANGE[0]), count * 3 // 4)
    scale = np.maximum(correlation[:, :1], 1e-6) * np.maximum(shape / shape[0], 1e-3)
    part = (correlation / scale)[:, shortest:longest] - 0.0004 * np.arange(longest - shortest)
    best = part.argmax(axis=1)
    height = np.clip(part[np.arange(len(part)), best], 0.0, 1.0).astype(np.float32)
    octaves = np.where(height > _VOICED, np.log2(rate / (shortest + best) / 100.0), 0.0).astype(np.float32)
    return octaves, height
