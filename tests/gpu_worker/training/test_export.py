from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gpu_worker.errors import EngineError, InputError
from gpu_worker.schema import CONTROL, CONTROLS, FloatArray
from gpu_worker.sound_motion.layout import LOOK_AHEAD_SECONDS, RATE
from gpu_worker.sound_motion.model import SoundModel, noise_rows
from gpu_worker.sound_motion.stream import SoundStream, controls_at, motion_of
from gpu_worker.training.export import TOLERANCE, Exported, export_run
from gpu_worker.training.network import MotionNetwork
from gpu_worker.training.trainer import run_config, train
from gpu_worker.training.weight_files import checksum, load_weights
from tests.gpu_worker.sound_motion.sounds import babble
from tests.gpu_worker.training.conftest import tiny_config


@pytest.fixture(scope="module")
def exported(tiny_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return export_run(tiny_run, tmp_path_factory.mktemp("export") / "tiny.onnx")


@pytest.fixture(scope="module")
def model(exported: Exported) -> SoundModel:
    return SoundModel(exported.onnx)


def test_what_is_written_is_described_and_equal(exported: Exported, tiny_run: Path) -> None:
    told = json.loads(exported.description.read_text())
    assert exported.difference <= TOLERANCE
    assert told["variant"] == "causal"
    assert told["sha256"] == {path.name: checksum(path) for path in (exported.onnx, exported.weights)}
    network = MotionNetwork(run_config(tiny_run).network)
    load_weights(exported.weights, network)
    assert exported.onnx.with_suffix(".md").read_text() == (tiny_run / "card.md").read_text()
    assert told["memory"] == [network.shape.channels, network.memory_rows]


@pytest.fixture(scope="module")
def full_model(tiny_data: Path, tmp_path_factory: pytest.TempPathFactory) -> SoundModel:
    folder = tmp_path_factory.mktemp("full")
    config = tiny_config(steps=1, evaluate_every=1)
    config = replace(config, network=replace(config.network, variant="full"))
    train(tiny_data, config, folder / "run", told=lambda line: None)
    return SoundModel(export_run(folder / "run", folder / "tiny.onnx").onnx)


def test_pieces_of_any_size_give_the_frames_of_the_whole(model: SoundModel) -> None:
    sound = babble(2.13)
    whole = controls_at(motion_of(sound, model, 7), np.arange(54) * 2.0)
    same_for_all_pieces(sound, model, whole)


def test_a_full_model_follows_a_stream_in_a_window(full_model: SoundModel) -> None:
    sound = babble(2.13)
    stream = SoundStream(25.0, 7, full_model)
    whole = np.concatenate([stream.push(sound), stream.finish()])
    same_for_all_pieces(sound, full_model, whole)
    # Less is known of what comes, so it is near what it says of the whole sound, not the same.
    everything = controls_at(motion_of(sound, full_model, 7), np.arange(54) * 2.0)
    assert 1e-4 < np.abs(whole - everything).mean() < 0.3


def same_for_all_pieces(sound: FloatArray, model: SoundModel, whole: FloatArray) -> None:
    for size in (160, 777, 8000, len(sound)):
        stream = SoundStream(25.0, 7, model)
        frames = [stream.push(sound[at : at + size]) for at in range(0, len(sound), size)]
        found = np.concatenate([*frames, stream.finish()])
        assert found.shape == (54, len(CONTROLS))
        np.testing.assert_allclose(found, whole, atol=2e-4)


def test_frames_come_with_the_promised_delay(model: SoundModel) -> None:
    sound = babble(2.0)
    stream = SoundStream(25.0, 0, model)
    shown = 0
    for at in range(0, len(sound), 320):
        shown += len(stream.push(sound[at : at + 320]))
        heard = min(at + 320, len(sound)) / RATE
        # The newest frame shows an instant no further back than the look-ahead, a row and a frame.
        assert heard - (shown - 1) / 25.0 <= LOOK_AHEAD_SECONDS + 0.02 + 0.04 + 1e-6 or heard < 0.2
    assert LOOK_AHEAD_SECONDS <= 0.12


def test_other_frame_rates(model: SoundModel) -> None:
    stream = SoundStream(30.0, 0, model)
    sound = babble(1.0)
    assert len(np.concatenate([stream.push(sound), stream.finish()])) == 30


def test_lips_follow_the_sound_alone_and_the_head_is_drawn(model: SoundModel) -> None:
    sound = babble(1.0)
    one, other, again = (motion_of(sound, model, seed) for seed in (1, 2, 1))
    np.testing.assert_array_equal(one.mouth, other.mouth)
    np.testing.assert_array_equal(one.expression, again.expression)
    assert np.abs(one.expression - other.expression).max() > 1e-4


def test_noise_does_not_depend_on_the_pieces() -> None:
    whole = noise_rows(3, 0, 50)
    np.testing.assert_array_equal(np.concatenate([noise_rows(3, 0, 13), noise_rows(3, 13, 37)]), whole)
    assert abs(whole.std() - 1.0) < 0.1


def test_a_changed_file_is_not_run(exported: Exported, tmp_path: Path) -> None:
    copy = tmp_path / exported.onnx.name
    copy.write_bytes(exported.onnx.read_bytes() + b"\0")
    with pytest.raises(EngineError):
        SoundModel(copy)
    (tmp_path / exported.description.name).write_text(exported.description.read_text())
    with pytest.raises(EngineError, match="not the one"):
        SoundModel(copy)


def test_a_wrong_name_is_refused(tiny_run: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError) as told:
        export_run(tiny_run, tmp_path / "model.bin")
    assert told.value.code == "bad_output_name"


def test_jaw_column_is_where_the_renderer_expects_it(model: SoundModel) -> None:
    motion = motion_of(babble(0.5), model)
    np.testing.assert_array_equal(controls_at(motion, np.array([3.0]))[0, CONTROL["jaw"]], motion.mouth[3, 0])
