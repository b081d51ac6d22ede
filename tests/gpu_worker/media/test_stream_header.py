from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gpu_worker.media.ffmpeg_process import ffmpeg_executable
from gpu_worker.media.stream_header import parse_stream_header, read_stream_header

_MP4 = """Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'file:a.mp4':
  Metadata:
    title           : a title
                    :   Stream #0:0: Video: h264, yuv420p, 9x9, 1 fps
  Duration: 00:01:02.64, start: 0.000000, bitrate: 561 kb/s
  Stream #0:0[0x1](und): Audio: aac (LC) (mp4a / 0x6134706D), 48000 Hz, mono, fltp, 125 kb/s (default)
  Stream #0:1[0x2](und): Video: h264 (High) (avc1 / 0x31637661), yuv420p(tv, bt709, progressive), 512x600 [SAR 1:1 DAR 64:75], 421 kb/s, 29.97 fps, 30 tbr, 12800 tbn (default)
      Metadata:
        encoder         : Lavc libx264
  Stream #0:2: Video: mjpeg, gray, 20x20, 1 fps (attached pic)
"""  # noqa: E501


def test_streams_are_told_apart() -> None:
    header = parse_stream_header(_MP4)
    assert header is not None
    assert header.video is not None
    assert header.audio is not None
    assert header.duration == pytest.approx(62.64)
    assert (header.video.codec, header.video.pixel_format) == ("h264", "yuv420p")
    assert (header.video.width, header.video.height, header.video.fps) == (512, 600, 29.97)
    assert (header.audio.codec, header.audio.rate) == ("aac", 48000)


@pytest.mark.parametrize(
    "line",
    [
        "  Stream #0:0: Video: none (abcd / 0x64636261), none, 320x240, 25 fps",
        "  Stream #0:0(eng): Video: vp9, none(pc), 1k tbr",
        "  Stream #0:0: Video: h264",
    ],
)
def test_what_is_not_told_is_nothing(line: str) -> None:
    header = parse_stream_header(f"Input #0, matroska,webm, from 'x':\n  Duration: N/A, start: 0.0\n{line}\n")
    assert header is not None
    assert header.video is not None
    assert header.duration is None
    assert header.audio is None
    assert header.video.codec in ("none", "vp9", "h264")
    assert header.video.width in (0, 320)


def test_no_input_no_header() -> None:
    assert parse_stream_header("a.mp4: Invalid data found when processing input\n") is None


def test_a_title_cannot_pose_as_a_stream(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    title = "x\n  Stream #0:0: Video: h264, yuv420p, 9x9, 1 fps\r\n  Duration: 99:00:00.00"
    command = [ffmpeg_executable(), "-v", "error", "-f", "lavfi", "-i", "testsrc=size=64x48:duration=0.2"]
    subprocess.run([*command, "-c:v", "mpeg4", "-metadata", f"title={title}", str(path)], check=True, timeout=60)
    header = read_stream_header(["-i", f"file:{path}"])
    assert header is not None
    assert header.video is not None
    assert (header.video.codec, header.video.width) == ("mpeg4", 64)
    assert header.duration == pytest.approx(0.2, abs=0.05)
