"""What the tests of the GPU worker's environment share: tiny models in a models folder, and no way to the network."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from gpu_worker.speech import whisperx_models
from tests.gpu_env.tiny_models import Spoken, spoken, write_aligner, write_whisper


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Whoever tries to reach another machine, or to look one up, fails, and the test with it."""
    connect = socket.socket.connect

    def refuse(self: socket.socket, address: object) -> None:
        if self.family != socket.AF_UNIX and not (isinstance(address, tuple) and address[0] == "127.0.0.1"):
            raise AssertionError(f"something tried to reach {address}")
        connect(self, address)  # type: ignore[arg-type]

    def no_lookup(host: object, *_: object, **__: object) -> None:
        raise AssertionError(f"something tried to look up {host!r}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr(socket, "getaddrinfo", no_lookup)
        yield


@pytest.fixture(scope="session", autouse=True)
def _one_thread_of_torch() -> None:
    """More would wait for one another on a small machine."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def english() -> Spoken:
    return spoken("please bring the old umbrella before the rain begins", "en")


@pytest.fixture(scope="session")
def german() -> Spoken:
    return spoken("der kleine hund liegt heute abend wieder unter dem alten tisch", "de", "woman-bright")


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, english: Spoken, german: Spoken) -> Path:
    """A models folder with a recogniser that knows both sentences and an aligner for English."""
    whisperx_models._offline()
    whisperx_models._package()  # before transformers, which looks for what is left out on purpose
    folder = tmp_path_factory.mktemp("models")
    write_whisper(folder / "whisper", [english, german], tmp_path_factory.mktemp("whisper"))
    write_aligner(folder / "align" / "en", [english])
    return folder


@pytest.fixture
def models(trained: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The trained models, where the engine looks for them, under whatever terms."""
    monkeypatch.setenv("PICTURETALK_MODELS", str(trained))
    monkeypatch.setenv("PICTURETALK_NON_COMMERCIAL_MODELS", "1")
    return trained
