"""Tags are written by ffmpeg and by us, and come back."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import imageio_ffmpeg
import pytest

from gpu_worker.errors import EngineError
from gpu_worker.provenance.metadata import (
    DIGITAL_SOURCE_TYPE,
    container_tags,
    ffmpeg_metadata_args,
    parse_ffmetadata,
    read_tags,
    write_xmp,
)
from tests.gpu_worker.provenance.conftest import JOB, decode


def _tagged(video: Path, target: Path, title: str = "A portrait") -> Path:
    arguments = ffmpeg_metadata_args(container_tags(JOB, title))
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(video), "-c", "copy", *arguments, str(target)]
    subprocess.run(command, check=True, timeout=30)
    return target


def test_tags_pass_through_ffmpeg_and_are_read_back(video: Path, tmp_path: Path) -> None:
    tags = read_tags(_tagged(video, tmp_path / "out.mp4", 'Ärger & "quotes"; -y\n=x'))
    assert tags.ai_animated
    assert tags.job_id == JOB
    assert tags.tags["title"] == 'Ärger & "quotes"; -y =x'
    assert "AI-animated" in tags.tags["description"]
    assert tags.digital_source_type is None


def test_tags_survive_a_webm(video: Path, tmp_path: Path) -> None:
    tagged = _tagged(video, tmp_path / "out.mp4")
    converted = tmp_path / "out.webm"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(tagged), "-deadline", "realtime"]
    subprocess.run([*command, str(converted)], check=True, timeout=60)
    assert read_tags(converted).job_id == JOB


def test_xmp_names_the_source_type_and_leaves_the_video_playable(video: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(video, tmp_path / "out.mp4"))
    frames = len(decode(path))
    write_xmp(path, JOB)
    tags = read_tags(path)
    assert tags.digital_source_type == DIGITAL_SOURCE_TYPE
    assert tags.job_id == JOB
    assert tags.ai_animated
    assert len(decode(path)) == frames
    assert path.read_bytes().startswith(video.read_bytes())


def test_a_second_packet_is_refused(video: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(video, tmp_path / "out.mp4"))
    write_xmp(path, JOB)
    with pytest.raises(EngineError):
        write_xmp(path, JOB)


def test_an_untagged_file_claims_nothing(video: Path) -> None:
    tags = read_tags(video)
    assert not tags.ai_animated
    assert tags.job_id is None


@pytest.mark.parametrize("job_id", ["", "a" * 65, "a b", "x\ny", "../../etc", "job=2"])
def test_a_job_id_cannot_smuggle_anything_into_the_tags(job_id: str) -> None:
    with pytest.raises(ValueError):
        container_tags(job_id)


@pytest.mark.parametrize("junk", [b"\xff" * 64, b"\0" * 3, (9).to_bytes(4, "big") + b"uuidX"])
def test_junk_after_the_boxes_is_ignored(video: Path, tmp_path: Path, junk: bytes) -> None:
    path = tmp_path / "junk.mp4"
    path.write_bytes(video.read_bytes() + junk)
    assert read_tags(path).digital_source_type is None


def test_every_tag_is_what_another_reader_finds(video: Path, tmp_path: Path) -> None:
    import av

    path = _tagged(video, tmp_path / "out.mp4", "a=b; c#d \\ e\\\\")
    with av.open(str(path)) as container:
        expected = {key.lower(): value for key, value in container.metadata.items() if key != "encoder"}
    assert dict(read_tags(path).tags) == expected
    assert expected["title"] == "a=b; c#d \\ e\\\\"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (";FFMETADATA1\nTitle=a\\\nb\\=c\\\\\nx\\=y=2\n", {"title": "a\nb=c\\", "x=y": "2"}),
        (";FFMETADATA1\na=1\n[STREAM]\na=2\n", {"a": "1"}),
        (";FFMETADATA1\n#a=1\nno sign\n\nb=\n", {"b": ""}),
        ("", {}),
        ("a=\\", {"a": ""}),
    ],
)
def test_the_escapes_of_the_metadata_format_are_undone(told: str, expected: dict[str, str]) -> None:
    assert parse_ffmetadata(told) == expected
