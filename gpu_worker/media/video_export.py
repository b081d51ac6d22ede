"""Other forms of a finished video, for places that do not take MP4: WebM, and loops without sound as GIF or WebP.

The visible label and the watermark are in the picture and stay. The signed manifest of the MP4 does not survive: GIF
and WebP are signed anew (``provenance.manifest``), WebM cannot hold one and keeps the plain tags alone.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from gpu_worker.errors import Cancelled, EngineError, InputError
from gpu_worker.media.ffmpeg_process import StderrTail, ffmpeg_executable

#: What each form is made with. Loops are smaller and slower: a GIF of full size would be tens of megabytes.
_LOOP = "fps={fps},scale='min({side},iw)':-2:flags=lanczos"
_GIF = _LOOP.format(fps="25/2", side=480)
_WEBP = _LOOP.format(fps="50/3", side=640)
_ARGUMENTS: dict[str, tuple[str, ...]] = {
    ".webm": (
        "-map", "0:v:0", "-map", "0:a:0?", "-c:v", "libvpx-vp9", "-crf", "30", "-b:v", "0", "-deadline", "realtime",
        "-cpu-used", "6", "-row-mt", "1", "-threads", "2", "-pix_fmt", "yuv420p", "-c:a", "libopus", "-b:a", "96k",
    ),
    ".gif": (
        "-an", "-filter_complex",
        f"[0:v]{_GIF},split[a][b];[a]palettegen=stats_mode=diff[p];[b][p]paletteuse=dither=bayer:bayer_scale=4",
        "-loop", "0",
    ),
    ".webp": ("-an", "-vf", _WEBP, "-c:v", "libwebp_anim", "-q:v", "75", "-loop", "0"),
}  # fmt: skip
#: The endings of the forms there are, MP4 among them.
EXPORTS: tuple[str, ...] = (".mp4", *_ARGUMENTS)


def check_export(target: Path) -> str:
    """The form that ``target``'s name asks for. Raises :class:`InputError` ``unknown_video_format``."""
    suffix = target.suffix.lower()
    if suffix not in EXPORTS:
        raise InputError(
            "unknown_video_format",
            f"There is no video of the form “{suffix[:10]}”.",
            f"Let the name end in {', '.join(EXPORTS)}.",
        )
    return suffix


def export_video(
    video: Path,
    target: Path,
    timeout_s: float = 1800.0,
    reached: Callable[[float], bool] | None = None,
) -> Path:
    """Write our own finished MP4 ``video`` in the form of ``target``'s name; returns ``target``.

    ``reached`` is told several times a second which second of the video is written, and ends the work by answering
    False. Raises :class:`InputError` ``unknown_video_format``, :class:`EngineError` when ffmpeg fails or takes longer
    than ``timeout_s``, and :class:`Cancelled`.
    """
    suffix = check_export(target)
    if suffix == ".mp4":
        target.write_bytes(video.read_bytes())
        return target
    command = [ffmpeg_executable(), "-hide_banner", "-nostdin", "-v", "error", "-nostats", "-progress", "pipe:1", "-y"]
    command += ["-i", f"file:{video.resolve()}", *_ARGUMENTS[suffix], f"file:{target.resolve()}"]
    try:
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            complaint = _followed(process, timeout_s, reached or (lambda _: True))
    except OSError as problem:
        raise EngineError(f"the video could not be written as {suffix}: {problem}") from problem
    if process.returncode or not target.is_file():
        raise EngineError(f"the video could not be written as {suffix}: {complaint[-300:]}")
    return target


def _followed(process: subprocess.Popen[bytes], timeout_s: float, reached: Callable[[float], bool]) -> str:
    """Tell how far ffmpeg is until it ends; returns what it complained of. It never outlives this call."""
    tail = StderrTail(process)
    tail.start()
    limit = threading.Timer(timeout_s, process.kill)
    limit.start()
    try:
        for line in process.stdout or ():
            name, _, value = line.decode("ascii", "replace").strip().partition("=")
            if name == "out_time_us" and value.isdigit() and not reached(int(value) / 1e6):
                raise Cancelled
        process.wait()
    finally:
        limit.cancel()
        process.kill()
        process.wait()
    return tail.text()
