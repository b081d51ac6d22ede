"""From a folder of recordings to clips: what was done to the face is found again, and what is unfit is left out."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from gpu_worker.errors import InputError
from gpu_worker.media.ffmpeg_process import ffmpeg_executable
from gpu_worker.schema import CONTROL, VISEMES
from gpu_worker.training.__main__ import main
from gpu_worker.training.clip import CONTROL_NAMES, Clip
from gpu_worker.training.data.building import build_dataset
from gpu_worker.training.data.checking import check_dataset
from gpu_worker.training.data.fitting import MEASURED
from gpu_worker.training.data.index import read_index, read_runs, register_run
from gpu_worker.training.data.manifest import read_source
from gpu_worker.training.data.removal import read_tombstones, remove_person
from gpu_worker.training.data.shards import SHARDS, iterate_clips, read_shard
from tests.gpu_worker.training.data.conftest import OTHER, TEXT, Source


@pytest.fixture(scope="module")
def built(source: Source, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data set of the folder."""
    folder = tmp_path_factory.mktemp("built") / "set"
    build_dataset(source.folder, folder, processes=1, stream=io.StringIO())
    return folder


def clip_of(folder: Path, person: str) -> Clip:
    return next(clip for clip in iterate_clips(folder) if clip.person == person)


def column(values: np.ndarray, name: str) -> np.ndarray:
    return values[:, CONTROL[name]]


def rejected(folder: Path) -> dict[str, str]:
    with (folder / "rejects.csv").open(encoding="utf-8", newline="") as file:
        return {row["input"]: row["reason"] for row in csv.DictReader(file)}


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("jaw", 0.75), ("pucker", 0.7), ("blink_left", 0.85), ("blink_right", 0.85), ("yaw", 0.9), ("pitch", 0.8),
        ("roll", 0.95), ("brow_left", 0.6), ("brow_right", 0.6), ("gaze_x", 0.7),
    ],
)  # fmt: skip
def test_what_the_face_was_told_is_found_again(source: Source, built: Path, name: str, least: float) -> None:
    clip = clip_of(built, "ann")
    count = min(clip.frames, len(source.motion.values))
    told, found = (column(values, name)[:count] for values in (source.motion.values, clip.controls))
    assert np.corrcoef(told, found)[0, 1] > least
    assert 0.25 < np.polyfit(told, found, 1)[0] < 1.8


def test_lips_close_where_the_sound_says_so(source: Source, built: Path) -> None:
    clip = clip_of(built, "ann")
    shut = column(clip.controls, "close")[clip.visemes == VISEMES.index("PP")]
    wide = column(clip.controls, "close")[np.isin(clip.visemes, [VISEMES.index("aa"), VISEMES.index("oh")])]
    assert shut.mean() > wide.mean() + 0.3


def test_a_video_clip_is_whole(built: Path) -> None:
    clip = clip_of(built, "ann")
    assert (clip.source, clip.language) == ("video", "en")
    assert {name for name in CONTROL_NAMES if clip.seen[:, CONTROL[name]].any()} == set(MEASURED)
    assert not clip.controls[:, CONTROL["tongue_up"]].any()
    assert not clip.seen[clip.visemes == VISEMES.index("sil"), CONTROL["close"]].any()
    papers = clip.manifest
    assert (papers["licence"], papers["consent"], papers["commercial_use"]) == ("CC BY 4.0", "form 17", True)
    assert (papers["origin"], papers["sex"], papers["skin_tone"]) == ("talk.mp4", "female", "IV")
    assert papers["timing"] == "forced"
    assert [word for _, _, word in papers["words"]][:2] == ["Hello", "my"]
    assert papers["quality"]["sync"] > 0.5
    extra = next(extra for _, extra in read_shard(_shard_with(built, "ann")) if "landmarks" in extra)
    assert extra["landmarks"].shape == (clip.frames, 478, 3)
    assert extra["rest"].shape == (468, 3)
    assert np.isfinite(extra["pitch"].astype(np.float32)).any()


def _shard_with(folder: Path, person: str) -> Path:
    return next(folder / SHARDS / shard.name for shard in read_index(folder).shards if person in shard.people)


def test_speech_alone_has_the_controls_of_the_rules(built: Path) -> None:
    clip = clip_of(built, "cay")
    assert (clip.source, clip.manifest["timing"], clip.manifest["commercial_use"]) == ("speech", "forced", False)
    assert column(clip.controls, "jaw").max() > 0.2
    assert not clip.seen[:, CONTROL["yaw"]].any()


def test_what_is_left_out_says_why(built: Path) -> None:
    assert rejected(built) == {
        "foreign.mp4": "not_in_sync",
        "empty.mp4": "no_face",
        "broken.mp4": "not_a_media_file",
        "stray.wav": "no_manifest_entry",
    }
    assert check_dataset(built).problems == ()
    assert len({clip.split for clip in iterate_clips(built)}) == 2  # ann and cay are two people of three


def test_a_second_build_makes_nothing_anew(source: Source, built: Path) -> None:
    before = read_index(built).fingerprint
    told = build_dataset(source.folder, built, processes=1)
    assert (told["batches"], told["recordings_skipped"], told["fingerprint"]) == (0, 5, before)


def test_one_odd_file_does_not_stop_a_build(source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def odd(*_: object) -> None:
        raise ValueError("a sound like no other")

    monkeypatch.setattr("gpu_worker.training.data.recordings.load_waveform", odd)
    folder = tmp_path / "in"
    folder.mkdir()
    shutil.copy(source.folder / "stray.wav", folder)
    entry = {"file": "stray.wav", "person": "ann", "licence": "x", "consent": "y", "commercial_use": "no"}
    (folder / "manifest.json").write_text(json.dumps([entry]))
    assert build_dataset(folder, tmp_path / "out", processes=1)["clips"] == 0
    assert rejected(tmp_path / "out") == {"stray.wav": "failed"}


def test_the_card_counts(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dataset", "card", str(built)]) == 0
    text = capsys.readouterr().out
    assert text.startswith("# Data card")
    assert "| `not_in_sync` | 1 |" in text
    assert main(["dataset", "card", str(built), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert (figures["clips"], figures["people"]) == (2, 2)
    assert set(figures["sex"]) == {"female", "not declared"}
    assert figures["commercial_use"]["no"]["people"] == 1
    assert figures["source"]["video"]["clips"] == 1
    assert (built / "card.md").read_text() == text.removesuffix("\n")


def test_a_person_is_removed_with_everything(
    source: Source, built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "set"
    shutil.copytree(built, folder)
    register_run(folder, "runs/first")
    before = read_index(folder)
    assert main(["dataset", "remove", "ann", str(folder)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["clips"], told["runs"]) == (1, ["runs/first"])
    assert told["fingerprint"] == read_index(folder).fingerprint != before.fingerprint
    assert {clip.person for clip in iterate_clips(folder)} == {"cay"}
    assert check_dataset(folder).problems == ()
    for file in folder.rglob("*"):
        if file.is_file() and file.name not in ("card.md", "card.json"):
            assert b'"ann"' not in file.read_bytes(), file
            assert b",ann," not in file.read_bytes(), file
    assert len(read_tombstones(folder)) == 1
    # Neither the name nor the file comes in again.
    again = tmp_path / "again"
    again.mkdir()
    shutil.copy(source.folder / "talk.mp4", again)
    for person, reason in (("ann", "removed_person"), ("somebody else", "removed_recording")):
        entry = {"file": "talk.mp4", "person": person, "licence": "x", "consent": "x", "commercial_use": "no"}
        (again / "manifest.json").write_text(json.dumps([entry]))
        assert build_dataset(again, folder, processes=1)["batches"] == 0
        assert rejected(folder)["talk.mp4"] == reason
    assert read_runs(folder)[0]["people"] == ["cay"]
    assert remove_person(folder, "ann").runs == ("runs/first",)
    assert main(["dataset", "remove", "nobody", str(folder)]) == 2
    assert json.loads(capsys.readouterr().err)["error"] == "unknown_person"


def test_an_interrupted_removal_is_finished(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "set"
    shutil.copytree(built, folder)

    def broken(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gpu_worker.training.data.removal.write_part", broken)
    with pytest.raises(KeyboardInterrupt):
        remove_person(folder, "ann")
    monkeypatch.undo()
    remove_person(folder, "ann")
    assert {clip.person for clip in iterate_clips(folder)} == {"cay"}
    assert check_dataset(folder).problems == ()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"licence": ""}, "no_licence"), ({"consent": ""}, "no_consent"), ({"person": ""}, "no_person"),
        ({"commercial_use": "perhaps"}, "no_commercial_use"), ({"file": "gone.mp4"}, "no_such_file"),
        ({"file": "../reading.wav"}, "no_such_file"), ({"file": "reading.txt"}, "unknown_kind"),
        ({"split": "exam"}, "unknown_split"), ({"language": "tlh"}, "unsupported_language"),
    ],
)  # fmt: skip
def test_no_clip_without_papers(tmp_path: Path, change: dict[str, str], reason: str) -> None:
    (tmp_path / "reading.wav").write_bytes(b"x")
    (tmp_path / "reading.txt").write_text("words")
    entry = {"file": "reading.wav", "person": "a", "licence": "x", "consent": "y", "commercial_use": "yes"}
    (tmp_path / "manifest.json").write_text(json.dumps({"recordings": [entry | change]}))
    recordings, unusable = read_source(tmp_path)
    assert recordings == ()
    assert reason in {entry.reason for entry in unusable}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "no_manifest"), ("{", "bad_manifest"), ('{"recordings": 3}', "bad_manifest"), ("[1]", "bad_manifest"),
        ('[{"file": "a.wav", "person": "p", "licence": "x", "consent": "x", "commercial_use": "no", "split": "train"},'
         '{"file": "b.wav", "person": "p", "licence": "x", "consent": "x", "commercial_use": "no", "split": "test"}]',
         "person_in_two_parts"),
    ],
)  # fmt: skip
def test_a_bad_manifest_is_refused(tmp_path: Path, content: str | None, code: str) -> None:
    for name in ("a.wav", "b.wav"):
        (tmp_path / name).write_bytes(b"x")
    if content is not None:
        (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(InputError) as caught:
        read_source(tmp_path)
    assert caught.value.code == code


def test_one_recording_has_one_person(source: Source, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    rows = []
    for name, person in (("one.wav", "ann"), ("two.wav", "bob"), ("three.wav", "ann")):
        shutil.copy(source.folder / "stray.wav", folder / name)
        papers = {"licence": "x", "consent": "y", "commercial_use": "no", "transcript": OTHER}
        rows.append({"file": name, "person": person, **papers})
    (folder / "manifest.json").write_text(json.dumps(rows))
    told = build_dataset(folder, tmp_path / "out", processes=1)
    assert told["left_out"] == 2
    found = rejected(tmp_path / "out")
    assert (found["two.wav"], found["three.wav"]) == ("same_recording", "duplicate")


def test_of_two_faces_the_one_that_speaks_is_kept(source: Source, tmp_path: Path) -> None:
    """The face that talks, and beside it the same one that runs a third of a second and more behind."""
    folder = tmp_path / "in"
    folder.mkdir()
    pair = "[0:v]split[a][b];[b]tpad=start_duration=0.6:start_mode=clone[late];[a][late]hstack[v]"
    command = [ffmpeg_executable(), "-v", "error", "-i", str(source.folder / "talk.mp4"), "-filter_complex", pair]
    command += ["-map", "[v]", "-map", "0:a", "-c:a", "copy", "-c:v", "libx264", "-shortest", str(folder / "two.mp4")]
    subprocess.run(command, check=True)
    entry = {"file": "two.mp4", "person": "ann", "licence": "x", "consent": "y", "commercial_use": "no"}
    (folder / "manifest.json").write_text(json.dumps([{**entry, "transcript": TEXT}]))
    told = build_dataset(folder, tmp_path / "out", processes=1)
    assert (told["clips"], told["rejects"]) == (1, 1)
    (clip,) = iterate_clips(tmp_path / "out")
    assert clip.manifest["faces_beside"] == 1
    assert rejected(tmp_path / "out")["two.mp4"] in ("not_in_sync", "another_face_speaks")
