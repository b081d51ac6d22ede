"""A gentler, shorter copy of a recording, when somebody asks for one: the file that came is never changed.

Steady noise is lowered by ffmpeg's FFT denoiser at the level measured in the recording's quietest tenth, by at most
12 dB, so that breath and consonants stay; rumble below 60 Hz goes too. Silence is cut at both ends only: inside, it
belongs to the speech. The copy's samples stay where they were: the denoiser's delay is measured and taken back.
(Y. Ephraim and D. Malah, "Speech enhancement using a minimum mean-square error short-time spectral amplitude
estimator", 1984, is what such denoisers go back to.)
"""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gpu_worker.errors import EngineError, InputError
from gpu_worker.media.ffmpeg_process import FfmpegOutput, FfmpegTimeoutError, untrusted_input

#: Most that is taken from the noise, dB; and what is left of the silence before the first and after the last sound, s.
MOST_REDUCTION_DB = 12
MARGIN_SECONDS = 0.25

#: The denoiser's own measure of a floor lies so far above the level of the whole noise, dB; measured on white noise.
_FLOOR_OFFSET_DB, _FLOOR_RANGE_DB = 8.0, (-80.0, -20.0)
_FRAME = 0.02
#: Sound lies at least so far above the quietest tenth, and less than so far below the loudest frame, dB.
_ABOVE_FLOOR_DB, _BELOW_PEAK_DB = 8.0, 42.0
_BLOCK = 1 << 20


def clean_sound(source: Path, target: Path, *, denoise: bool, trim: bool) -> float:
    """Write a cleaned copy of the 16-bit WAV file ``source`` to ``target``; returns its length in seconds.

    Memory is bounded by twice the file's size. Raises :class:`InputError` ``unreadable_sound`` for anything but such a
    WAV file and ``silent_sound`` when nothing but silence is left; :class:`EngineError` when ffmpeg fails.
    """
    samples, rate = _read(source)
    if denoise:
        samples = _denoised(source, samples, rate)
    if trim:
        first, last = sounding(samples, rate)
        samples = samples[first:last]
    if not len(samples):
        raise InputError("silent_sound", "There is nothing but silence in this recording.", "Record it again.")
    with wave.open(str(target), "wb") as file:
        file.setparams((samples.shape[1], 2, rate, 0, "NONE", "not compressed"))
        for first in range(0, len(samples), _BLOCK):
            file.writeframesraw(np.ascontiguousarray(samples[first : first + _BLOCK]).tobytes())
    return len(samples) / rate


def sounding(samples: NDArray[np.int16], rate: int) -> tuple[int, int]:
    """The first and one past the last sample of ``(n, channels)`` that belong to sound, with a margin; (0, 0): none."""
    step, level = _levels(samples, rate)
    if not len(level):
        return 0, len(samples)
    threshold = max(float(np.percentile(level, 10)) + _ABOVE_FLOOR_DB, float(level.max()) - _BELOW_PEAK_DB)
    loud = np.flatnonzero(level > min(threshold, float(level.max()) - 3.0))
    if not len(loud) or level.max() < 0.0:
        return 0, 0
    margin = round(MARGIN_SECONDS * rate)
    return max(0, int(loud[0]) * step - margin), min(len(samples), (int(loud[-1]) + 1) * step + margin)


def _levels(samples: NDArray[np.int16], rate: int) -> tuple[int, NDArray[np.float64]]:
    """Samples in a frame of 20 ms, and the level of each whole frame in dB above a sample of 1."""
    step = max(1, round(_FRAME * rate))
    frames = samples[: len(samples) // step * step].reshape(-1, step * samples.shape[1])
    power = np.array([float(np.mean(np.square(frame, dtype=np.float64))) for frame in frames])
    return step, 10.0 * np.log10(power + 1e-3)


def _read(source: Path) -> tuple[NDArray[np.int16], int]:
    try:
        with wave.open(str(source), "rb") as file:
            if file.getsampwidth() != 2:
                raise wave.Error("not 16-bit")
            data = np.frombuffer(file.readframes(file.getnframes()), "<i2")
            return data.reshape(-1, file.getnchannels()), file.getframerate()
    except (wave.Error, EOFError, ValueError) as problem:
        raise InputError("unreadable_sound", "This is no WAV file.", "Send the sound again.") from problem


def _denoised(source: Path, samples: NDArray[np.int16], rate: int) -> NDArray[np.int16]:
    _, level = _levels(samples, rate)
    floor = float(np.percentile(level, 10)) - 20.0 * np.log10(32768.0) if len(level) else _FLOOR_RANGE_DB[0]
    at = float(np.clip(floor + _FLOOR_OFFSET_DB, *_FLOOR_RANGE_DB))
    filters = f"highpass=f=60,afftdn=nr={MOST_REDUCTION_DB}:nf={at:.1f}"
    command = [*untrusted_input(source, "wav"), "-v", "error", "-map", "0:a:0", "-af", filters]
    command += ["-c:a", "pcm_s16le", "-f", "s16le", "pipe:1"]
    # Silence before and after what comes, so that the delay can be taken back without another copy.
    reach, channels = rate // 10, samples.shape[1]
    room = np.zeros((len(samples) + 3 * reach, channels), "<i2")
    try:
        with FfmpegOutput(command, stall_s=60.0, limit_s=60.0 + len(samples) / rate) as output:
            count = output.read_into(room[reach:-reach].reshape(-1).view(np.uint8).data) // (2 * channels)
    except FfmpegTimeoutError as problem:
        raise EngineError("the denoiser took too long") from problem
    if count < 0.9 * len(samples):
        raise EngineError("the denoiser gave too little sound")
    room[reach + count :] = 0
    delay = _delay(samples, room[reach : reach + count], rate)
    return room[reach + delay : reach + delay + len(samples)]


def _delay(samples: NDArray[np.int16], cleaned: NDArray[np.int16], rate: int) -> int:
    """By how many samples ``cleaned`` lags, found where the sound is loudest; at most a tenth of a second."""
    reach, width = rate // 10, min(len(samples), len(cleaned), 4 * rate)
    starts = range(0, len(samples), width)
    powers = [int(np.abs(samples[start : start + width, 0].astype(np.int64)).sum()) for start in starts]
    first = min(int(np.argmax(powers)) * width, min(len(samples), len(cleaned)) - width)
    before, after = (np.asarray(one[first : first + width, 0], np.float64) for one in (samples, cleaned))
    size = 1 << (2 * width - 1).bit_length()
    found = np.fft.irfft(np.fft.rfft(after, size) * np.conj(np.fft.rfft(before, size)), size)
    lags = np.concatenate([found[-reach:], found[: reach + 1]])
    return int(lags.argmax()) - reach
