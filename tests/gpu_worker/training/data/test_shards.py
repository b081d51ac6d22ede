"""Clips go into tar shards and come back; damage is noticed; the same clips make the same bytes."""

from __future__ import annotations

import dataclasses
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest

from gpu_worker.errors import EngineError, InputError
from gpu_worker.schema import VISEMES, VisemeSpan
from gpu_worker.training.__main__ import main
from gpu_worker.training.clip import CONTROL_NAMES, Clip, Split, frame_visemes
from gpu_worker.training.data.checking import check_dataset
from gpu_worker.training.data.index import Part, read_index, register_run, write_index, write_part
from gpu_worker.training.data.shards import SHARDS, ShardWriter, iterate_clips, read_shard

PAPERS = {"licence": "own", "consent": "synthetic", "commercial_use": True, "origin": "made for the test"}


def clip(key: str, person: str = "ann", split: Split = "train", seconds: float = 1.0) -> Clip:
    random = np.random.default_rng(len(key))
    frames = int(seconds * 25)
    controls = random.random((frames, len(CONTROL_NAMES))).astype(np.float32)
    return Clip(
        key=key, person=person, split=split, language="en", source="speech",
        samples=(0.3 * random.standard_normal(int(seconds * 16000))).clip(-1, 1).astype(np.float32),
        controls=controls, seen=controls > 0.5, phones=((0.0, 0.4, "SIL"), (0.4, seconds, "AA")),
        visemes=frame_visemes([VisemeSpan("aa", 0.4, seconds)], frames, 25.0), manifest=dict(PAPERS),
    )  # fmt: skip


def written(folder: Path, *clips: Clip, stem: str = "one") -> None:
    with ShardWriter(folder, stem) as writer:
        for entry in clips:
            writer.add(entry, {"pitch": np.zeros(4, np.float32)})
        shards = writer.close()
    write_part(folder, Part(stem, ("in",), ("0" * 64,), shards, (), ()))
    write_index(folder)


def test_clips_come_back_as_they_went_in(tmp_path: Path) -> None:
    one, two = clip("a-1"), clip("b-22", "bob", "test")
    written(tmp_path, one, two)
    (back,) = iterate_clips(tmp_path, "train")
    assert np.abs(back.samples - one.samples).max() < 1e-4
    assert np.array_equal(back.controls, one.controls)
    assert np.array_equal(back.seen, one.seen)
    assert np.array_equal(back.visemes, one.visemes)
    assert (back.key, back.person, back.phones, back.manifest) == ("a-1", "ann", one.phones, PAPERS)
    assert [entry.key for entry in iterate_clips(tmp_path)] == ["b-22", "a-1"]
    assert [entry.key for entry in iterate_clips(tmp_path, "validation")] == []
    assert check_dataset(tmp_path).problems == ()


def test_a_shard_is_a_tar_in_the_form_of_webdataset(tmp_path: Path) -> None:
    written(tmp_path, clip("a-1"), clip("a-2"))
    with tarfile.open(tmp_path / SHARDS / "train-one.tar") as tar:
        assert tar.getnames() == ["a-1.json", "a-1.wav", "a-1.npz", "a-2.json", "a-2.wav", "a-2.npz"]


def test_the_same_clips_make_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        written(tmp_path / name, clip("a-1"))
    first, second = (read_index(tmp_path / name) for name in ("one", "two"))
    assert first.fingerprint == second.fingerprint
    written(tmp_path / "two", clip("a-1", seconds=2.0))
    assert read_index(tmp_path / "two").fingerprint != first.fingerprint


def test_nothing_is_there_before_a_shard_is_whole(tmp_path: Path) -> None:
    with ShardWriter(tmp_path, "one") as writer:
        writer.add(clip("a-1"))
        assert list((tmp_path / SHARDS).glob("*.tar")) == []
    assert list((tmp_path / SHARDS).iterdir()) == []


def test_a_control_that_came_later_is_not_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = clip("a-1")
    written(tmp_path, before)
    names = ("jaw", "new", *CONTROL_NAMES[1:])
    monkeypatch.setattr("gpu_worker.training.data.shards.CONTROL_NAMES", names)
    monkeypatch.setattr("gpu_worker.training.clip.CONTROL_NAMES", names)
    (back,) = iterate_clips(tmp_path)
    assert not back.seen[:, 1].any()
    assert np.array_equal(back.controls[:, 2:], before.controls[:, 1:])


@pytest.mark.parametrize("damage", ["bytes", "missing", "stranger", "paper", "split"])
def test_check_finds_the_damage(tmp_path: Path, damage: str) -> None:
    good = clip("a-1")
    if damage == "paper":
        good.manifest["consent"] = ""
    others = [clip("a-2", split="test")] if damage == "split" else []
    written(tmp_path, good, *others)
    shard = tmp_path / SHARDS / "train-one.tar"
    if damage == "bytes":
        content = bytearray(shard.read_bytes())
        content[2000] ^= 255
        shard.write_bytes(content)
    elif damage == "missing":
        shard.unlink()
    elif damage == "stranger":
        (shard.parent / "train-other.tar").write_bytes(shard.read_bytes())
    expected = {
        "bytes": "another checksum", "missing": "is missing", "stranger": "not in the index",
        "paper": "has no consent", "split": "in two parts",
    }[damage]  # fmt: skip
    assert any(expected in problem for problem in check_dataset(tmp_path).problems)


def test_a_broken_shard_is_told_apart_from_the_end(tmp_path: Path) -> None:
    path = tmp_path / "broken.tar"
    path.write_bytes(b"no tar at all" * 100)
    with pytest.raises(EngineError, match=r"broken\.tar"):
        list(read_shard(path))
    with pytest.raises(InputError) as caught:
        read_index(tmp_path)
    assert caught.value.code == "not_a_dataset"


def test_runs_are_noted_once_for_each_state(tmp_path: Path) -> None:
    written(tmp_path, clip("a-1"))
    assert register_run(tmp_path, "runs/one") == register_run(tmp_path, "runs/one")
    runs = json.loads((tmp_path / "runs.json").read_text())
    assert [(entry["run"], entry["people"]) for entry in runs] == [("runs/one", ["ann"])]


def test_the_command_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(tmp_path, clip("a-1"))
    assert main(["dataset", "check", str(tmp_path)]) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True
    assert main(["dataset", "check", str(tmp_path / "nowhere")]) == 2
    assert json.loads(capsys.readouterr().err)["error"] == "not_a_dataset"


def test_a_frame_shows_what_sounds_at_its_instant() -> None:
    spans = [VisemeSpan("sil", 0.0, 0.08), VisemeSpan("PP", 0.08, 0.1)]
    found = frame_visemes(spans, 4, 25.0)
    assert [VISEMES[index] if index >= 0 else None for index in found] == ["sil", "sil", "PP", None]
    with pytest.raises(ValueError, match="controls"):
        dataclasses.replace(clip("a"), visemes=np.zeros(3, np.int8))
