from __future__ import annotations

import subprocess
import threading
from pathlib import Path

import numpy as np
import pytest

from gpu_worker.config import EngineConfig
from gpu_worker.errors import Cancelled, EngineError
from gpu_worker.media import ffmpeg_process
from gpu_worker.media import video as video_module
from gpu_worker.media.ffmpeg_process import ffmpeg_executable
from gpu_worker.media.video import VideoWriter, write_poster
from gpu_worker.media.video_reader import Window, probe, read_frames, read_sound
from gpu_worker.schema import Image, Waveform

CONFIG = EngineConfig(preset="ultrafast")
_COLOURS = ((200, 30, 40), (30, 160, 60), (40, 60, 190), (210, 170, 140), (128, 128, 128), (250, 250, 250))


def _patches(width: int, height: int) -> Image:
    picture = np.zeros((height, width, 3), np.uint8)
    for number, colour in enumerate(_COLOURS):
        picture[:, number * width // len(_COLOURS) :] = colour
    return picture


def _clicks(seconds: float, rate: int = 48000) -> Waveform:
    samples = np.zeros(int(seconds * rate), np.float32)
    for start in np.arange(0.1, seconds - 0.1, 0.23):
        at = int(start * rate)
        samples[at : at + 400] = 0.7 * np.sin(np.arange(400) * 0.2)
    return Waveform(samples, rate)


def _write(
    path: Path, width: int = 96, height: int = 64, frames: int = 25, fps: float = 25.0, **options: object
) -> Image:
    picture = _patches(width, height)
    with VideoWriter(path, width, height, fps, CONFIG, **options) as writer:  # type: ignore[arg-type]
        for _ in range(frames):
            writer.write(picture)
    return picture


def test_the_file_is_what_players_expect(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    _write(path, sound=_clicks(1.0), metadata={"comment": "made by a test"})
    info = probe(path)
    assert (info.video_codec, info.pixel_format, info.audio_codec) == ("h264", "yuv420p", "aac")
    assert (info.width, info.height, info.frames, info.fps) == (96, 64, 25, 25.0)
    assert info.duration == pytest.approx(1.0)
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat"), "the index must come first"
    told = subprocess.run([ffmpeg_executable(), "-i", str(path)], capture_output=True, text=True).stderr
    assert "bt709" in told
    assert "made by a test" in told


def test_colours_survive(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    picture = _write(path, width=192)
    frame = list(read_frames(path))[5]
    centres = [(2 * number + 1) * 192 // (2 * len(_COLOURS)) for number in range(len(_COLOURS))]
    difference = np.abs(frame[32, centres].astype(int) - picture[32, centres])
    assert difference.max() <= 4, difference


@pytest.mark.parametrize(("width", "height"), [(97, 64), (96, 65), (97, 65)])
def test_odd_sizes_repeat_the_edge(tmp_path: Path, width: int, height: int) -> None:
    path = tmp_path / "a.mp4"
    _write(path, width, height)
    frame = next(iter(read_frames(path)))
    assert frame.shape == (height + height % 2, width + width % 2, 3)
    np.testing.assert_allclose(frame[:, -1].astype(int), np.broadcast_to(_COLOURS[-1], frame[:, -1].shape), atol=6)
    np.testing.assert_allclose(frame[-1, 2].astype(int), _COLOURS[0], atol=6)


@pytest.mark.parametrize("fps", [25.0, 29.97, 12.5, 50.0])
def test_any_frame_rate_keeps_picture_and_sound_together(tmp_path: Path, fps: float) -> None:
    path = tmp_path / "a.mp4"
    frames = int(2 * fps)
    sound = _clicks(frames / fps)
    _write(path, frames=frames, fps=fps, sound=sound)
    info = probe(path)
    assert info.frames == frames
    assert info.fps == pytest.approx(fps, rel=1e-4)
    decoded = read_sound(path, 48000).samples
    count = min(len(decoded), len(sound.samples))
    correlation = np.fft.irfft(
        np.fft.rfft(decoded[:count], 2 * count) * np.conj(np.fft.rfft(sound.samples[:count], 2 * count))
    )
    delay = int(correlation.argmax())
    assert min(delay, 2 * count - delay) <= 48, "more than a millisecond apart"


def test_reading_may_stop_early(tmp_path: Path, started: list[subprocess.Popen[bytes]]) -> None:
    path = tmp_path / "a.mp4"
    _write(path, 512, 512, frames=60)
    before = threading.active_count()
    frames = read_frames(path)
    first = next(frames)
    second = next(frames)
    frames.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before
    first[:] = 0
    assert second.any(), "every frame has memory of its own"
    assert [process.returncode for process in started[-1:]] == [-9]


def test_a_failing_decoder_is_reported_with_its_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.mp4"
    _write(path)
    script = tmp_path / "ffmpeg"
    script.write_text("#!/bin/sh\nhead -c 4000 /dev/zero\necho 'a hole in the file' >&2\nexit 3\n")
    script.chmod(0o755)
    monkeypatch.setattr(ffmpeg_process, "ffmpeg_executable", lambda: str(script))
    frames = read_frames(path, Window(0, 0, 32, 32, 32, 32))
    assert next(frames).shape == (32, 32, 3)
    with pytest.raises(EngineError, match="a hole in the file"):
        next(frames)
    with pytest.raises(EngineError, match="a hole in the file"):
        read_sound(path, 16000)


def test_a_window_is_cut_and_scaled(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    _write(path, width=192)
    frames = list(read_frames(path, Window(32, 0, 32, 32, 64, 64), every=10))
    assert len(frames) == 3
    assert frames[0].shape == (64, 64, 3)
    np.testing.assert_allclose(frames[0][32, 32].astype(int), _COLOURS[1], atol=6)


def test_a_cancelled_video_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"

    def begin_and_stop() -> None:
        with VideoWriter(path, 96, 64, 25, CONFIG, sound=_clicks(1.0)) as writer:
            writer.write(_patches(96, 64))
            raise Cancelled

    with pytest.raises(Cancelled):
        begin_and_stop()
    assert list(tmp_path.iterdir()) == []


def test_a_dead_ffmpeg_is_reported_with_its_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "ffmpeg"
    # It complains more than a pipe holds, reads nothing and dies: the writer must neither hang nor lose the reason.
    complaint = "for i in $(seq 3000); do echo 'a long line of complaint that nobody reads' >&2; done"
    script.write_text(f"#!/bin/sh\n{complaint}\necho 'no space left' >&2\nexit 7\n")
    script.chmod(0o755)
    monkeypatch.setattr(video_module, "ffmpeg_executable", lambda: str(script))
    out = tmp_path / "out"
    with pytest.raises(EngineError, match="no space left"):
        _write(out / "a.mp4", 512, 512, frames=100)
    assert list(out.iterdir()) == []


def test_wrong_frames_and_empty_videos_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="shape"), VideoWriter(tmp_path / "a.mp4", 96, 64, 25, CONFIG) as writer:
        writer.write(np.zeros((10, 10, 3), np.uint8))
    with pytest.raises(EngineError, match="no frame"), VideoWriter(tmp_path / "b.mp4", 96, 64, 25, CONFIG):
        pass
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_video_cannot_be_probed(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_text("words")
    with pytest.raises(EngineError, match=r"a\.mp4"):
        probe(path)
    with pytest.raises(EngineError):
        read_sound(path, 16000)


def test_poster(tmp_path: Path) -> None:
    from PIL import Image as Pictures

    write_poster(tmp_path / "p.jpg", _patches(300, 200), max_side=150)
    with Pictures.open(tmp_path / "p.jpg") as picture:
        assert (picture.format, picture.size) == ("JPEG", (150, 100))
    assert [path.name for path in tmp_path.iterdir()] == ["p.jpg"]
