"""Other forms of a finished video, for places that do not take MP4: WebM, and loops without sound as GIF or WebP.

The visible label and the watermark are in the picture and stay; the signed manifest belongs to the MP4 alone.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from gpu_worker.errors import EngineError, InputError
from gpu_worker.media.ffmpeg_process import ffmpeg_executable

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


def export_video(video: Path, target: Path, timeout_s: float = 1800.0) -> Path:
    """Write our own finished MP4 ``video`` in the form of ``target``'s name; returns ``target``.

    Raises :class:`InputError` ``unknown_video_format`` and :class:`EngineError` when ffmpeg fails.
    """
    suffix = check_export(target)
    if suffix == ".mp4":
        target.write_bytes(video.read_bytes())
        return target
    command = [ffmpeg_executable(), "-hide_banner", "-nostdin", "-v", "error", "-y", "-i", f"file:{video.resolve()}"]
    command += [*_ARGUMENTS[suffix], f"file:{target.resolve()}"]
    try:
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=timeout_s)
    except (OSError, subprocess.SubprocessError) as problem:
        raise EngineError(f"the video could not be written as {suffix}: {problem}") from problem
    if done.returncode or not target.is_file():
        raise EngineError(f"the video could not be written as {suffix}: {done.stderr.decode(errors='replace')[-300:]}")
    return target
