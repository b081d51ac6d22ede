from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from gpu_worker.errors import InputError
from gpu_worker.training.checkpoint import NAME, load_checkpoint
from gpu_worker.training.config import load_config
from gpu_worker.training.data.index import read_runs
from gpu_worker.training.run_log import EVENTS, read_log
from gpu_worker.training.trainer import BEST, train
from tests.gpu_worker.training.conftest import SETTINGS, tiny_config

ROOT = Path(__file__).resolve().parents[3]


def weights(run: Path) -> dict[str, torch.Tensor]:
    state = load_checkpoint(run, torch.device("cpu"))
    assert state is not None
    return {f"{part}.{name}": value for part in ("network", "mean", "motion_critic", "sync_critic")
            for name, value in state[part].items()}  # fmt: skip


def quiet(line: str) -> None:
    del line


@pytest.mark.parametrize("killed_after", [3, 4])
def test_a_run_that_was_killed_ends_with_the_weights_of_one_that_was_not(
    tiny_data: Path, tiny_run: Path, tmp_path: Path, killed_after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gpu_worker.training import steps, trainer

    step = steps.take_step
    taken = 0

    def until_killed(*args: object) -> dict[str, float]:
        nonlocal taken
        if taken == killed_after:
            raise KeyboardInterrupt
        taken += 1
        return step(*args)  # type: ignore[arg-type]

    run = tmp_path / "run"
    monkeypatch.setattr(trainer, "take_step", until_killed)
    with pytest.raises(KeyboardInterrupt):
        train(tiny_data, tiny_config(), run, told=quiet)
    monkeypatch.undo()
    train(tiny_data, tiny_config(), run, resume=True, told=quiet)
    whole, resumed = weights(tiny_run), weights(run)
    assert whole.keys() == resumed.keys()
    for name, value in whole.items():
        assert torch.equal(value, resumed[name]), name
    assert [(row["step"], row["part"]) for row in read_log(run)] == [
        (row["step"], row["part"]) for row in read_log(tiny_run)
    ]


def test_a_run_that_is_told_to_leave_saves_where_it_is(tiny_data: Path, tiny_run: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    # Told to go on before it has a checkpoint, it begins.
    run.mkdir()
    (run / "config.json").write_text(json.dumps(tiny_config().as_dict()))
    left = train(tiny_data, tiny_config(), run, resume=True, told=quiet, watch=lambda progress, _: progress.step == 5)
    assert (left.step, left.stopped) == (5, "")
    assert json.loads((run / "data.json").read_text())["people"]
    assert train(tiny_data, tiny_config(), run, resume=True, told=quiet, watch=lambda *_: False).step == 6
    whole, resumed = weights(tiny_run), weights(run)
    assert all(torch.equal(value, resumed[name]) for name, value in whole.items())


def test_two_processes_take_the_steps_of_one(tiny_data: Path, tmp_path: Path) -> None:
    settings = json.loads(json.dumps(SETTINGS))
    settings["network"]["dropout"] = 0.0  # each process draws its own
    settings["training"]["steps"] = 3
    (tmp_path / "config.toml").write_text(as_toml(settings))
    train(tiny_data, load_config(tmp_path / "config.toml"), tmp_path / "one", told=quiet)
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "gpu_worker.training"]
    wanted = ["train", "--data", str(tiny_data), "--config", str(tmp_path / "config.toml"), "-o", str(tmp_path / "two")]
    done = subprocess.run(
        [sys.executable, *launcher, *wanted], cwd=ROOT, capture_output=True, text=True, timeout=900,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert str(tmp_path / "two") in [entry["run"] for entry in read_runs(tiny_data)]
    alone, together = weights(tmp_path / "one"), weights(tmp_path / "two")
    apart = torch.cat([(together[name] - value).abs().flatten() for name, value in alone.items()])
    # Adam turns a gradient that is nothing but rounding into a step of its full size, so single weights may differ.
    assert float(apart.mean()) < 2e-5
    assert float((apart > 1e-4).float().mean()) < 0.01


def as_toml(settings: dict[str, dict[str, object]]) -> str:
    lines = []
    for section, values in settings.items():
        lines.append(f"[{section}]")
        lines += [f"{name} = {json.dumps(value)}" for name, value in values.items()]
    return "\n".join(lines) + "\n"


def test_a_run_leaves_everything_that_people_look_for(tiny_run: Path) -> None:
    assert (tiny_run / BEST).is_file()
    assert (tiny_run / NAME).is_file()
    assert list((tiny_run / EVENTS).glob("events.out.tfevents.*"))
    rows = read_log(tiny_run)
    assert {row["part"] for row in rows} == {"train", "validation"}
    assert {"visemes", "position", "adversarial", "sync", "expression"} <= set(rows[-2])
    curves = (tiny_run / "curves.svg").read_text()
    assert curves.startswith("<svg")
    assert "viseme accuracy" in curves
    card = (tiny_run / "card.md").read_text()
    assert "3 people or voices" in card
    assert "110 ms of look-ahead" in card


def test_event_files_hold_the_curves(tiny_run: Path) -> None:
    from tensorboardX.event_file_writer import EventsWriter
    from tensorboardX.proto import event_pb2

    assert EventsWriter
    content = next((tiny_run / EVENTS).glob("events.out.tfevents.*")).read_bytes()
    names, at = set(), 0
    while at < len(content):
        size = int.from_bytes(content[at : at + 8], "little")
        event = event_pb2.Event.FromString(content[at + 12 : at + 12 + size])
        names |= {value.tag for value in event.summary.value}
        at += 16 + size
    assert {"train/visemes", "validation/loss"} <= names


def test_patience_ends_a_run(tiny_data: Path, tmp_path: Path) -> None:
    # Steps of no size: nothing ever gets better.
    config = tiny_config(learning_rate=0.0, critic_rate=0.0, patience=1, evaluate_every=1, ema=0.0, critics_after=99)
    progress = train(tiny_data, config, tmp_path / "run", told=quiet)
    assert progress.stopped == "no gain"
    assert progress.step == 2


def test_a_finished_run_is_not_overwritten(tiny_data: Path, tiny_run: Path) -> None:
    with pytest.raises(InputError) as told:
        train(tiny_data, tiny_config(), tiny_run, told=quiet)
    assert told.value.code == "run_exists"
    with pytest.raises(InputError) as told:
        train(tiny_data, tiny_config(seed=4), tiny_run, resume=True, told=quiet)
    assert told.value.code == "run_exists"


def test_resuming_needs_a_run(tiny_data: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError) as told:
        train(tiny_data, tiny_config(), tmp_path / "none", resume=True, told=quiet)
    assert told.value.code == "no_run"


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"\x80\x02K\x01."])
def test_a_broken_checkpoint_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / NAME).write_bytes(content)
    with pytest.raises(InputError) as told:
        load_checkpoint(tmp_path, torch.device("cpu"))
    assert told.value.code == "bad_checkpoint"
