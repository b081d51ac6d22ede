"""A data set of a few seconds, with faces that move with the sound, and a run that took a few steps on it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gpu_worker.schema import CONTROL, Phone
from gpu_worker.training.clip import CONTROL_NAMES, Clip, Split, frame_visemes
from gpu_worker.training.config import TrainingConfig, config_from
from gpu_worker.training.data.index import Part, write_index, write_part
from gpu_worker.training.data.shards import ShardWriter
from gpu_worker.training.trainer import train
from gpu_worker.visemes.spans import viseme_spans
from tests.gpu_worker.sound_motion.sounds import babble

SECONDS = 2.4
SETTINGS: dict[str, dict[str, object]] = {
    "network": {"variant": "causal", "channels": 12, "dilations": [1, 2], "expression_channels": 6, "dropout": 0.2},
    "data": {"hearings": 1},
    "training": {
        "steps": 6, "batch": 2, "rows": 90, "warm_up": 2, "critics_after": 2, "evaluate_every": 3, "save_every": 2,
        "device": "cpu",
    },
    "critics": {"motion_channels": 8, "sync_channels": 8},
}  # fmt: skip


def tiny_config(**training: object) -> TrainingConfig:
    """The smallest configuration; keywords change its ``training``."""
    return config_from(SETTINGS | {"training": {**SETTINGS["training"], **training}})


def tiny_clip(number: int, split: Split) -> Clip:
    """A clip whose jaw follows its syllables and whose head sways."""
    sound = babble(SECONDS, number)
    frames = int(SECONDS * 25)
    time = np.arange(frames) / 25
    controls = np.zeros((frames, len(CONTROL_NAMES)), np.float32)
    controls[:, CONTROL["jaw"]] = 0.3 + 0.3 * np.sin(2 * np.pi * 4 * time)
    controls[:, CONTROL["yaw"]] = 4 * np.sin(2 * np.pi * 0.3 * time + number)
    names = ["SIL", "M", "AA", "B", "IY", "F", "AO", "SIL"]
    edges = np.linspace(0, SECONDS, len(names) + 1)
    phones = [Phone(name, edges[n], edges[n + 1]) for n, name in enumerate(names)]
    closed = [name in ("M", "B") for name in names]
    for n in np.flatnonzero(closed):
        inside = (time >= edges[n]) & (time < edges[n + 1])
        controls[inside, CONTROL["close"]] = 1.0
        controls[inside, CONTROL["jaw"]] = 0.1
    return Clip(
        key=f"clip-{number:03d}",
        person=f"person {number}",
        split=split,
        language="en",
        source="synthetic",
        samples=sound,
        controls=controls,
        seen=np.ones(controls.shape, np.bool_),
        phones=tuple((phone.start, phone.end, phone.phone) for phone in phones),
        visemes=frame_visemes(viseme_spans(phones), frames, 25.0),
        manifest={"licence": "made for the test"},
    )


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("training") / "data"
    splits: tuple[Split, ...] = ("train", "train", "train", "validation", "test", "test")
    with ShardWriter(folder, "tiny") as writer:
        clips = [tiny_clip(number, split) for number, split in enumerate(splits)]
        for clip in clips:
            writer.add(clip)
        shards = writer.close()
    rows = tuple(
        {"key": clip.key, "person": clip.person, "split": clip.split, "language": "en", "source": "synthetic",
         "seconds": SECONDS} for clip in clips
    )  # fmt: skip
    write_part(folder, Part("tiny", ("tiny",), (), shards, rows, (), {"seconds": 1.0, "wall_s": 1.0}))
    write_index(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_run(tiny_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("training") / "run"
    train(tiny_data, tiny_config(), run, told=lambda line: None)
    return run
