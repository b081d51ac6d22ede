"""Makes one recording sound like many: other mouths, rooms, microphones, lines and noises.

A synthetic voice is cleaner and more even than any person. What makes a network that learnt from it work on people is
that no two hearings of a clip share their spectrum: speed and formants (by resampling), the length of the vocal tract
(a warp of the spectrum), a random equaliser, a room, a telephone, noise and level.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import fftconvolve, istft, stft

from gpu_worker.schema import FloatArray
from gpu_worker.sound_motion.layout import FEATURES, MEL_BANDS, MEL_COLUMNS, OPINION, RATE, STATE_COLUMNS

#: How often each is done.
_SPEED, _WARP, _ROOM, _PHONE_LINE, _NOISE = 0.6, 0.5, 0.4, 0.12, 0.6
#: Largest change of speed and of formants.
_FASTEST, _LONGEST = 0.15, 0.14
_EQUALISER_DB = 7.0


def changed_sound(samples: FloatArray, generator: np.random.Generator) -> tuple[FloatArray, float]:
    """Another hearing of ``samples`` (mono, 16 kHz), and by what its times must be divided."""
    sound, speed = np.asarray(samples, np.float32), 1.0
    if generator.random() < _SPEED:
        speed = float(np.exp(generator.uniform(-_FASTEST, _FASTEST)))
        at = np.arange(int(len(sound) / speed)) * speed
        sound = np.interp(at, np.arange(len(sound)), sound).astype(np.float32)
    sound = _coloured(sound, generator)
    if generator.random() < _ROOM:
        sound = _in_a_room(sound, generator)
    if generator.random() < _NOISE:
        sound = sound + _noise(sound, generator)
    peak = float(np.abs(sound).max()) or 1.0
    level = 10.0 ** (generator.uniform(-26.0, -0.5) / 20.0)
    return (sound * (level / peak)).astype(np.float32), speed


def _coloured(sound: FloatArray, generator: np.random.Generator) -> FloatArray:
    """A random equaliser, a warped frequency axis, and now and then a telephone's band."""
    frequency, _, spectrum = stft(sound, RATE, nperseg=512, noverlap=384)
    knots = np.linspace(0, np.log2(1 + 8000 / 200), 8)
    curve = np.interp(np.log2(1 + frequency / 200), knots, generator.normal(0.0, _EQUALISER_DB / 2, len(knots)))
    curve += generator.uniform(-_EQUALISER_DB, _EQUALISER_DB) * (frequency / 8000.0 - 0.5)
    if generator.random() < _PHONE_LINE:
        curve -= 40.0 * ((frequency < 250) | (frequency > generator.uniform(3300, 3800)))
    if generator.random() < _WARP:
        factor = float(np.exp(generator.uniform(-_LONGEST, _LONGEST)))
        spectrum = _warped(spectrum, factor)
    _, changed = istft(spectrum * (10.0 ** (curve / 20.0))[:, None], RATE, nperseg=512, noverlap=384)
    return (
        np.resize(changed, len(sound)).astype(np.float32)
        if len(changed) >= len(sound)
        else np.pad(changed, (0, len(sound) - len(changed))).astype(np.float32)
    )


def _warped(
    spectrum: np.ndarray[tuple[int, ...], np.dtype[np.complex128]], factor: float
) -> np.ndarray[tuple[int, ...], np.dtype[np.complex128]]:
    """The envelope moved along the frequency axis, the harmonics left: a longer or a shorter vocal tract."""
    magnitude = np.abs(spectrum) + 1e-9
    kernel = np.hanning(19)
    kernel /= kernel.sum()
    smooth = np.exp(fftconvolve(np.log(magnitude), kernel[:, None], mode="same", axes=0))
    at = np.clip(np.arange(len(spectrum)) / factor, 0, len(spectrum) - 1)
    low = np.floor(at).astype(np.int64)
    high, part = np.minimum(low + 1, len(spectrum) - 1), (at - low)[:, None]
    moved = smooth[low] * (1 - part) + smooth[high] * part
    warped: np.ndarray[tuple[int, ...], np.dtype[np.complex128]] = spectrum * (moved / smooth)
    return warped


def _in_a_room(sound: FloatArray, generator: np.random.Generator) -> FloatArray:
    """Convolved with noise that dies away: 0.1 to 0.9 s of reverberation, softer than the direct sound."""
    seconds = generator.uniform(0.1, 0.9)
    count = int(seconds * RATE * 0.8)
    echo = generator.normal(0.0, 1.0, count) * np.exp(-6.9 * np.arange(count) / (seconds * RATE))
    echo[: int(0.002 * RATE)] = 0.0
    echo *= 10.0 ** (-generator.uniform(2.0, 14.0) / 20.0) / np.sqrt((echo**2).sum())
    echo[0] = 1.0
    heard: FloatArray = fftconvolve(sound, echo)[: len(sound)].astype(np.float32)
    return heard


def _noise(sound: FloatArray, generator: np.random.Generator) -> FloatArray:
    """Noise of a random colour, 8 to 45 dB below the sound, swelling slowly."""
    count = len(sound)
    spectrum = np.fft.rfft(generator.normal(0.0, 1.0, count))
    frequency = np.maximum(np.fft.rfftfreq(count, 1 / RATE), 40.0)
    noise = np.fft.irfft(spectrum * frequency ** -generator.uniform(0.0, 1.2), count)
    swell = np.interp(np.arange(count), np.linspace(0, count, 6), generator.uniform(0.4, 1.0, 6))
    noise *= swell
    level = float(np.sqrt((sound**2).mean())) * 10.0 ** (-generator.uniform(8.0, 45.0) / 20.0)
    scaled: FloatArray = (noise * (level / (np.sqrt((noise**2).mean()) + 1e-9))).astype(np.float32)
    return scaled


def masked_features(features: FloatArray, generator: np.random.Generator) -> FloatArray:
    """SpecAugment (Park et al. 2019) on rows ``(n, FEATURES)``: stretches of time and bands of mel silenced, sometimes
    the whole of the mel or of the acoustic model's opinion, so that neither is leant on alone."""
    if features.shape[1] != FEATURES:
        raise ValueError(f"rows must be {FEATURES} wide, not {features.shape[1]}")
    changed = features.copy()
    mel = changed[:, MEL_COLUMNS].reshape(len(changed), 2, MEL_BANDS)
    mel += generator.normal(0.0, 0.12, (1, 1, MEL_BANDS)).astype(np.float32)
    for _ in range(2):
        width, first = int(generator.integers(0, 14)), int(generator.integers(0, MEL_BANDS))
        mel[:, :, first : first + width] = 0.0
    changed[:, MEL_COLUMNS] = mel.reshape(len(changed), -1)
    for _ in range(int(generator.integers(0, 3))):
        width, first = int(generator.integers(1, 8)), int(generator.integers(0, len(changed)))
        changed[first : first + width, : STATE_COLUMNS.stop] = 0.0
    which = generator.random()
    if which < 0.25:
        changed[:, MEL_COLUMNS] = 0.0
    elif which < 0.32:
        changed[:, STATE_COLUMNS] = 0.0
    if generator.random() < 0.1:
        changed[:, OPINION] = 0.0
    return changed
