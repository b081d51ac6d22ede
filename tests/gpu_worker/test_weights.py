"""Optional model files: found where they belong, told apart from wrong ones, never fetched."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from gpu_worker.model_register import FileRecord, ModelRecord, write_record
from gpu_worker.weights import (
    FAN_2D,
    MODEL_FILES,
    WHISPER,
    ModelFile,
    ModelFolder,
    align_model,
    find,
    find_known,
    models_folders,
    sha256_of,
)

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


def put_folder(folder: Path, kind: ModelFolder) -> Path:
    for name in kind.required:
        path = folder / kind.path / name.split("|")[0]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return folder / kind.path


def registered(folder: Path, kind: ModelFolder, *, commercial: bool = True) -> None:
    files = sorted((folder / kind.path).iterdir())
    records = tuple(
        FileRecord(path.relative_to(folder).as_posix(), path.stat().st_size, sha256_of(path)) for path in files
    )
    write_record(folder, ModelRecord(kind.name, "MIT", commercial, records))


def test_a_folder_is_found_when_it_holds_what_its_engine_needs(tmp_path: Path) -> None:
    path = put_folder(tmp_path, WHISPER)
    assert (find(WHISPER, [tmp_path]).state, find(WHISPER, [tmp_path]).path) == ("present", path)
    (path / "vocabulary.json").rename(path / "vocabulary.txt")
    assert find(WHISPER, [tmp_path]).state == "present", "either form of the vocabulary will do"
    (path / "vocabulary.txt").unlink()
    (path / "tokenizer.json").unlink()
    found = find(WHISPER, [tmp_path])
    assert found.state == "incomplete"
    assert "tokenizer.json" in found.reason
    assert "vocabulary.json or vocabulary.txt" in found.reason


def test_an_aligner_is_refused_until_its_licence_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PICTURETALK_NON_COMMERCIAL_MODELS", raising=False)
    german = align_model("de-CH")
    put_folder(tmp_path, german)
    assert german.path == "align/de"
    assert find(german, [tmp_path]).state == "not_allowed"
    assert find(german, [tmp_path], any_licence=True).state == "present"
    registered(tmp_path, german, commercial=False)
    assert find(german, [tmp_path]).state == "not_allowed"
    registered(tmp_path, german)
    found = find(german, [tmp_path], verify=True)
    assert (found.state, found.licence, found.commercial_use) == ("present", "MIT", True)
    monkeypatch.setenv("PICTURETALK_NON_COMMERCIAL_MODELS", "1")
    registered(tmp_path, german, commercial=False)
    assert find(german, [tmp_path]).state == "present"


def test_every_file_of_a_registered_folder_is_checked(tmp_path: Path) -> None:
    path = put_folder(tmp_path, WHISPER)
    registered(tmp_path, WHISPER)
    assert find(WHISPER, [tmp_path], verify=True).state == "present"
    (path / "config.json").write_bytes(b"CONFIG.JSON")
    assert find(WHISPER, [tmp_path]).state == "present"
    assert find(WHISPER, [tmp_path], verify=True).state == "wrong_checksum"
    (path / "config.json").write_bytes(b"longer than before")
    assert find(WHISPER, [tmp_path]).state == "wrong_size"


def test_models_are_known_by_name() -> None:
    assert find_known("fan-2d") is FAN_2D
    assert find_known("whisper") is WHISPER
    assert find_known("align-fr") == align_model("fr")
    for name in ("align-", "align-../x", "align-de-CH", "other"):
        assert find_known(name) is None, name
    for code in ("", "../..", "deutsch", "d"):
        with pytest.raises(ValueError, match="code of a language"):
            align_model(code)
