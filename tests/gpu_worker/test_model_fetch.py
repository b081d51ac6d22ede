"""Models taken in, fetched, checked and removed: whole or not at all, with known checksums and terms."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gpu_worker import model_fetch, model_store, weights
from gpu_worker.errors import InputError
from gpu_worker.model_fetch import Source, fetch_model
from gpu_worker.model_register import FileRecord, ModelRecord, parse_register, read_register, safe_path, write_record
from gpu_worker.model_store import add_model, list_models, remove_model
from gpu_worker.weights import WHISPER, align_model, find
from tests.gpu_worker.breaking_server import Site, serving

FILES = {
    "model.bin": b"weights" * 40_000,
    "config.json": b"{}",
    "tokenizer.json": b'{"a": 1}',
    "vocabulary.json": b"[]",
}
SUMS = {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("http_proxy", "HTTP_PROXY", "PICTURETALK_MODEL_MIRROR", "PICTURETALK_NON_COMMERCIAL_MODELS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PICTURETALK_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return tmp_path / "models"


@pytest.fixture
def site() -> Iterator[Site]:
    with serving(Site({f"/hub/{name}": content for name, content in FILES.items()})) as running:
        yield running


def folder_of(path: Path, files: dict[str, bytes] = FILES) -> Path:
    path.mkdir(parents=True)
    for name, content in files.items():
        (path / name).write_bytes(content)
    return path


def refused(code: str, call: object, *arguments: object, **options: object) -> InputError:
    with pytest.raises(InputError) as caught:
        call(*arguments, **options)  # type: ignore[operator]
    assert caught.value.code == code, caught.value.message
    return caught.value


def test_a_folder_is_taken_in_with_its_terms_and_checksums(tmp_path: Path, models: Path) -> None:
    source = folder_of(tmp_path / "download", {**FILES, "README.md": b"hello"})
    found = add_model(source, "whisper")
    assert (found.state, found.path) == ("present", models / "whisper")
    assert sorted(path.name for path in (models / "whisper").iterdir()) == sorted(FILES)
    record = read_register(models)["whisper"]
    assert {Path(file.path).name: file.sha256 for file in record.files} == SUMS
    assert record.commercial_use
    assert "MIT" in record.licence
    assert record.added.endswith("+00:00")
    assert sorted(path.name for path in models.iterdir()) == [".models.lock", "models.json", "whisper"]


def test_taken_in_again_the_new_one_replaces_the_old(tmp_path: Path, models: Path) -> None:
    add_model(folder_of(tmp_path / "a"), "whisper")
    newer = {key: value for key, value in FILES.items() if key != "vocabulary.json"} | {"vocabulary.txt": b"a"}
    add_model(folder_of(tmp_path / "b", newer), "whisper")
    assert sorted(path.name for path in (models / "whisper").iterdir()) == sorted(newer)
    assert find(WHISPER, [models], verify=True).state == "present"


def test_an_aligner_needs_its_terms_and_prefers_safetensors(tmp_path: Path, models: Path) -> None:
    files = dict.fromkeys(("config.json", "preprocessor_config.json", "vocab.json"), b"{}")
    both = {**files, "model.safetensors": b"s", "pytorch_model.bin": b"p"}
    source = folder_of(tmp_path / "de", both)
    refused("bad_model", add_model, source, "align-de")
    refused("bad_model", add_model, source, "align-de", "CC BY-NC 4.0")
    assert add_model(source, "align-de", "CC BY-NC 4.0", False).state == "not_allowed"
    assert add_model(source, "align-de", "Apache-2.0", True).state == "present"
    assert not (models / "align" / "de" / "pytorch_model.bin").exists()
    assert [entry.model.name for entry in list_models() if entry.state == "present"] == ["align-de"]


def test_what_is_no_such_model_is_refused(tmp_path: Path, models: Path) -> None:
    lacking = folder_of(tmp_path / "lacking", {key: FILES[key] for key in ("config.json", "model.bin")})
    assert "tokenizer.json" in refused("bad_model", add_model, lacking, "whisper").message
    refused("bad_model", add_model, tmp_path / "none", "whisper")
    refused("bad_model", add_model, lacking, "other")
    refused("bad_model", add_model, lacking, "align-../../x", "MIT", True)
    (tmp_path / "fan").write_bytes(b"not the weights")
    assert "11f355bf06" in refused("model_checksum", add_model, tmp_path / "fan", "fan-2d").message
    assert not (models / "hub").exists()
    assert [path for path in models.iterdir() if path.name.startswith(".new")] == []


def test_removing_erases_the_files_and_the_entry(tmp_path: Path, models: Path) -> None:
    add_model(folder_of(tmp_path / "a"), "whisper")
    assert remove_model("whisper") == models / "whisper"
    assert not (models / "whisper").exists()
    assert read_register(models) == {}
    refused("bad_model", remove_model, "whisper")


def test_no_folder_of_models(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("PICTURETALK_MODELS")
    assert "PICTURETALK_MODELS" in refused("bad_model", add_model, folder_of(tmp_path / "a"), "whisper").hint


def test_a_full_disk_is_known_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, models: Path, site: Site) -> None:
    monkeypatch.setattr(model_store, "SPARE_BYTES", 1 << 60)
    refused("model_disk_full", add_model, folder_of(tmp_path / "a"), "whisper")
    refused("model_disk_full", fetch_model, "whisper", Source(f"{site.address}/hub", sha256=SUMS))
    assert site.asked == []


def test_nothing_is_fetched_from_nowhere(models: Path) -> None:
    assert "--from" in refused("bad_model", fetch_model, "whisper", Source()).hint


def test_a_folder_is_fetched_when_its_checksums_are_given(site: Site, models: Path) -> None:
    assert "model.bin" in refused("bad_model", fetch_model, "whisper", Source(f"{site.address}/hub")).message
    assert site.asked == []
    site.breaks, site.break_after = 1, 100_000
    found = fetch_model("whisper", Source(f"{site.address}/hub/", sha256=SUMS), pause_s=0.0)
    assert find(WHISPER, [models], verify=True).state == found.state == "present"
    assert (models / "whisper" / "model.bin").read_bytes() == FILES["model.bin"]
    assert found.record is not None
    assert found.record.source == f"{site.address}/hub/"
    count = len(site.asked)
    fetch_model("whisper", Source(f"{site.address}/hub/", sha256=SUMS))
    assert len(site.asked) == count, "what is there and right is not fetched again"


def test_a_wrong_file_installs_nothing_and_what_was_right_is_kept(site: Site, models: Path) -> None:
    site.files["/hub/tokenizer.json"] = b"sign in first"
    source = Source(f"{site.address}/hub", sha256=SUMS)
    refused("model_checksum", fetch_model, "whisper", source, pause_s=0.0)
    assert not (models / "whisper").exists()
    assert read_register(models) == {}
    site.files["/hub/tokenizer.json"] = FILES["tokenizer.json"]
    site.asked.clear()
    fetch_model("whisper", source, pause_s=0.0)
    assert ("/hub/model.bin", f"bytes={len(FILES['model.bin'])}-") in site.asked, "only asked whether there is more"
    assert sorted(path.name for path in models.iterdir()) == [".fetching", ".models.lock", "models.json", "whisper"]
    assert [path.name for path in (models / ".fetching").iterdir()] == ["whisper.lock"]


def test_what_comes_is_believed_only_when_asked_to(site: Site, models: Path) -> None:
    found = fetch_model("whisper", Source(f"{site.address}/hub", unverified=True), pause_s=0.0)
    assert found.record is not None
    assert {Path(file.path).name: file.sha256 for file in found.record.files} == SUMS


def mirror_at(path: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Another installation's models folder, with Whisper in it."""
    monkeypatch.setenv("PICTURETALK_MODELS", str(path))
    add_model(folder_of(path.parent / "original"), "whisper", "MIT, read on the card", True)
    monkeypatch.setenv("PICTURETALK_MODELS", str(models))
    return path


def test_another_models_folder_is_a_mirror(tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mirror = mirror_at(tmp_path / "mirror", models, monkeypatch)
    monkeypatch.setenv("PICTURETALK_MODEL_MIRROR", str(mirror))
    found = fetch_model("whisper", Source())
    assert (found.state, found.licence) == ("present", "MIT, read on the card")
    assert "align-de" in refused("bad_model", fetch_model, "align-de", Source()).message


def test_a_mirror_on_the_web_knows_the_checksums(
    tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch, site: Site
) -> None:
    mirror = mirror_at(tmp_path / "mirror", models, monkeypatch)
    site.files = {
        f"/m/{path.relative_to(mirror).as_posix()}": path.read_bytes() for path in mirror.rglob("*") if path.is_file()
    }
    site.breaks, site.break_after = 2, 4_000
    found = fetch_model("whisper", Source(mirror=f"{site.address}/m/"), pause_s=0.0)
    assert (found.state, found.licence) == ("present", "MIT, read on the card")
    remove_model("whisper")
    site.files["/m/whisper/config.json"] = b"[]"
    refused("model_checksum", fetch_model, "whisper", Source(mirror=f"{site.address}/m"), pause_s=0.0)


def test_a_mirror_cannot_write_elsewhere(tmp_path: Path, models: Path) -> None:
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    digest = hashlib.sha256(b"x").hexdigest()
    write_record(mirror, ModelRecord("whisper", "MIT", True, (FileRecord("align/de/model.bin", 1, digest),)))
    refused("bad_model", fetch_model, "whisper", Source(mirror=str(mirror)))
    text = json.dumps(
        {"models": {"whisper": {"licence": "MIT", "commercial_use": True,
                                "files": [{"path": "whisper/../../x", "size": 1, "sha256": digest}]}}}
    )  # fmt: skip
    (mirror / "models.json").write_text(text)
    assert parse_register(text.encode()) == {}
    refused("bad_model", fetch_model, "whisper", Source(mirror=str(mirror)))
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("path", ["", "/etc/x", "../x", "a/../../x", "a\\b", "a\0b"])
def test_paths_of_a_register_stay_inside(path: str) -> None:
    with pytest.raises(ValueError, match="no path inside"):
        safe_path(path)


def test_one_fetch_of_a_model_at_a_time(site: Site, models: Path) -> None:
    def again(_done: int, _total: int | None) -> None:
        error = refused("bad_model", fetch_model, "whisper", Source(f"{site.address}/hub", sha256=SUMS))
        assert "already" in error.message

    fetch_model("whisper", Source(f"{site.address}/hub", sha256=SUMS), again, pause_s=0.0)


def test_a_single_file_is_known_by_its_name(
    site: Site, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b"hourglass" * 999
    digest = hashlib.sha256(content).hexdigest()
    tiny = replace(weights.FAN_2D, checksum_prefix=digest[:10])
    monkeypatch.setattr(model_fetch, "known_model", lambda _name: tiny)
    site.files["/fan.pth"] = content
    site.files["/m/" + tiny.path] = content
    found = fetch_model("fan-2d", Source(f"{site.address}/fan.pth"), pause_s=0.0)
    assert (found.state, found.commercial_use) == ("not_allowed", False)
    assert (models / tiny.path).read_bytes() == content
    (models / tiny.path).unlink()
    fetch_model("fan-2d", Source(mirror=f"{site.address}/m"), pause_s=0.0)
    assert (models / tiny.path).read_bytes() == content
    assert oct((models / tiny.path).stat().st_mode & 0o777) == oct(0o666 & ~_umask())


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_the_command_line(tmp_path: Path, models: Path, site: Site) -> None:
    from django.core.management import CommandError, call_command

    def run(*arguments: str) -> str:
        out = io.StringIO()
        call_command("models", *arguments, stdout=out, stderr=io.StringIO())
        return out.getvalue()

    assert "whisper: not here" in run("list")
    assert "without it  English is recognised" in run("list")
    sums = [part for name, value in SUMS.items() for part in ("--sha256", f"{name}={value}")]
    assert SUMS["model.bin"] in run("fetch", "whisper", "--from", f"{site.address}/hub", *sums)
    rows = {row["name"]: row for row in json.loads(run("list", "--json"))}
    assert rows["whisper"]["state"] == "present"
    assert rows["whisper"]["sha256"] == SUMS
    assert rows["fan-2d"]["commercial_use"] is False
    assert any(str(models) in place for place in rows["fan-2d"]["looked_for"])
    assert "whisper: present" in run("check")
    (models / "whisper" / "config.json").write_bytes(b"[]")
    with pytest.raises(CommandError, match="Not every"):
        run("check", "whisper")
    assert "is removed" in run("remove", "whisper")
    assert "No model is here" in run("check")
    with pytest.raises(CommandError, match="64 hexadecimal"):
        run("fetch", "whisper", "--from", site.address, "--sha256", "abc")
    german = {"config.json": b"{}", "preprocessor_config.json": b"{}", "vocab.json": b"{}", "model.safetensors": b"s"}
    source = str(folder_of(tmp_path / "de", german))
    said = run("add", source, "--as", "align-de", "--licence", "CC BY-NC 4.0", "--non-commercial")
    assert "not allowed" in said
    assert align_model("de").name in run("list")
