"""Runs ffmpeg on an uploaded sound file, in a child process that is bounded in time, size and in what it may open.

An upload is hostile until decoded: a playlist named ``song.mp3`` would make ffmpeg open other files, so only real
containers are on the format whitelist, and references out of the file are off. Nothing here passes through a shell.
This module knows processes and bytes; what the samples mean is the concern of :mod:`gpu_worker.media.sound`.
"""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import numpy as np

from gpu_worker.errors import InputError
from gpu_worker.media import scratch
from gpu_worker.schema import FloatArray

#: Containers and raw streams people send. No playlist, script, image or capture format belongs here.
CONTAINERS: tuple[str, ...] = (
    "wav", "w64", "aiff", "au", "caf", "flac", "ogg", "mp3", "aac", "ac3", "eac3", "amr", "amrnb", "amrwb", "ape",
    "wv", "tta", "mpc", "mpc8", "matroska", "webm", "mov", "mp4", "m4a", "3gp", "3g2", "mj2", "asf", "avi", "flv",
    "mpeg", "mpegts", "nistsphere", "gsm", "voc", "dsf", "qoa",
)  # fmt: skip
#: Formats whose header gives no true length: ffmpeg estimates it from the size of the file.
ESTIMATED: frozenset[str] = frozenset({"mp3", "aac", "ac3", "eac3", "mpeg", "mpegts", "amr", "gsm", "ape"})
#: Longest time a look at the header may take, seconds.
PROBE_SECONDS = 15.0
#: More channels than a film has: not a recording of somebody speaking.
MAX_CHANNELS = 16
_BLOCK = 1 << 20

_NAMED_LAYOUTS = {"mono": 1, "stereo": 2, "downmix": 2, "quad": 4, "hexagonal": 6, "octagonal": 8, "hexadecagonal": 16}


@dataclass(frozen=True)
class SoundHeader:
    """What the header of a file says. ``duration`` is in seconds, or None where it is absent or only estimated."""

    container: str
    channels: int
    duration: float | None


def probe(path: Path) -> SoundHeader:
    """Read the header of ``path``.

    Raises :class:`InputError` with ``unreadable_sound`` (no container we know), ``no_audio_track`` or
    ``too_many_channels``.
    """
    command = [*_reader(path), "-hide_banner"]
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=PROBE_SECONDS, stdin=subprocess.DEVNULL, check=False
        )
    except subprocess.TimeoutExpired:
        raise unreadable() from None
    text = done.stderr.decode("utf-8", "replace")
    container = re.search(r"^Input #0, (\S+), from ", text, re.MULTILINE)
    if container is None:
        raise unreadable()
    stream = re.search(r"^\s*Stream #0:\d+.*?: Audio: (.*)$", text, re.MULTILINE)
    if stream is None:
        raise InputError(
            "no_audio_track", "This file has no sound in it.", "Choose a sound file, or a video that has a sound track."
        )
    channels = _channels(stream.group(1))
    if channels > MAX_CHANNELS:
        raise InputError(
            "too_many_channels",
            f"This file has {channels} sound channels; at most {MAX_CHANNELS} can be read.",
            "Export it as mono or stereo and send it again.",
        )
    name = container.group(1).split(",")[0]
    return SoundHeader(name, channels, _duration(text, name))


def decode(path: Path, rate: int, channels: int, max_seconds: float) -> FloatArray:
    """Decode the first sound track to ``(n, channels)`` float32 at ``rate`` Hz, at most ``max_seconds`` of it, in
    constant memory (see :mod:`gpu_worker.media.scratch`).

    A damaged or cut-off file gives what could be read before the damage. Raises ``unreadable_sound`` when that is
    nothing, or when decoding takes unreasonably long.
    """
    limit_s = 30.0 + max_seconds / 10.0
    command = [
        *_reader(path), "-v", "error", "-map", "0:a:0", "-vn", "-sn", "-dn", "-t", f"{max_seconds:.3f}",
        "-ac", str(channels), "-ar", str(rate), "-c:a", "pcm_f32le", "-f", "f32le", "pipe:1",
    ]  # fmt: skip
    # -t bounds a well-behaved ffmpeg; the count of bytes below bounds any other.
    most_bytes = int((max_seconds + 1.0) * rate) * channels * 4
    decoded = scratch.collect(_samples(_read_bounded(command, most_bytes, limit_s), channels))
    if not len(decoded):
        raise unreadable()
    return decoded


def _samples(parts: Iterator[bytes], channels: int) -> Iterator[FloatArray]:
    """The bytes as rows ``(n, channels)``; an incomplete last one is left out."""
    rest = b""
    for part in parts:
        part = rest + part
        whole = len(part) // (4 * channels) * 4 * channels
        rest = part[whole:]
        yield np.frombuffer(part[:whole], "<f4").reshape(-1, channels)


def transcode_to_wav(path: Path, target: Path, rate: int, max_seconds: float) -> None:
    """Decode the first sound track to a 16-bit stereo WAV file at ``rate`` Hz, in constant memory."""
    command = [
        *_reader(path), "-v", "error", "-map", "0:a:0", "-vn", "-sn", "-dn", "-t", f"{max_seconds:.3f}",
        "-ac", "2", "-ar", str(rate), "-c:a", "pcm_s16le", "-map_metadata", "-1", "-fflags", "+bitexact",
        "-y", "-f", "wav", f"file:{target.resolve()}",
    ]  # fmt: skip
    try:
        subprocess.run(
            command, capture_output=True, stdin=subprocess.DEVNULL, timeout=30.0 + max_seconds / 10.0, check=False
        )
    except subprocess.TimeoutExpired:
        raise unreadable() from None
    if not target.is_file() or target.stat().st_size <= 44:
        raise unreadable()


def unreadable() -> InputError:
    """The error for a file that holds no sound ffmpeg may read."""
    return InputError(
        "unreadable_sound",
        "This file cannot be read as sound.",
        "Send WAV, MP3, M4A, OGG, FLAC or WebM; if it plays on your computer, export it again as WAV.",
    )


def _reader(path: Path) -> list[str]:
    """ffmpeg's arguments up to the input: whitelisted, and with the path unmistakably a path."""
    return [
        imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-threads", "1",
        "-format_whitelist", ",".join(CONTAINERS), "-protocol_whitelist", "file,pipe",
        "-probesize", "5M", "-analyzeduration", "10M", "-i", f"file:{path.resolve()}",
    ]  # fmt: skip


def _read_bounded(command: list[str], most_bytes: int, limit_s: float) -> Iterator[bytes]:
    """What ``command`` writes, piece by piece, at most ``most_bytes`` of it, for at most ``limit_s`` seconds."""
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
    ) as child:
        watchdog = threading.Timer(limit_s, child.kill)
        watchdog.start()
        left = most_bytes
        try:
            assert child.stdout is not None  # noqa: S101 - asked for with PIPE
            while left > 0 and (block := child.stdout.read(min(_BLOCK, left))):
                left -= len(block)
                yield block
        finally:
            child.kill()  # it has ended, has said enough, or the caller is being stopped
            watchdog.cancel()


def _channels(description: str) -> int:
    """Number of channels in ffmpeg's description of a stream, such as ``pcm_s16le, 44100 Hz, stereo, s16``."""
    for part in description.split(","):
        word = part.strip().split("(")[0].strip()
        if word in _NAMED_LAYOUTS:
            return _NAMED_LAYOUTS[word]
        if count := re.fullmatch(r"(\d+) channels.*", word):
            return int(count.group(1))
        if layout := re.fullmatch(r"(\d)\.(\d)(?:\.(\d))?", word):
            return sum(int(part) for part in layout.groups() if part)
    return 2


def _duration(text: str, container: str) -> float | None:
    found = re.search(r"Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)", text)
    if found is None or container in ESTIMATED:
        return None
    hours, minutes, seconds = found.groups()
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
