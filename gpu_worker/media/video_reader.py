"""Reading a finished video back, a frame at a time, in bounded memory.

Frames and sound come from ffmpeg as a separate process; the container's own clock (start times, edit lists) comes
from PyAV, which reads it without decoding.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gpu_worker.errors import EngineError
from gpu_worker.media.video import ffmpeg_executable
from gpu_worker.schema import Image, Waveform


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
    """Read the container's header; raises EngineError when it is not a video."""
    import av

    try:
        with av.open(str(path)) as container:
            video = container.streams.video[0]
            audio = container.streams.audio[0] if container.streams.audio else None
            fps = float(video.average_rate or 0)
            start = float((video.start_time or 0) * (video.time_base or 0))
            sound_start = float((audio.start_time or 0) * (audio.time_base or 0)) if audio is not None else start
            return VideoInfo(
                width=video.codec_context.width,
                height=video.codec_context.height,
                fps=fps,
                frames=video.frames,
                duration=float((video.duration or 0) * (video.time_base or 0)),
                video_codec=video.codec_context.name,
                pixel_format=str(video.codec_context.pix_fmt),
                audio_codec=audio.codec_context.name if audio is not None else None,
                audio_rate=audio.codec_context.sample_rate if audio is not None else None,
                audio_offset=sound_start - start,
            )
    except (av.FFmpegError, IndexError, OSError) as error:
        raise EngineError(f"{path.name} cannot be read as a video") from error


def read_frames(path: Path, window: Window | None = None, every: int = 1) -> Iterator[Image]:
    """Decode frame by frame: RGB uint8 ``(h, w, 3)`` of the whole picture, or of ``window``, cut and scaled by ffmpeg.

    With ``every`` = n only frames 0, n, 2n, ... are handed out. Memory stays at a few frames whatever the length.
    Closing the iterator early ends the process.
    """
    if window is None:
        info = probe(path)
        width, height, filters = info.width, info.height, []
    else:
        width, height = window.out_width, window.out_height
        filters = [f"crop={window.width}:{window.height}:{window.x}:{window.y}:exact=1"]
    if every > 1:
        filters.insert(0, f"select=not(mod(n\\,{every}))")
    filters.append(f"scale={width}:{height}:in_color_matrix=bt709:in_range=tv:out_range=full:flags=bicubic")
    command = [ffmpeg_executable(), "-hide_banner", "-nostdin", "-loglevel", "error", "-i", str(path), "-an"]
    command += ["-fps_mode", "passthrough", "-vf", ",".join(filters), "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0)
    size = width * height * 3
    try:
        while (block := _read_exactly(process, size)) is not None:
            yield np.frombuffer(block, np.uint8).reshape(height, width, 3)
        if process.wait() != 0:
            raise EngineError(f"ffmpeg could not decode {path.name} to its end")
    finally:
        if process.poll() is None:
            process.kill()
        if process.stdout is not None:
            process.stdout.close()
        process.wait()


def read_sound(path: Path, rate: int) -> Waveform:
    """Decode the sound to mono float32 at ``rate`` Hz, on the picture's clock: sample 0 sounds with frame 0."""
    command = [ffmpeg_executable(), "-hide_banner", "-nostdin", "-loglevel", "error", "-i", str(path), "-vn"]
    command += ["-af", "aresample=async=1:first_pts=0", "-ac", "1", "-ar", str(rate), "-f", "f32le", "pipe:1"]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode != 0:
        raise EngineError(
            f"the sound of {path.name} cannot be decoded: {done.stderr.decode('utf-8', 'replace')[-500:]}"
        )
    return Waveform(np.frombuffer(done.stdout, "<f4").astype(np.float32), rate)


def _read_exactly(process: subprocess.Popen[bytes], size: int) -> bytearray | None:
    """One whole frame, or None at the end of the stream (a last, incomplete frame is none)."""
    if process.stdout is None:
        return None
    block = bytearray(size)
    view, got = memoryview(block), 0
    while got < size:
        count = process.stdout.readinto(view[got:])  # type: ignore[attr-defined]
        if not count:
            return None
        got += count
    return block
