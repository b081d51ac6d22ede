"""The clock of an mp4, held against what FFmpeg's own demuxer makes of the same file."""

from __future__ import annotations

import subprocess
from pathlib import Path

import av
import numpy as np
import pytest

from gpu_worker.errors import EngineError
from gpu_worker.media.ffmpeg_process import ffmpeg_executable
from gpu_worker.media.mp4_boxes import read_track_clocks
from gpu_worker.media.video_reader import probe

_PICTURE = ["-f", "lavfi", "-i", "testsrc=size=64x48:rate={rate}:duration=1.2"]
_SOUND = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100:duration=1.2"]


def _make(path: Path, rate: str = "25", before_sound: tuple[str, ...] = (), after: tuple[str, ...] = ()) -> Path:
    picture = [part.format(rate=rate) for part in _PICTURE]
    command = [ffmpeg_executable(), "-v", "error", *picture, *before_sound, *_SOUND]
    subprocess.run([*command, "-c:v", "libx264", "-c:a", "aac", *after, str(path)], check=True, timeout=60)
    return path


@pytest.mark.parametrize(
    ("rate", "before_sound", "after"),
    [
        ("25", (), ()),
        ("30000/1001", (), ("-movflags", "+faststart")),
        ("12.5", (), ("-bf", "0")),
        ("25", ("-itsoffset", "0.35"), ()),
        ("25", ("-itsoffset", "-0.2"), ()),
        ("25", (), ("-use_editlist", "0")),
        ("24", (), ("-c:a", "mp3")),
        ("25", ("-itsoffset", "0.08"), ("-movie_timescale", "90000", "-video_track_timescale", "600")),
    ],
)
def test_the_clock_is_that_of_the_file(
    tmp_path: Path, rate: str, before_sound: tuple[str, ...], after: tuple[str, ...]
) -> None:
    path = _make(tmp_path / "a.mp4", rate, before_sound, after)
    info = probe(path)
    with av.open(str(path)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert video.average_rate is not None
        assert video.time_base is not None
        assert audio.time_base is not None
        assert info.frames == video.frames
        assert info.fps == float(video.average_rate)
        offset = (audio.start_time or 0) * audio.time_base - (video.start_time or 0) * video.time_base
        assert info.audio_offset == pytest.approx(float(offset), abs=0.0005)
        assert (info.width, info.height) == (video.codec_context.width, video.codec_context.height)
        assert (info.video_codec, info.pixel_format) == (video.codec_context.name, video.codec_context.pix_fmt)
        assert info.audio_rate == audio.codec_context.sample_rate


def test_a_video_without_sound(tmp_path: Path) -> None:
    info = probe(_make(tmp_path / "a.mp4", after=("-an",)))
    assert (info.audio_codec, info.audio_rate, info.audio_offset) == (None, None, 0.0)


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    with pytest.raises(EngineError):
        probe(_make(tmp_path / "a.mp4", after=("-vn",)))


def test_damaged_boxes_give_a_clock_or_an_error_and_nothing_else(tmp_path: Path) -> None:
    content = _make(tmp_path / "a.mp4", after=("-movflags", "+faststart")).read_bytes()
    index = content.index(b"moov"), content.index(b"mdat")
    rng, path = np.random.default_rng(3), tmp_path / "b.mp4"
    refused = 0
    for _ in range(300):
        damaged = bytearray(content)
        for position in rng.integers(*index, 12):
            damaged[position] = rng.integers(0, 256)
        path.write_bytes(damaged[: rng.integers(index[0], len(content))] if rng.random() < 0.2 else damaged)
        try:
            for clock in read_track_clocks(path):
                assert clock.samples >= 0
                assert clock.duration >= 0
        except ValueError:
            refused += 1
    assert 0 < refused < 300


@pytest.mark.parametrize("content", [b"", b"words", b"\0\0\0\x08moov", b"\0\0\0\x10moov\0\0\0\x08trak", b"\0" * 64])
def test_files_without_an_index_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    with pytest.raises(ValueError):
        read_track_clocks(path)
