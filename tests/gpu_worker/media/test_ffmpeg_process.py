"""A child process that misbehaves is ended, and nothing of it stays behind."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gpu_worker.errors import EngineError
from gpu_worker.media import ffmpeg_process
from gpu_worker.media.ffmpeg_process import FfmpegOutput, FfmpegTimeoutError, untrusted_input
from gpu_worker.media.h264_trial import encoded_and_decoded

Fake = Callable[[str], None]


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Puts a shell script in ffmpeg's place."""

    def place(script: str) -> None:
        program = tmp_path / "ffmpeg"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setattr(ffmpeg_process, "ffmpeg_executable", lambda: str(program))

    return place


def test_output_and_status_of_a_program_that_complains_more_than_a_pipe_holds(fake: Fake) -> None:
    fake("for i in $(seq 3000); do echo 'a long line of complaint that nobody reads' >&2; done; printf abc; exit 7")
    with FfmpegOutput([], stall_s=30) as output:
        assert output.read_up_to(100) == b"abc"
        assert output.finish() == 7
        assert output.complaints().count("complaint") == 20


def test_silence_ends_it(fake: Fake, started: list[subprocess.Popen[bytes]]) -> None:
    fake("printf ab; exec sleep 60")
    with FfmpegOutput([], stall_s=0.5) as output, pytest.raises(FfmpegTimeoutError):
        output.read_up_to(10)
    assert started[0].returncode == -9


def test_endless_chatter_ends_at_the_limit_and_at_the_most_bytes(
    fake: Fake, started: list[subprocess.Popen[bytes]]
) -> None:
    fake("exec yes")
    with FfmpegOutput([], stall_s=30) as output:
        assert len(output.read_up_to(100_001)) == 100_001
    with FfmpegOutput([], stall_s=30, limit_s=0.3) as output, pytest.raises(FfmpegTimeoutError):
        output.read_up_to(1 << 40)
    assert [process.returncode for process in started] == [-9, -9]


def test_a_program_that_closes_its_output_but_stays_is_ended(
    fake: Fake, started: list[subprocess.Popen[bytes]]
) -> None:
    fake("exec >&- 2>&-; exec sleep 60")
    with FfmpegOutput([], stall_s=0.5) as output:
        assert output.read_up_to(10) == b""
        with pytest.raises(FfmpegTimeoutError):
            output.finish()
    assert started[0].returncode == -9


def test_an_error_of_the_reader_ends_it(fake: Fake, started: list[subprocess.Popen[bytes]]) -> None:
    fake("exec yes")

    def read_and_stop() -> None:
        with FfmpegOutput([], stall_s=30) as output:
            output.read_up_to(10)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_and_stop()
    assert started[0].returncode == -9


def test_a_playlist_opens_nothing(tmp_path: Path) -> None:
    """Neither by its own name nor by one of the formats that strangers' files may have."""
    (tmp_path / "secret.txt").write_text("words")
    playlist = tmp_path / "a.mp4"
    playlist.write_text(f"ffconcat version 1.0\nfile '{tmp_path / 'secret.txt'}'\n")
    for demuxer in ("mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"):
        with FfmpegOutput([*untrusted_input(playlist, demuxer), "-f", "null", "-"], stall_s=30) as output:
            output.read_up_to(1000)
            assert output.finish() != 0
            assert "Invalid data" in output.complaints()


def test_a_picture_goes_through_h264_and_comes_back_at_its_own_level() -> None:
    rows, columns = np.mgrid[0:96, 0:128]
    picture = np.clip(128 + 120 * np.sin(columns / 9) * np.cos(rows / 11), 0, 255).astype(np.uint8)
    fine, coarse = (encoded_and_decoded(picture, crf).astype(float) - picture for crf in (10, 40))
    assert np.abs(fine).mean() < 1.5
    assert abs(fine.mean()) < 0.5
    assert np.abs(coarse).mean() > 2 * np.abs(fine).mean()


def test_a_failed_trial_encoding_is_an_error() -> None:
    with pytest.raises(EngineError, match="trial encoding"):
        encoded_and_decoded(np.zeros((33, 33), np.uint8)[:, :0], 30)
