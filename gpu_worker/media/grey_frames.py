"""A few grey frames of a video from strangers, by ffmpeg as a process of its own.

The frames come as portable greymaps, which carry their size with them: a file whose header lies about its size is
noticed before anything is read into memory.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from gpu_worker.media.ffmpeg_process import FfmpegOutput, FfmpegTimeoutError

Grey = NDArray[np.uint8]

_LONGEST_HEADER_LINE = 24


def every_nth(source: Sequence[str], step: int, count: int, most_pixels: int, seconds: float) -> Iterator[Grey]:
    """Frames 0, ``step``, 2 * ``step``, ... of the first picture track, at most ``count``, upright, (h, w) uint8.

    ``source``: arguments ending in ``-i FILE``. A frame of more than ``most_pixels``, damage, or the end of ``seconds``
    ends the reading without an error.
    """
    return _grey_frames(source, [], f"not(mod(n\\,{step}))", count, most_pixels, seconds)


def key_frames(source: Sequence[str], duration: float, count: int, most_pixels: int, seconds: float) -> Iterator[Grey]:
    """As :func:`every_nth`, but only key frames are decoded: one from each of ``count`` equal parts of ``duration`` (s)
    that has any."""
    part = duration / count
    chosen = f"isnan(prev_selected_t)+gt(floor(t/{part:.6f})\\,floor(prev_selected_t/{part:.6f}))"
    return _grey_frames(source, ["-skip_frame", "nokey"], chosen, count, most_pixels, seconds)


def _grey_frames(
    source: Sequence[str], before: Sequence[str], chosen: str, count: int, most_pixels: int, seconds: float
) -> Iterator[Grey]:
    arguments = ["-v", "error", *before, "-max_pixels", str(most_pixels), *source, "-map", "0:v:0"]
    arguments += ["-an", "-sn", "-dn", "-vf", f"select={chosen}", "-fps_mode", "passthrough", "-frames:v", str(count)]
    arguments += ["-threads", "1", "-pix_fmt", "gray", "-c:v", "pgm", "-f", "image2pipe", "pipe:1"]
    end = time.monotonic() + seconds
    with FfmpegOutput(arguments, stall_s=seconds, limit_s=seconds) as output:
        for _ in range(count):
            try:
                frame = _next_frame(output, most_pixels)
            except FfmpegTimeoutError:
                return
            if frame is None:
                return
            yield frame
            if time.monotonic() > end:
                return


def _next_frame(output: FfmpegOutput, most_pixels: int) -> Grey | None:
    if _line(output) != "P5":
        return None
    size, depth = _line(output).split(), _line(output)
    if depth != "255" or len(size) != 2 or not all(number.isdecimal() for number in size):
        return None
    width, height = int(size[0]), int(size[1])
    if not 0 < width * height <= most_pixels:
        return None
    frame = np.empty((height, width), np.uint8)
    return frame if output.read_into(frame.reshape(-1).data) == frame.size else None


def _line(output: FfmpegOutput) -> str:
    """One line of a greymap's header, without its end; empty at the end of the stream."""
    line, one = bytearray(), bytearray(1)
    while len(line) < _LONGEST_HEADER_LINE and output.read_into(memoryview(one)) and one != b"\n":
        line += one
    return line.decode("latin-1")
