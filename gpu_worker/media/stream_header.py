"""What ffmpeg says of a file's streams when it opens it, without decoding any of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gpu_worker.media.ffmpeg_process import FfmpegOutput, FfmpegTimeoutError

#: Longest time a look at the header may take, seconds, and the most that is read of what ffmpeg says.
_SECONDS, _MOST_BYTES = 20.0, 1 << 22

_STREAM = re.compile(r"^  Stream #0:\d+\S*: (Video|Audio): (.*)$", re.MULTILINE)
_DURATION = re.compile(r"^  Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)", re.MULTILINE)
#: Commas within brackets, as in "yuv420p(tv, bt709, progressive)", separate nothing.
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")


@dataclass(frozen=True)
class VideoStream:
    """``codec`` is ffmpeg's name, ``none`` when it knows none; sizes in pixels (0: not told); ``fps`` to two decimals
    or None."""

    codec: str
    pixel_format: str
    width: int
    height: int
    fps: float | None


@dataclass(frozen=True)
class AudioStream:
    """``rate`` in Hz, 0 when it is not told."""

    codec: str
    rate: int


@dataclass(frozen=True)
class StreamHeader:
    """The first stream of each kind; ``duration`` of the whole file in seconds, or None."""

    video: VideoStream | None
    audio: AudioStream | None
    duration: float | None


def read_stream_header(source: Sequence[str]) -> StreamHeader | None:
    """The header of the file that ``source``, arguments ending in ``-i FILE``, opens; None when it cannot be opened."""
    try:
        with FfmpegOutput(["-v", "info", *source], stall_s=_SECONDS, limit_s=_SECONDS, with_log=True) as output:
            told = output.read_up_to(_MOST_BYTES).decode("utf-8", "replace")
    except FfmpegTimeoutError:
        return None
    return parse_stream_header(told)


def parse_stream_header(told: str) -> StreamHeader | None:
    """Read the description that ``ffmpeg -i`` prints; None where it opened nothing.

    Tags are printed between the lines looked for, but indented further, so that a title cannot pose as a stream.
    """
    begin = re.search(r"^Input #0, ", told, re.MULTILINE)
    if begin is None:
        return None
    told = told[begin.start() :]
    streams: dict[str, str] = {}
    for kind, description in _STREAM.findall(told):
        streams.setdefault(kind, description)
    duration = _DURATION.search(told)
    return StreamHeader(
        video=_video(streams["Video"]) if "Video" in streams else None,
        audio=_audio(streams["Audio"]) if "Audio" in streams else None,
        duration=_seconds(*duration.groups()) if duration else None,
    )


def _parts(description: str) -> list[str]:
    while (plain := _BRACKETS.sub("", description)) != description:
        description = plain
    return [part.strip() for part in description.split(",")]


def _video(description: str) -> VideoStream:
    parts = _parts(description)
    size = next((found for part in parts[1:] if (found := re.match(r"(\d{1,7})x(\d{1,7})\b", part))), None)
    rate = next((found for part in parts[1:] if (found := re.fullmatch(r"(\d+(?:\.\d+)?)(k?) fps", part))), None)
    return VideoStream(
        codec=_codec(parts),
        pixel_format=parts[1].split(" ")[0] if len(parts) > 1 else "",
        width=int(size[1]) if size else 0,
        height=int(size[2]) if size else 0,
        fps=float(rate[1]) * (1000.0 if rate[2] else 1.0) if rate else None,
    )


def _audio(description: str) -> AudioStream:
    parts = _parts(description)
    rate = next((found for part in parts[1:] if (found := re.fullmatch(r"(\d{1,9}) Hz", part))), None)
    return AudioStream(codec=_codec(parts), rate=int(rate[1]) if rate else 0)


def _codec(parts: list[str]) -> str:
    return parts[0].split(" ")[0]


def _seconds(hours: str, minutes: str, seconds: str) -> float:
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
