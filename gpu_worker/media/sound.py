"""Sound files in and out: any upload becomes a mono :class:`Waveform` for the analysis, and a WAV for the video.

The analysis hears 16 kHz mono; the viewer hears the original, which :func:`extract_soundtrack` keeps in stereo at
48 kHz. Both come from the same decoder and start at the same instant.
"""

from __future__ import annotations

import io
import wave
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from gpu_worker.config import EngineConfig
from gpu_worker.errors import EngineError, InputError
from gpu_worker.media import scratch, sound_decoding
from gpu_worker.media.resampling import polyphase_parts
from gpu_worker.schema import FloatArray, Waveform

#: Shortest sound that can hold a word, seconds.
MIN_SECONDS = 0.15
#: A recording whose loudest twentieth of a second stays below this is silence, dB below full scale.
SILENCE_DBFS = -66.0
#: Fewest bits a second at which any codec carries speech; a header that claims less is not believed.
MIN_BITRATE = 2000.0
#: Below this correlation of left and right one of them is taken to be inverted.
INVERTED = -0.3
#: A channel this many dB below the other is left out of the mix: it would only add noise.
UNUSED_DB = 20.0


def load_waveform(path: Path | str, rate: int = 16000, config: EngineConfig | None = None) -> Waveform:
    """Read a sound (or a video's sound track) as mono at ``rate`` Hz.

    Stereo with one side inverted is mixed so that it does not cancel; a side that is all but silent is left out.
    Samples beyond full scale, as lossy decoders give them, scale the whole down so that the peak is 1.

    Raises :class:`InputError`: ``empty_sound``, ``sound_file_too_large``, ``unreadable_sound``, ``no_audio_track``,
    ``too_many_channels``, ``speech_too_long``, ``sound_too_short``, ``bad_samples``, ``silent_sound``.
    """
    config = config or EngineConfig()
    path = Path(path)
    header = _checked_header(path, config)
    # One second more than allowed is enough to know that it is too long.
    channels = 1 if header.channels == 1 else 2
    decoded = sound_decoding.decode(path, rate, channels, config.max_sound_seconds + 1.0)
    if len(decoded) > (config.max_sound_seconds + 0.5) * rate:
        raise _too_long(config)
    if not all(np.isfinite(block).all() for _, block in scratch.blocks(decoded)):
        raise InputError(
            "bad_samples",
            "This file holds sample values that are not numbers.",
            "Export it again from the program that made it.",
        )
    samples = _mix(decoded)
    peak = scratch.peak_of(samples)
    if peak > 1.0:
        samples = scratch.mapped(samples, lambda block: (block / peak).astype(np.float32))
    waveform = Waveform(samples, rate)
    _check_audible(waveform)
    return waveform


def load_part(path: Path | str, start: float, end: float, rate: int = 16000) -> Waveform:
    """Seconds ``start`` to ``end`` of a 16-bit WAV file of our own, mono at ``rate`` Hz; the rest is not read.

    Raises :class:`EngineError` when the file is none.
    """
    try:
        with wave.open(str(path), "rb") as file:
            own, channels = file.getframerate(), file.getnchannels()
            first = min(round(start * own), file.getnframes())
            file.setpos(first)
            data = file.readframes(max(round(end * own) - first, 0))
    except (OSError, EOFError, wave.Error) as problem:
        raise EngineError("A sound that was kept cannot be read.") from problem
    samples = np.frombuffer(data, "<i2").reshape(-1, channels).astype(np.float32) / 32768.0
    return resample(Waveform(_mix(samples), own), rate)


def extract_soundtrack(
    path: Path | str, target: Path | str, rate: int = 48000, config: EngineConfig | None = None
) -> Path:
    """Write the sound of ``path`` unaltered but for its format to ``target``: WAV, 16 bit, stereo, ``rate`` Hz.

    Starts at the same instant as what :func:`load_waveform` gives. Raises the same errors as its reading half.
    """
    config = config or EngineConfig()
    path, target = Path(path), Path(target)
    _checked_header(path, config)
    sound_decoding.transcode_to_wav(path, target, rate, config.max_sound_seconds)
    return target


def write_wav(waveform: Waveform, path: Path | str) -> Path:
    """Write mono 16-bit PCM; samples beyond [-1, 1] are clipped. Returns the path."""
    path = Path(path)
    with path.open("wb") as target:
        _write_pcm16(waveform, target)
    return path


def wav_bytes(waveform: Waveform) -> bytes:
    """The whole of a mono 16-bit PCM file."""
    buffer = io.BytesIO()
    _write_pcm16(waveform, buffer)
    return buffer.getvalue()


def _write_pcm16(waveform: Waveform, target: BinaryIO) -> None:
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(waveform.rate)
        file.setnframes(len(waveform.samples))
        for _, block in scratch.blocks(waveform.samples):
            file.writeframesraw(pcm16(Waveform(block, waveform.rate)).tobytes())


def pcm16(waveform: Waveform) -> NDArray[np.int16]:
    """The samples as 16-bit integers, clipped."""
    scaled: NDArray[np.int16] = np.clip(np.rint(waveform.samples * 32767.0), -32768, 32767).astype(np.int16)
    return scaled


def resample(waveform: Waveform, rate: int) -> Waveform:
    """The same sound at another rate (polyphase filter, no shift in time)."""
    if rate == waveform.rate:
        return waveform
    divisor = int(np.gcd(rate, waveform.rate))
    parts = polyphase_parts(waveform.samples, rate // divisor, waveform.rate // divisor)
    return Waveform(scratch.collect(np.clip(part, -1.0, 1.0) for part in parts), rate)


def _checked_header(path: Path, config: EngineConfig) -> sound_decoding.SoundHeader:
    """Refuse by size and header alone whatever can be refused before decoding."""
    try:
        size = path.stat().st_size
    except OSError:
        raise sound_decoding.unreadable() from None
    if size == 0:
        raise InputError("empty_sound", "The sound file is empty.", "Record or choose the sound again.")
    if size > config.max_sound_bytes:
        raise InputError(
            "sound_file_too_large",
            f"The sound file is larger than {config.max_sound_bytes // (1024 * 1024)} MB.",
            "Send it as MP3, M4A or OGG, or send a shorter part.",
        )
    header = sound_decoding.probe(path)
    plausible = header.duration is not None and size * 8 >= header.duration * MIN_BITRATE
    if header.duration is not None and plausible and header.duration > config.max_sound_seconds + 0.5:
        raise _too_long(config)
    return header


def _too_long(config: EngineConfig) -> InputError:
    minutes = config.max_sound_seconds / 60
    return InputError(
        "speech_too_long",
        f"The sound is longer than {minutes:g} minutes.",
        "Send a shorter part of it.",
    )


def _mix(decoded: FloatArray) -> FloatArray:
    """One channel out of one or two, without cancelling what both have."""
    if decoded.shape[1] == 1:
        return decoded.reshape(-1)
    energy_left = energy_right = shared = 0.0
    for _, block in scratch.blocks(decoded):
        left, right = block[:, 0], block[:, 1]
        energy_left += float(np.dot(left, left))
        energy_right += float(np.dot(right, right))
        shared += float(np.dot(left, right))
    ratio = 10.0 ** (UNUSED_DB / 10.0)
    if energy_left > ratio * energy_right:
        return scratch.mapped(decoded, lambda block: block[:, 0])
    if energy_right > ratio * energy_left:
        return scratch.mapped(decoded, lambda block: block[:, 1])
    together = shared / max(np.sqrt(energy_left * energy_right), 1e-20)
    sign = -1.0 if together < INVERTED else 1.0
    return scratch.mapped(decoded, lambda block: (0.5 * (block[:, 0] + sign * block[:, 1])).astype(np.float32))


def _check_audible(waveform: Waveform) -> None:
    if waveform.duration < MIN_SECONDS:
        raise InputError("sound_too_short", "The sound is too short to hold a word.", "Record at least one word.")
    size = waveform.rate // 20
    whole = waveform.samples[: len(waveform.samples) // size * size]
    # A constant offset is no sound: only what moves within a twentieth of a second counts.
    parts = scratch.blocks(whole, scratch.BLOCK // size * size)
    loudest = max(float(part.reshape(-1, size).std(axis=1).max()) for _, part in parts)
    if 20.0 * np.log10(loudest + 1e-12) < SILENCE_DBFS:
        raise InputError(
            "silent_sound",
            "There is no sound to be heard in this recording.",
            "Check that the right microphone is chosen and not muted, and record again.",
        )
