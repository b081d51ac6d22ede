"""Reading a finished video back, a frame at a time, in bounded memory.

Frames and sound come from ffmpeg as a separate process, and so does the description of the streams; the container's
own clock (start times, edit lists, counts) is read from its boxes, exactly and without decoding.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import RawIOBase
from pathlib import Path

import numpy as np

from gpu_worker.errors import EngineError
from gpu_worker.media import scratch
from gpu_worker.media.ffmpeg_process import FfmpegOutput, FfmpegTimeoutError, widen_pipe
from gpu_worker.media.mp4_boxes import TrackClock, read_track_clocks
from gpu_worker.media.stream_header import StreamHeader, read_stream_header
from gpu_worker.schema import FloatArray, Image, Waveform

#: Longest silence of ffmpeg before it is taken for hung, seconds; a busy machine needs a few.
_STALL_SECONDS = 120.0
#: Longest sound that is read, seconds: a bound, not a limit of the product.
_MOST_SOUND_SECONDS = 4 * 3600


@dataclass(frozen=True)
class VideoInfo:
    """What the container says. ``audio_offset`` is the start of the sound minus that of the picture, seconds."""

    width: int
    height: int
    fps: float
    frames: int
    duration: float
    video_codec: str
    pixel_format: str
    audio_codec: str | None
    audio_rate: int | None
    audio_offset: float


@dataclass(frozen=True)
class Window:
    """A part of the picture (x, y, width, height, pixels) and the size (width, height) it is scaled to."""

    x: int
    y: int
    width: int
    height: int
    out_width: int
    out_height: int


def probe(path: Path) -> VideoInfo:
    """Read the container's header; raises EngineError when it is not an mp4 with a picture track."""
    try:
        clocks = read_track_clocks(path)
    except (ValueError, OSError) as error:
        raise _not_a_video(path) from error
    header = read_stream_header(["-i", f"file:{path}"])
    picture, sound = _first(clocks, "vide"), _first(clocks, "soun")
    if header is None or header.video is None or picture is None or not picture.duration:
        raise _not_a_video(path)
    return _video_info(header, picture, sound)


def _video_info(header: StreamHeader, picture: TrackClock, sound: TrackClock | None) -> VideoInfo:
    assert header.video is not None  # noqa: S101 - the caller has looked
    return VideoInfo(
        width=header.video.width,
        height=header.video.height,
        fps=picture.rate,
        frames=picture.samples,
        duration=picture.duration,
        video_codec=header.video.codec,
        pixel_format=header.video.pixel_format,
        audio_codec=header.audio.codec if header.audio is not None else None,
        audio_rate=header.audio.rate if header.audio is not None else None,
        audio_offset=sound.start - picture.start if sound is not None else 0.0,
    )


def _first(clocks: list[TrackClock], handler: str) -> TrackClock | None:
    return next((clock for clock in clocks if clock.handler == handler), None)


def _not_a_video(path: Path) -> EngineError:
    return EngineError(f"{path.name} cannot be read as a video")


@dataclass(frozen=True)
class Aside:
    """Whole frames 0, ``every``, 2 * ``every``, ... (RGB, ``(height, width, 3)``) that ``take`` is given on a thread of
    its own, from the same decoding as others."""

    width: int
    height: int
    every: int
    take: Callable[[Image], None]


def read_frames(
    path: Path, window: Window | None = None, every: int = 1, aside: Aside | None = None
) -> Iterator[Image]:
    """Decode frame by frame: RGB uint8 ``(h, w, 3)`` of the whole picture, or of ``window``, cut and scaled by ffmpeg.

    With ``every`` = n only frames 0, n, 2n, ... are handed out. What ``aside.take`` raises is raised at the end. Memory
    stays at a few frames whatever the length. Closing the iterator early ends the process.
    """
    if window is None:
        info = probe(path)
        width, height, filters = info.width, info.height, []
    else:
        width, height = window.out_width, window.out_height
        filters = [f"crop={window.width}:{window.height}:{window.x}:{window.y}:exact=1"]
    if every > 1:
        filters.insert(0, _every(every))
    filters.append(_as_rgb(width, height))
    source = ["-v", "error", "-i", f"file:{path}"]
    if aside is None:
        yield from _frames(path, [*source, "-map", "0:v:0", "-vf", ",".join(filters), *_RAW, "pipe:1"], width, height)
        return
    graph = f"[0:v:0]split[a][b];[a]{','.join(filters)}[part];[b]{_every(aside.every)},"
    graph += f"{_as_rgb(aside.width, aside.height)}[whole]"
    with _Taker(aside) as taker:
        arguments = [*source, "-filter_complex", graph, "-map", "[part]", *_RAW, "pipe:1"]
        arguments += ["-map", "[whole]", *_RAW, f"pipe:{taker.end}"]
        yield from _frames(path, arguments, width, height, taker)
        taker.finish()


_RAW = ("-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgb24")


def _every(count: int) -> str:
    return f"select=not(mod(n\\,{count}))"


def _as_rgb(width: int, height: int) -> str:
    return f"scale={width}:{height}:in_color_matrix=bt709:in_range=tv:out_range=full:flags=bicubic"


class _Taker:
    """Reads whole frames from a pipe whose other ``end`` ffmpeg writes to, until ffmpeg closes it."""

    def __init__(self, aside: Aside) -> None:
        self._aside = aside
        self._problem: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="aside", daemon=True)

    def __enter__(self) -> _Taker:
        self._read, self.end = os.pipe()
        self._open = True
        widen_pipe(self._read)
        return self

    def begin(self) -> None:
        """ffmpeg runs and has its end: ours is closed, so that the pipe ends when ffmpeg does."""
        self._close()
        self._thread.start()

    def finish(self) -> None:
        """Wait for the last frame; raises what ``take`` raised."""
        self._thread.join()
        if self._problem is not None:
            raise self._problem

    def __exit__(self, *_: object) -> None:
        self._close()
        if self._thread.ident is not None:
            self._thread.join()
        else:
            os.close(self._read)

    def _close(self) -> None:
        if self._open:
            os.close(self.end)
            self._open = False

    def _run(self) -> None:
        shape = (self._aside.height, self._aside.width, 3)
        with open(self._read, "rb", buffering=0) as pipe:
            try:
                while True:
                    frame = np.empty(shape, np.uint8)
                    if _filled(pipe, frame.reshape(-1).data) < frame.size:
                        return
                    self._aside.take(frame)
            except BaseException as problem:  # noqa: BLE001 - raised where the frames are asked for
                self._problem = problem
                while pipe.read(1 << 16):  # ffmpeg must not wait for us
                    pass


def _filled(pipe: RawIOBase, buffer: memoryview) -> int:
    got = 0
    while got < len(buffer) and (count := pipe.readinto(buffer[got:])):
        got += count
    return got


def _frames(
    path: Path, arguments: Sequence[str], width: int, height: int, taker: _Taker | None = None
) -> Iterator[Image]:
    """The frames that ffmpeg writes to its standard output."""
    beside = () if taker is None else (taker.end,)
    with FfmpegOutput(arguments, stall_s=_STALL_SECONDS, pass_fds=beside) as output:
        if taker is not None:
            taker.begin()
        try:
            while True:
                # A frame of its own each time: whoever reads may keep it.
                frame = np.empty((height, width, 3), np.uint8)
                if output.read_into(frame.reshape(-1).data) < frame.size:
                    break
                yield frame
            status = output.finish()
        except FfmpegTimeoutError as error:
            raise EngineError(f"ffmpeg stopped while it decoded {path.name}") from error
        if status != 0:
            raise EngineError(f"ffmpeg could not decode {path.name} to its end: {output.complaints()[-500:]}")


def read_sound(path: Path, rate: int) -> Waveform:
    """Decode the sound to mono float32 at ``rate`` Hz, on the picture's clock: sample 0 sounds with frame 0."""
    return Waveform(scratch.collect(sound_blocks(path, rate)), rate)


def sound_blocks(path: Path, rate: int) -> Iterator[FloatArray]:
    """What :func:`read_sound` gives, block by block."""
    arguments = ["-v", "error", "-i", f"file:{path}", "-map", "0:a:0", "-af", "aresample=async=1:first_pts=0"]
    arguments += ["-ac", "1", "-ar", str(rate), "-f", "f32le", "pipe:1"]
    with FfmpegOutput(arguments, stall_s=_STALL_SECONDS) as output:
        try:
            left = _MOST_SOUND_SECONDS * rate
            while left > 0:
                block = np.empty(min(scratch.BLOCK, left), "<f4")
                count = output.read_into(block.view(np.uint8).data) // 4
                yield block[:count]
                left -= count
                if count < len(block):
                    break
            status = output.finish()
        except FfmpegTimeoutError as error:
            raise EngineError(f"ffmpeg stopped while it decoded the sound of {path.name}") from error
        if status != 0:
            raise EngineError(f"the sound of {path.name} cannot be decoded: {output.complaints()[-500:]}")
