"""Files from strangers are read within bounds, or refused."""

from __future__ import annotations

import io
import struct
import subprocess
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as PillowImage

from gpu_worker.errors import InputError
from gpu_worker.media.ffmpeg_process import ffmpeg_executable
from gpu_worker.provenance.containers import sniff
from gpu_worker.provenance.frames import ReadLimits, sample_luma
from gpu_worker.schema import Image
from tests.gpu_worker.provenance.conftest import encode


def _code(path: Path, limits: ReadLimits | None = None) -> str:
    with pytest.raises(InputError) as caught:
        sample_luma(path, sniff(path), limits)
    assert caught.value.message
    return caught.value.code


def test_few_frames_are_taken_over_the_whole_video(video: Path) -> None:
    frames = sample_luma(video, "mp4", ReadLimits(frames=5))
    assert len(frames) == 5
    assert frames[0].shape == (160, 192)
    assert any(not np.array_equal(frames[0], frame) for frame in frames[1:])


def test_long_videos_are_sampled_by_their_key_frames(astronaut: Image, tmp_path: Path) -> None:
    small = astronaut[100:196, 200:328]
    one_group = encode(tmp_path / "one.mp4", [np.roll(small, 3 * n, axis=1) for n in range(60)], crf=5)
    path = tmp_path / "long.mp4"
    command = [ffmpeg_executable(), "-v", "error", "-i", str(one_group), "-crf", "5", "-g", "10", "-sc_threshold", "0"]
    subprocess.run([*command, str(path)], check=True, timeout=30)
    frames = sample_luma(path, "mp4", ReadLimits(frames=3, sequential_frames=20))
    assert len(frames) == 3
    for number, frame in zip((0, 20, 40), frames, strict=True):
        expected = cv2.cvtColor(np.roll(small, 3 * number, axis=1), cv2.COLOR_RGB2GRAY)
        assert np.abs(frame.astype(int) - expected).mean() < 3, number


def test_the_luma_is_what_another_decoder_sees(video: Path) -> None:
    import av

    with av.open(str(video)) as container:
        expected = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    frames = sample_luma(video, "mp4")
    assert len(frames) == len(expected) == 10
    assert max(int(np.abs(a.astype(int) - b).max()) for a, b in zip(frames, expected, strict=True)) <= 1


def test_a_recording_without_a_duration_is_read(astronaut: Image, tmp_path: Path) -> None:
    """Browsers record webm without saying how long it is."""
    whole = encode(tmp_path / "a.webm", [astronaut[:96, :128]] * 40, codec="libvpx")
    live = tmp_path / "live.webm"
    command = [ffmpeg_executable(), "-v", "error", "-i", str(whole), "-c", "copy", "-f", "webm", "-live", "1", "-"]
    live.write_bytes(subprocess.run(command, capture_output=True, check=True, timeout=30).stdout)
    assert len(sample_luma(live, "webm")) == 3


def test_a_video_is_turned_as_its_header_says(video: Path, tmp_path: Path) -> None:
    turned = tmp_path / "turned.mp4"
    command = [ffmpeg_executable(), "-v", "error", "-display_rotation", "90", "-i", str(video), "-c", "copy"]
    subprocess.run([*command, str(turned)], check=True, timeout=30)
    frame, upright = sample_luma(turned, "mp4")[0], sample_luma(video, "mp4")[0]
    assert frame.shape == (192, 160)
    assert np.abs(np.rot90(upright).astype(int) - frame).mean() < 1


def test_the_time_for_one_file_is_bounded(video: Path) -> None:
    assert _code(video, ReadLimits(seconds=0.0)) == "damaged_media"


def test_a_header_that_lies_about_the_size_is_noticed(video: Path, tmp_path: Path) -> None:
    """The header says 16 by 16, the pictures are larger than may be read."""
    content = bytearray(video.read_bytes())
    entry = content.index(b"avc1", content.index(b"stsd"))
    content[entry + 28 : entry + 32] = (16).to_bytes(2, "big") * 2
    path = tmp_path / "lie.mp4"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        sample_luma(path, "mp4", ReadLimits(megapixels=0.01))
    assert caught.value.code in ("damaged_media", "media_too_large")


def test_codecs_that_are_not_read_are_refused(astronaut: Image, tmp_path: Path) -> None:
    assert _code(encode(tmp_path / "a.mkv", [astronaut[:96, :128]] * 3, codec="ffv1")) == ("damaged_media")


def test_webm_and_pictures_are_read(astronaut: Image, tmp_path: Path) -> None:
    webm = encode(tmp_path / "a.webm", [astronaut[:96, :128]] * 3, codec="libvpx")
    assert sample_luma(webm, "webm")[0].shape == (96, 128)
    for name in ("a.png", "a.jpeg"):
        PillowImage.fromarray(astronaut).save(tmp_path / name)
        assert sample_luma(tmp_path / name, sniff(tmp_path / name))[0].shape == (512, 512)


def test_a_picture_is_turned_as_its_exif_says(astronaut: Image, tmp_path: Path) -> None:
    exif = PillowImage.Exif()
    exif[0x0112] = 6
    PillowImage.fromarray(astronaut[:200, :100]).save(tmp_path / "turned.jpeg", exif=exif)
    assert sample_luma(tmp_path / "turned.jpeg", "jpeg")[0].shape == (100, 200)


@pytest.mark.parametrize(
    "content",
    [b"#EXTM3U\n#EXTINF:1,\nsecret.mp4\n", b"ffconcat version 1.0\nfile secret.mp4\n", b"<html>", b"\0" * 100],
)
def test_playlists_and_text_are_no_media_whatever_their_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "video.mp4"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        sniff(path)
    assert caught.value.code == "not_a_media_file"


def test_missing_and_empty_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    for name, code in (("empty", "empty_file"), ("nowhere", "no_such_file"), (".", "no_such_file")):
        with pytest.raises(InputError) as caught:
            sniff(tmp_path / name)
        assert caught.value.code == code


@pytest.mark.parametrize("magic", [b"\0\0\0\x20ftypisom", b"\x1aE\xdf\xa3", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0"])
def test_noise_behind_a_true_beginning_is_damaged(tmp_path: Path, magic: bytes) -> None:
    path = tmp_path / "noise"
    path.write_bytes(magic + np.random.default_rng(0).bytes(5000))
    assert _code(path) == "damaged_media"


def test_every_truncation_is_read_or_refused_but_never_breaks(video: Path, tmp_path: Path) -> None:
    content = video.read_bytes()
    path = tmp_path / "cut.mp4"
    for part in np.linspace(0.02, 0.98, 25):
        path.write_bytes(content[: int(part * len(content))])
        try:
            sample_luma(path, "mp4")
        except InputError as error:
            assert error.code in ("damaged_media", "no_video_track")  # noqa: PT017 - either outcome is right


def test_flipped_bytes_never_break_the_reader(video: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    path = tmp_path / "flipped.mp4"
    for _ in range(40):
        content = bytearray(video.read_bytes())
        for position in rng.integers(0, len(content), 20):
            content[position] = rng.integers(0, 256)
        path.write_bytes(content)
        try:
            sample_luma(path, "mp4")
        except InputError as error:
            assert error.code in ("damaged_media", "no_video_track", "media_too_large")  # noqa: PT017


def test_a_small_file_of_a_huge_picture_is_refused_before_decoding(tmp_path: Path) -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    path = tmp_path / "bomb.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)))
    assert _code(path) == "media_too_large"


def test_a_large_video_is_refused_by_its_header(video: Path) -> None:
    assert _code(video, ReadLimits(megapixels=0.01)) == "media_too_large"


def test_sound_alone_is_not_enough(tmp_path: Path) -> None:
    import av

    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=48000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 48000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    path = tmp_path / "sound.mp4"
    path.write_bytes(buffer.getvalue())
    assert _code(path) == "no_video_track"
