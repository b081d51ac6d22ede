"""A whole video in the GPU worker's environment: heard by WhisperX, drawn by torch, encoded, checked and signed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from gpu_worker import speed
from gpu_worker.capabilities import capabilities
from gpu_worker.config import EngineConfig
from gpu_worker.engines import shared_engines
from gpu_worker.media.sound import write_wav
from gpu_worker.media.video_reader import probe
from gpu_worker.pipeline import animate
from gpu_worker.progress import STAGES, Progress
from gpu_worker.provenance.verify import verify_file
from gpu_worker.request import AnimationRequest, SoundSpeech
from gpu_worker.schema import Waveform
from picturetalk_site.signing import make_development_chain
from tests.gpu_env.tiny_models import RATE, Spoken


@pytest.fixture
def portrait(tmp_path: Path) -> Path:
    import skimage.data
    from PIL import Image

    path = tmp_path / "astronaut.png"
    Image.fromarray(np.asarray(skimage.data.astronaut())[:256, 100:356]).save(path)
    return path


def test_a_recording_without_words_becomes_a_signed_video(
    models: Path, english: Spoken, portrait: Path, tmp_path: Path
) -> None:
    keys = tmp_path / "keys"
    make_development_chain(keys)
    sound = write_wav(Waveform(english.samples, RATE), tmp_path / "speech.wav")
    request = AnimationRequest(
        portrait, SoundSpeech(sound), "whole", engine="torch", signing_folder=keys,
        config=EngineConfig(preset="ultrafast"),
    )  # fmt: skip
    told: list[Progress] = []
    made = animate(request, shared_engines(), tmp_path / "job", told.append, lambda: False)

    assert made.timeline is not None
    assert made.timeline.source == "recognised"
    assert [word.word for word in made.timeline.words] == english.text.split()
    assert list(dict.fromkeys(one.stage for one in told)) == list(STAGES)
    certificate = json.loads(made.certificate_json.read_text(encoding="utf-8"))
    assert made.certificate.verdict in ("green", "amber"), certificate
    assert certificate["engines"]["speech"] == "recognised"
    assert certificate["engines"]["aligner"].startswith("whisperx")
    assert certificate["engines"]["render"].startswith("torch")
    assert certificate["fallbacks"] == []
    assert certificate["versions"]["aligner"] == "whisperx 3.8.6"
    assert certificate["versions"]["render"].startswith("torch ")
    film = probe(made.video)
    assert (film.width, film.height) == (256, 256)
    assert film.audio_codec is not None
    found = verify_file(made.video, (keys / "anchor.pem").read_text(encoding="ascii"))
    assert found.manifest.state == "trusted"


def test_whisperx_is_measured_with_the_models_that_are_here(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "_MOST_ROUNDS", 1)
    (found,) = speed.measure(["whisperx"])
    assert found.value > 0
    assert found.unit == "times real time with whisper (0.01 GB), align-en (0.00 GB)"


def test_without_models_whisperx_says_why_it_is_not_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PICTURETALK_MODELS", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    entry = next(one for one in capabilities() if one.name == "whisperx")
    assert entry.available
    assert "whisper was not found" in entry.unmeasured
    assert "align-en was not found" in entry.unmeasured
    assert speed.measure(["whisperx"]) == []
