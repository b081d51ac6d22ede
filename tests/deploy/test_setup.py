"""Setting up: when it installs, when it does not, and what it says when it cannot."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def load(name: str) -> ModuleType:
    """deploy/ is no package: its files run on a bare Python."""
    spec = importlib.util.spec_from_file_location(f"deploy_{name}", ROOT / "deploy" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


setup = load("setup")
chromium = load("chromium")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-screening.txt", "constraints.txt"):
        (tmp_path / name).write_text("# nothing\n")
    return tmp_path


def made(checkout: Path, development: bool) -> object:
    """An environment that looks installed, with this very Python in it."""
    environment = setup.Environment(checkout)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", checkout / ".venv"], check=True)
    environment.stamp(development).write_text(environment.fingerprint(development))
    return environment


def test_a_current_stamp_means_that_nothing_is_done(checkout: Path) -> None:
    environment = made(checkout, False)
    assert environment.is_current(False)  # type: ignore[attr-defined]
    assert not environment.is_current(True)  # type: ignore[attr-defined]
    assert setup.prepare(checkout, False) == checkout / ".venv" / "bin" / "python"


def test_the_development_set_serves_for_both(checkout: Path) -> None:
    environment = made(checkout, True)
    assert environment.is_current(True)  # type: ignore[attr-defined]
    assert environment.is_current(False)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-screening.txt", "constraints.txt"])
def test_a_changed_file_makes_the_stamp_stale(checkout: Path, name: str) -> None:
    environment = made(checkout, False)
    (checkout / name).write_text("six==1.17.0\n")
    assert not environment.is_current(False)  # type: ignore[attr-defined]


def test_a_moved_checkout_is_set_up_anew(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    made(checkout, False)
    elsewhere = tmp_path_factory.mktemp("moved") / "checkout"
    shutil.copytree(checkout, elsewhere, symlinks=True)
    assert not setup.Environment(elsewhere).is_current(False)


def test_too_little_disk_space_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(setup.SetupError, match=r"Not enough disk space to install: .* GiB free and needs"):
        setup.check_space(tmp_path, 10**18, "install")


def test_a_folder_that_cannot_be_written_to_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(setup.SetupError, match="cannot be written to"):
        setup.check_writable(tmp_path / "not there")


def test_a_python_without_ensurepip_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(setup.SetupError, match=r"apt-get install python3\.11-venv"):
        setup.check_venv_module()


def test_a_failing_pip_is_a_sentence(checkout: Path) -> None:
    (checkout / "requirements.txt").write_text("-r gone.txt\n")
    with pytest.raises(setup.SetupError, match="pip could not install"):
        setup.prepare(checkout, False)
    assert not setup.Environment(checkout).stamp(False).exists()


def test_main_turns_a_failure_into_a_sentence_and_exit_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise PermissionError(13, "Permission denied", "/somewhere")

    monkeypatch.setattr(setup, "prepare", fail)
    assert setup.main(["run"]) == 2
    assert capsys.readouterr().err == "The set-up stopped: Permission denied (/somewhere).\n"
    assert setup.main(["dance"]) == 2
    assert "Unknown task dance" in capsys.readouterr().err


@pytest.fixture
def gpu_checkout(tmp_path: Path) -> Path:
    (tmp_path / "gpu_worker").mkdir()
    for name in ("requirements", "requirements-apart", "requirements-test"):
        (tmp_path / "gpu_worker" / f"{name}.txt").write_text("# nothing\n")
    pins = "torch==2.13.0\ntorchaudio==2.11.0\n"
    (tmp_path / "gpu_worker" / "constraints.txt").write_text(pins)
    return tmp_path


def made_for_gpu(checkout: Path, index: str = "") -> object:
    environment = setup.GpuEnvironment(checkout)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", checkout / ".venv-gpu"], check=True)
    environment.stamp(True).write_text(environment.fingerprint(True))
    if index:
        (environment.folder / ".torch-index").write_text(index)
    return environment


def test_the_gpu_workers_environment_is_another_one(gpu_checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TORCH_INDEX", raising=False)
    environment = made_for_gpu(gpu_checkout)
    assert environment.is_current(True)  # type: ignore[attr-defined]
    assert environment.is_current(False)  # type: ignore[attr-defined]
    found = setup.prepare(gpu_checkout, False, setup.GpuEnvironment)
    assert found == gpu_checkout / ".venv-gpu" / "bin" / "python"
    (gpu_checkout / "gpu_worker" / "requirements-apart.txt").write_text("six==1.17.0\n")
    assert not environment.is_current(True)  # type: ignore[attr-defined]


def test_torch_comes_from_another_index_only_when_one_is_named(
    gpu_checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(setup.GpuEnvironment, "_pip", lambda self, *arguments: commands.append(list(arguments)))
    monkeypatch.delenv("TORCH_INDEX", raising=False)
    environment = made_for_gpu(gpu_checkout)
    environment.fill("gpu_worker/requirements.txt")  # type: ignore[attr-defined]
    assert commands == [
        ["-r", "gpu_worker/requirements.txt"],
        ["--no-deps", "-r", "gpu_worker/requirements-apart.txt"],
    ]
    commands.clear()
    monkeypatch.setenv("TORCH_INDEX", "https://wheels.example.org/cu130")
    assert not environment.is_current(True), "torch has to be exchanged"  # type: ignore[attr-defined]
    environment.fill("gpu_worker/requirements.txt")  # type: ignore[attr-defined]
    other = ["--extra-index-url", "https://wheels.example.org/cu130"]
    assert commands[0] == [*other, "--no-deps", "--force-reinstall", "torch==2.13.0", "torchaudio==2.11.0"]
    assert commands[1] == [*other, "-r", "gpu_worker/requirements.txt"]
    assert environment.is_current(True)  # type: ignore[attr-defined]
    monkeypatch.delenv("TORCH_INDEX")
    assert environment.is_current(True), "it stays as the operator made it"  # type: ignore[attr-defined]


def test_a_gpu_environment_that_cannot_be_filled_is_a_sentence(gpu_checkout: Path) -> None:
    (gpu_checkout / "gpu_worker" / "requirements.txt").write_text("-r gone.txt\n")
    with pytest.raises(setup.SetupError, match="pip could not install"):
        setup.prepare(gpu_checkout, False, setup.GpuEnvironment)
    assert not setup.GpuEnvironment(gpu_checkout).stamp(False).exists()


def bootstrap(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """deploy/bootstrap.sh with a path on which there is a shell's usual company but no Python."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "dirname"):
        (tools / name).symlink_to(shutil.which(name) or "")
    script = (ROOT / "deploy" / "bootstrap.sh").read_text(encoding="utf-8")
    copy = tmp_path / "bootstrap.sh"
    # Debian's own Python is looked for by its full path.
    copy.write_text(script.replace("/usr/bin/python3.11", str(tmp_path / "python3.11")))
    return subprocess.run(
        ["sh", str(copy), "run"], env={"PATH": str(tools), **environment}, capture_output=True, text=True
    )


def test_a_missing_python_is_a_sentence(tmp_path: Path) -> None:
    done = bootstrap(tmp_path)
    assert done.returncode == 2
    assert "needs Python 3.11 and there is none here" in done.stderr
    assert "PYTHON=/path/to/python3.11 make run" in done.stderr


def test_another_python_is_not_taken(tmp_path: Path) -> None:
    other = tmp_path / "python3.9"
    other.write_text("#!/bin/sh\nexit 1\n")
    other.chmod(0o755)
    done = bootstrap(tmp_path, PYTHON=str(other))
    assert done.returncode == 2
    assert f"PYTHON is set to {other}, which is not a Python 3.11." in done.stderr


def test_chromium_is_looked_for_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = tmp_path / "chromium-browser"
    browser.write_text("#!/bin/sh\n")
    browser.chmod(0o755)
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert chromium.find_chromium() == str(browser)


def test_a_missing_chromium_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(chromium.ChromiumMissingError, match="apt-get install chromium"):
        chromium.ensure_chromium()
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "gone"))
    with pytest.raises(chromium.ChromiumMissingError, match="which is not a program"):
        chromium.ensure_chromium()


def test_a_driver_that_does_not_start_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    assert chromium.driver_starts(sys.executable)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(chromium.ChromiumMissingError, match="apt-get install libatomic1"):
        chromium.ensure_driver("/bin/false")
