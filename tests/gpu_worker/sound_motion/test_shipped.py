"""The model that comes with the product, on languages without a recogniser."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gpu_worker.media.sound import resample
from gpu_worker.schema import CONTROL
from gpu_worker.sound_motion.layout import RATE
from gpu_worker.sound_motion.model import Variant, live_model, model_path, shipped_model
from gpu_worker.sound_motion.phones import sound_phones
from gpu_worker.sound_motion.stream import SoundStream
from gpu_worker.speech.evaluation import Tally
from gpu_worker.speech.labels import Labelled
from gpu_worker.speech.synthesis import synthesise
from gpu_worker.training.config import config_from, load_config
from gpu_worker.training.weight_files import checksum
from gpu_worker.visemes.closures import closures

CONFIGS = Path(__file__).parents[3] / "gpu_worker" / "training" / "configs"

TEXTS = {"es": "Buenos días, me llamo Pablo y vivo en Bilbao con mi familia.", "fi": "Hyvää päivää, minä asun Porissa."}


@pytest.mark.parametrize("language", TEXTS)
def test_it_hears_what_the_mouth_does_in_other_languages(language: str) -> None:
    waveform, truth = synthesise(TEXTS[language], language)
    waveform = resample(waveform, RATE)
    tally = Tally()
    tally.add(Labelled(truth.phones, closures(truth.phones, waveform)), sound_phones(waveform.samples), waveform)
    found = tally.summary()
    assert found["f25"] > 0.5
    assert found["jaw_correlation"] > 0.6


@pytest.mark.parametrize("variant", ["full", "causal"])
def test_it_weighs_less_than_5_mb_and_tells_what_it_is(variant: Variant) -> None:
    assert model_path(variant).stat().st_size < 5_000_000
    told = shipped_model(variant).described
    assert told["variant"] == variant
    assert told["config"]["training"]["start_from"] == ""


@pytest.mark.parametrize("variant", ["full", "causal"])
def test_it_is_what_the_committed_configuration_and_the_card_say(variant: Variant) -> None:
    file = model_path(variant)
    told = shipped_model(variant).described
    assert told["sha256"] == {path.name: checksum(path) for path in (file, file.with_suffix(".safetensors"))}
    assert config_from(told["config"]) == load_config(CONFIGS / f"sound-motion-{variant}.toml")
    card = file.with_suffix(".md").read_text(encoding="utf-8")
    for command in ("dataset synthesise", "dataset build", "train --data DIR", "evaluate RUN", "export RUN"):
        assert f"python -m gpu_worker.training {command}" in card
    assert "data set fingerprint" in card
    assert "Real speech" in card


def test_the_mouth_rests_in_silence_and_moves_in_speech() -> None:
    waveform, _ = synthesise("Hello everybody, how are you today?", "en")
    sound = resample(waveform, RATE).samples
    stream = SoundStream(25.0, model=live_model())
    quiet = np.random.default_rng(0).normal(0, 1e-4, RATE).astype(np.float32)
    frames = np.concatenate([stream.push(np.concatenate([quiet, sound, quiet])), stream.finish()])
    jaw = frames[:, CONTROL["jaw"]]
    assert jaw[5:20].max() < 0.15
    assert jaw[30:-30].max() > 0.25


def test_eyes_and_head_are_left_alone_where_they_were_never_taught() -> None:
    stream = SoundStream(25.0, model=live_model())
    frames = np.concatenate([stream.push(np.zeros(RATE, np.float32)), stream.finish()])
    assert (frames[:, CONTROL["yaw"]] == 0).all()
