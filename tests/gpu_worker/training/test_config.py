from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gpu_worker.errors import InputError
from gpu_worker.training.config import TrainingSection, config_from, load_config
from gpu_worker.training.schedule import rate_at

CONFIGS = sorted((Path(__file__).resolve().parents[3] / "gpu_worker/training/configs").glob("*.toml"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_shipped_configurations_can_be_read_and_written(path: Path) -> None:
    config = load_config(path)
    assert config_from(config.as_dict()) == config
    assert path.name == f"{config.name}-{config.network.variant}.toml"


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ({"trainig": {}}, "trainig"),
        ({"training": {"stepps": 1}}, "training.stepps"),
        ({"training": {"steps": "many"}}, "training.steps"),
        ({"training": {"steps": True}}, "training.steps"),
        ({"training": {"steps": 0}}, "training.steps"),
        ({"training": {"rows": 10}}, "training.rows"),
        ({"training": 3}, "training"),
        ({"network": {"variant": "sideways"}}, "network.variant"),
        ({"network": {"dilations": ["one"]}}, "network.dilations"),
        ({"data": {"weights": {"speech": "often"}}}, "data.weights"),
    ],
)
def test_a_wrong_setting_is_named(value: dict[str, object], named: str) -> None:
    with pytest.raises(InputError, match=named) as told:
        config_from(value)
    assert told.value.code == "bad_training_config"


@pytest.mark.parametrize("text", ["[training", "\xff"])
def test_a_file_that_is_no_configuration_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError) as told:
        load_config(path)
    assert told.value.code == "bad_training_config"


def test_the_rate_rises_and_falls() -> None:
    told = replace(TrainingSection(), steps=100, warm_up=10, learning_rate=1.0)
    rates = [rate_at(step, told) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == rates[9] == pytest.approx(1.0)
    assert rates[-1] < 0.02
