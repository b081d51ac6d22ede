"""What H.264 does to a single picture: encoded by x264 and decoded again, each by ffmpeg as a process of its own."""

from __future__ import annotations

import subprocess

import numpy as np
from numpy.typing import NDArray

from gpu_worker.errors import EngineError
from gpu_worker.media.ffmpeg_process import ffmpeg_executable

#: A picture takes a few hundredths of a second.
_SECONDS = 60.0


def encoded_and_decoded(picture: NDArray[np.uint8], crf: int) -> NDArray[np.uint8]:
    """``picture`` ((h, w) uint8, full range, even sides) after one key frame of H.264 at ``crf``.

    Raises EngineError when ffmpeg fails.
    """
    height, width = picture.shape
    grey = ["-f", "rawvideo", "-pix_fmt", "gray"]
    size = ["-s", f"{width}x{height}", "-r", "25"]
    x264 = ["-c:v", "libx264", "-crf", str(crf), "-preset", "veryfast", "-tune", "zerolatency", "-threads", "1"]
    encoded = _through([*grey, *size], [*x264, "-pix_fmt", "yuv420p", "-f", "h264"], picture.tobytes())
    decoded = _through(["-threads", "1", "-f", "h264"], grey, encoded)
    if len(decoded) != picture.size:
        raise EngineError(f"a trial encoding of {width} by {height} pixels came back as {len(decoded)} bytes")
    return np.frombuffer(decoded, np.uint8).reshape(height, width)


def _through(read: list[str], write: list[str], data: bytes) -> bytes:
    command = [ffmpeg_executable(), "-hide_banner", "-v", "error", *read, "-i", "pipe:0", *write, "pipe:1"]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise EngineError("ffmpeg did not finish a trial encoding in time") from error
    if done.returncode != 0:
        raise EngineError(f"a trial encoding failed: {done.stderr.decode('utf-8', 'replace')[-500:]}")
    return done.stdout
