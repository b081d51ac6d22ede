"""A finished video in other forms; what each holds is read back with another library than the one that wrote it."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from gpu_worker.config import EngineConfig
from gpu_worker.errors import EngineError, InputError
from gpu_worker.media.video import VideoWriter
from gpu_worker.media.video_export import check_export, export_video
from gpu_worker.schema import Waveform


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of a moving bar, 96 x 64, with a tone."""
    path = tmp_path_factory.mktemp("export") / "made.mp4"
    tone = Waveform(np.sin(np.arange(16000) * 0.1).astype(np.float32) * 0.3, 16000)
    with VideoWriter(path, 96, 64, 25.0, EngineConfig(), sound=tone) as writer:
        for index in range(25):
            frame = np.full((64, 96, 3), 90, np.uint8)
            frame[:, index * 3 : index * 3 + 8] = 220
            writer.write(frame)
    return path


def test_webm_keeps_every_frame_and_the_sound(video: Path, tmp_path: Path) -> None:
    with av.open(str(export_video(video, tmp_path / "a.webm"))) as made:
        assert [stream.codec_context.name for stream in made.streams] == ["vp9", "opus"]
        assert (made.streams.video[0].width, made.streams.video[0].height) == (96, 64)
        assert sum(1 for _ in made.decode(video=0)) == 25


@pytest.mark.parametrize(("suffix", "frames"), [(".gif", 12), (".webp", 16)])
def test_loops_run_forever_without_sound(video: Path, tmp_path: Path, suffix: str, frames: int) -> None:
    with Image.open(export_video(video, tmp_path / f"a{suffix}")) as made:
        assert made.size == (96, 64)
        assert made.info["loop"] == 0
        assert abs(int(getattr(made, "n_frames")) - frames) <= 1  # noqa: B009 - not every picture has it
        made.seek(2)
        assert np.ptp(np.asarray(made.convert("L"))) > 80


def test_mp4_is_the_file_itself(video: Path, tmp_path: Path) -> None:
    assert export_video(video, tmp_path / "a.MP4").read_bytes() == video.read_bytes()


def test_other_names_and_other_files_are_refused(video: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        check_export(tmp_path / "a.avi")
    assert refused.value.code == "unknown_video_format"
    (tmp_path / "no.mp4").write_bytes(b"nothing")
    with pytest.raises(EngineError):
        export_video(tmp_path / "no.mp4", tmp_path / "a.gif")
