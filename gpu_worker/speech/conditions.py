"""Sound as it reaches us from a telephone, a kitchen or a church: what the timing of speech is measured under.

Each condition keeps every phone where it was, so that the labels of the clean sound stay right. The same sound always
comes out the same. These are fixed cases for measuring; training draws its own at random.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, fftconvolve, resample_poly, sosfiltfilt

from gpu_worker.errors import InputError
from gpu_worker.schema import Waveform

Sound = NDArray[np.float64]
#: Background this far below the mean power of the speech, dB.
NOISE_DB, MUSIC_DB = 10.0, 10.0
#: What a quiet recording loses, dB; it is then rounded to 16 bits as a file would.
QUIET_DB = 30.0
#: Time in which the room's sound falls by 60 dB, seconds, and the direct sound over the rest, dB.
_DECAY, _DIRECT_DB = 0.5, 5.0
_TELEPHONE_RATE, _TELEPHONE_BAND = 8000, (300.0, 3400.0)
#: The chords of the music, Hz, each held for a time, and the beat's distance, seconds.
_CHORDS = ((220.0, 261.6, 329.6), (174.6, 220.0, 261.6), (196.0, 246.9, 293.7))
_HELD, _BEAT = 0.8, 0.4


def under(condition: str, waveform: Waveform) -> Waveform:
    """``waveform`` (mono, any rate from 8 kHz) as it sounds under one of :data:`CONDITIONS`; same length and rate.

    Raises :class:`InputError` ``unknown_condition``.
    """
    if condition not in CONDITIONS:
        raise InputError(
            "unknown_condition", f"There is no condition {condition!r}.", f"One of: {', '.join(CONDITIONS)}."
        )
    samples: Sound = waveform.samples.astype(np.float64)
    changed = CONDITIONS[condition](samples, waveform.rate)[: len(samples)]
    return Waveform(np.clip(changed, -1.0, 1.0).astype(np.float32), waveform.rate)


def _clean(samples: Sound, _: int) -> Sound:
    return samples


def _noise(samples: Sound, _: int) -> Sound:
    return _above(samples, np.random.default_rng(0).standard_normal(len(samples)), NOISE_DB)


def _music(samples: Sound, rate: int) -> Sound:
    """Chords with overtones and a beat of short noise: what plays in a living room."""
    at = np.arange(len(samples)) / rate
    which = (at / _HELD).astype(int) % len(_CHORDS)
    fade = np.exp(-3.0 * (at % _HELD))
    sound = np.zeros(len(samples))
    for index, chord in enumerate(_CHORDS):
        tones = sum(np.sin(2 * np.pi * tone * step * at) / step for tone in chord for step in (1, 2, 3, 4))
        sound += np.where(which == index, tones * fade, 0.0)
    drum = np.random.default_rng(1).standard_normal(len(samples)) * np.exp(-60.0 * (at % _BEAT))
    return _above(samples, sound + 1.5 * drum, MUSIC_DB)


def _telephone(samples: Sound, rate: int) -> Sound:
    down = resample_poly(samples, _TELEPHONE_RATE, rate)
    low, high = _TELEPHONE_BAND
    line = butter(4, (low, high), "bandpass", fs=_TELEPHONE_RATE, output="sos")
    narrow = sosfiltfilt(line, down, padlen=min(60, len(down) - 1))
    # mu-law with 8 bits, ITU-T G.711 without its piecewise form
    peak = max(float(np.abs(narrow).max(initial=0.0)), 1e-9)
    companded = np.sign(narrow) * np.log1p(255.0 * np.abs(narrow) / peak) / np.log(256.0)
    coarse = np.round(companded * 127.0) / 127.0
    back = np.sign(coarse) * np.expm1(np.abs(coarse) * np.log(256.0)) / 255.0 * peak
    wide: Sound = np.pad(resample_poly(back, rate, _TELEPHONE_RATE), (0, rate))
    return wide


def _quiet(samples: Sound, _: int) -> Sound:
    rounded: Sound = np.round(samples * 10 ** (-QUIET_DB / 20.0) * 32767.0) / 32767.0
    return rounded


def _room(samples: Sound, rate: int) -> Sound:
    """A hall: the direct sound first, then a tail that decays exponentially."""
    at = np.arange(int(_DECAY * rate)) / rate
    tail = np.random.default_rng(2).standard_normal(len(at)) * 10 ** (-3.0 * at / _DECAY)
    tail[: int(0.003 * rate)] = 0.0
    tail *= 10 ** (-_DIRECT_DB / 20.0) / np.sqrt((tail**2).sum())
    tail[0] = 1.0
    heard: Sound = fftconvolve(samples, tail)
    return heard


def _above(samples: Sound, background: Sound, ratio_db: float) -> Sound:
    """``samples`` with ``background`` so far below the mean power of their louder half."""
    loud = np.sort(samples**2)[len(samples) // 2 :].mean()
    power = max(float((background**2).mean()), 1e-12)
    mixed: Sound = samples + background * np.sqrt(loud / power) * 10 ** (-ratio_db / 20.0)
    return mixed


#: Name -> what is done to the samples. ``clean`` is what the others are compared with.
CONDITIONS: Mapping[str, Callable[[Sound, int], Sound]] = MappingProxyType(
    {"clean": _clean, "noise": _noise, "music": _music, "telephone": _telephone, "quiet": _quiet, "room": _room}
)
