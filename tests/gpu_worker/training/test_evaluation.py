from __future__ import annotations

import json
from pathlib import Path

import pytest

from gpu_worker.errors import InputError
from gpu_worker.training.card import NAME as CARD
from gpu_worker.training.data.index import write_index
from gpu_worker.training.evaluation import NAME, evaluate_run
from gpu_worker.training.metrics import METRICS


def test_a_run_is_judged_beside_what_it_would_replace(tiny_run: Path, tiny_data: Path) -> None:
    found = evaluate_run(tiny_run, tiny_data)["groups"]["synthetic"]
    assert found["clips"] == 2
    assert found["people"] == ["person 4", "person 5"]
    ways = found["ways"]
    assert {"model", "phones decoded, rules", "loudness, rules", "mean pose", "model, another's sound"} <= set(ways)
    assert ways["exact phones, rules"]["f25"][0] == 1.0
    assert ways["exact phones, rules"]["closure_rate"][0] == 1.0
    assert ways["mean pose"]["closure_rate"][0] == 0.0
    assert ways["mean pose"]["head_speed"][0] == 0.0
    assert found["own"]["head_speed"] > 1.0
    mean, low, high = ways["model"]["lmd"]
    assert low <= mean <= high
    assert "**Synthetic voices, exact labels.**" in (tiny_run / CARD).read_text()
    told = json.loads((tiny_run / NAME).read_text())
    assert told["groups"]["synthetic"]["clips"] == 2
    table = told["table"].splitlines()
    assert table[0].startswith("**Synthetic voices")
    assert len(table) == 5 + len(ways)
    assert table[2].count("|") == len(METRICS) + 2


def test_a_set_without_test_people_is_refused(tiny_run: Path, tmp_path: Path) -> None:
    write_index(tmp_path)
    with pytest.raises(InputError) as told:
        evaluate_run(tiny_run, tmp_path)
    assert told.value.code == "no_test_clips"
