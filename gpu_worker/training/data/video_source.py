"""A recording of any camera as frames of the clip's rate and sound of the clip's rate, on one clock.

Recordings are opened as strangers' files are: real containers only, no playlist, no network.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gpu_worker.errors import InputError
from gpu_worker.media.ffmpeg_process import FfmpegOutput, FfmpegTimeoutError
from gpu_worker.media.sound_decoding import CONTAINERS
from gpu_worker.media.stream_header import read_stream_header
from gpu_worker.schema import Image, Waveform
from gpu_worker.training.clip import FRAME_RATE, SAMPLE_RATE

#: Pictures with a longer side are reduced to this, pixels: the landmark model looks at 192 of the face alone.
_LONGEST_SIDE = 1280
#: Longest silence of ffmpeg, seconds, and the longest recording, seconds.
_STALL, _LONGEST = 120.0, 4 * 3600
_MOST_PIXELS = 40_000_000


@dataclass(frozen=True)
class VideoSource:
    """An opened recording. ``width`` and ``height`` are those of the frames handed out."""

    path: Path
    width: int
    height: int
    has_sound: bool

    def frames(self) -> Iterator[Image]:
        """RGB uint8 ``(h, w, 3)`` at ``FRAME_RATE``; frame i shows the instant i / rate of the sound.

        Raises :class:`InputError` ``damaged_media`` where not one can be decoded.
        """
        filters = f"fps={FRAME_RATE:g}:start_time=0,scale={self.width}:{self.height}:flags=bicubic"
        arguments = ["-v", "error", *_opened(self.path), "-map", "0:v:0", "-vf", filters, "-t", str(_LONGEST)]
        arguments += ["-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"]
        count = 0
        try:
            with FfmpegOutput(arguments, stall_s=_STALL) as output:
                while True:
                    frame = np.empty((self.height, self.width, 3), np.uint8)
                    if output.read_into(frame.reshape(-1).data) < frame.size:
                        break
                    count += 1
                    yield frame
        except FfmpegTimeoutError as error:
            raise _damaged() from error
        if not count:
            raise _damaged()

    def sound(self) -> Waveform:
        """Mono at ``SAMPLE_RATE``, from the instant of the first frame. Raises :class:`InputError`."""
        if not self.has_sound:
            raise InputError("no_audio_track", "This file has no sound in it.", "Choose a video with a sound track.")
        arguments = ["-v", "error", *_opened(self.path), "-map", "0:a:0", "-af", "aresample=async=1:first_pts=0"]
        arguments += ["-ac", "1", "-ar", str(SAMPLE_RATE), "-t", str(_LONGEST), "-f", "f32le", "pipe:1"]
        try:
            with FfmpegOutput(arguments, stall_s=_STALL) as output:
                data = output.read_up_to(_LONGEST * SAMPLE_RATE * 4)
        except FfmpegTimeoutError as error:
            raise _damaged() from error
        samples = np.frombuffer(data[: len(data) // 4 * 4], "<f4").astype(np.float32)
        if not len(samples) or not np.isfinite(samples).all():
            raise _damaged()
        return Waveform(np.clip(samples, -1.0, 1.0), SAMPLE_RATE)


def open_video(path: Path) -> VideoSource:
    """Look at the header. Raises :class:`InputError` ``not_a_media_file`` or ``no_video_track``."""
    header = read_stream_header(_opened(path))
    if header is None:
        raise InputError("not_a_media_file", "This file is not a video that can be read.", "Convert it to MP4.")
    if header.video is None or not header.video.width or header.video.codec == "none":
        raise InputError("no_video_track", "This file holds no pictures.", "Choose a video.")
    width, height = header.video.width, header.video.height
    if width * height > _MOST_PIXELS:
        raise InputError("media_too_large", "The pictures of this video are too large.", "Reduce its size.")
    scale = min(1.0, _LONGEST_SIDE / max(width, height))
    size = (max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2))
    return VideoSource(path, *size, header.audio is not None)


def _opened(path: Path) -> list[str]:
    arguments = ["-threads", "1", "-format_whitelist", ",".join(CONTAINERS), "-protocol_whitelist", "file,pipe"]
    # A turned telephone is turned upright by ffmpeg itself, whose header tells the size before that.
    return [*arguments, "-noautorotate", "-max_pixels", str(_MOST_PIXELS), "-i", f"file:{path.resolve()}"]


def _damaged() -> InputError:
    return InputError("damaged_media", "This recording cannot be decoded.", "Copy it again or convert it to MP4.")
