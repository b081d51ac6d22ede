"""Optional model files: found where they belong, told apart from wrong ones, never fetched."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from gpu_worker.weights import MODEL_FILES, ModelFile, find, models_folders, sha256_of

CONTENT = b"weights" * 1000


def model(**changes: object) -> ModelFile:
    values: dict[str, object] = {
        "name": "tiny", "purpose": "a test", "path": "deep/tiny.pth", "licence": "MIT", "commercial_use": True,
        "without_it": "nothing changes", "size": len(CONTENT), "sha256": hashlib.sha256(CONTENT).hexdigest(),
    }  # fmt: skip
    return ModelFile(**(values | changes))  # type: ignore[arg-type]


def put(folder: Path, content: bytes = CONTENT) -> Path:
    path = folder / "deep" / "tiny.pth"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return path


def test_finds_the_right_file(tmp_path: Path) -> None:
    path = put(tmp_path)
    found = find(model(), [tmp_path], verify=True)
    assert (found.state, found.path) == ("present", path)


def test_says_where_it_looked_for_a_missing_one(tmp_path: Path) -> None:
    found = find(model(), [tmp_path / "a", tmp_path / "b"])
    assert (found.state, found.path) == ("missing", None)
    assert str(tmp_path / "a" / "deep" / "tiny.pth") in found.reason
    assert str(tmp_path / "b" / "deep" / "tiny.pth") in found.reason
    assert not any(tmp_path.iterdir()), "looking must leave nothing behind"


def test_the_first_folder_wins(tmp_path: Path) -> None:
    put(tmp_path / "b")
    first = put(tmp_path / "a")
    assert find(model(), [tmp_path / "a", tmp_path / "b"]).path == first


def test_notices_a_wrong_size_at_once(tmp_path: Path) -> None:
    put(tmp_path, CONTENT[:-1])
    assert find(model(), [tmp_path]).state == "wrong_size"


def test_an_empty_file_is_never_right(tmp_path: Path) -> None:
    put(tmp_path, b"")
    assert find(model(size=None, sha256=None), [tmp_path]).state == "wrong_size"


def test_notices_a_wrong_checksum_when_asked_to(tmp_path: Path) -> None:
    put(tmp_path, CONTENT[:-1] + b"X")
    assert find(model(), [tmp_path]).state == "present"
    found = find(model(), [tmp_path], verify=True)
    assert found.state == "wrong_checksum"
    assert sha256_of(tmp_path / "deep" / "tiny.pth") in found.reason


def test_the_name_may_promise_the_beginning_of_the_checksum(tmp_path: Path) -> None:
    put(tmp_path)
    promised = hashlib.sha256(CONTENT).hexdigest()[:10]
    assert find(model(sha256=None, checksum_prefix=promised), [tmp_path], verify=True).state == "present"
    wrong = "0" * 10 if promised[0] != "0" else "1" * 10
    assert find(model(sha256=None, checksum_prefix=wrong), [tmp_path], verify=True).state == "wrong_checksum"


def test_a_folder_of_that_name_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "deep" / "tiny.pth").mkdir(parents=True)
    assert find(model(), [tmp_path]).state == "missing"


def test_where_it_looks_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PICTURETALK_MODELS", str(tmp_path / "own"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    assert models_folders() == (tmp_path / "own", tmp_path / "torch")
    monkeypatch.delenv("PICTURETALK_MODELS")
    monkeypatch.delenv("TORCH_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert models_folders() == (tmp_path / "cache" / "torch",)
    put(tmp_path / "cache" / "torch")
    assert find(model()).state == "present"


def test_every_known_file_is_described() -> None:
    assert len({entry.name for entry in MODEL_FILES}) == len(MODEL_FILES)
    for entry in MODEL_FILES:
        assert entry.purpose
        assert entry.licence
        assert entry.without_it
        assert not Path(entry.path).is_absolute()
        assert ".." not in Path(entry.path).parts
        if entry.sha256:
            assert re.fullmatch(r"[0-9a-f]{64}", entry.sha256)
        if entry.checksum_prefix:
            assert entry.checksum_prefix in entry.path
