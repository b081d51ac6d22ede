"""The face-alignment engine, for real, on random weights in the files' exact layout. No test downloads."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from face_alignment.detection.sfd.net_s3fd import s3fd
from face_alignment.models import FAN, ResNetDepth

from gpu_worker.errors import EngineError
from gpu_worker.landmarks.crop import Region
from gpu_worker.landmarks.fan import FanEngine
from gpu_worker.schema import Image
from gpu_worker.weights import FAN_2D, FAN_3D, FAN_DEPTH, S3FD


def biased_detector() -> dict[str, Any]:
    """S3FD whose biases alone decide: a face of 512 pixels in every cell of its coarsest grid, no other."""
    state = s3fd().state_dict()
    for key, value in state.items():
        if "mbox_conf" in key or "mbox_loc" in key:
            value.zero_()
        if key.endswith("mbox_conf.bias"):
            value[0], value[-1] = (-8.0, 8.0) if key.startswith("conv7_2") else (8.0, -8.0)
            if value.numel() > 2:
                value[:3], value[-1] = 8.0, -8.0
    return dict(state)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("models")
    (folder / FAN_2D.path).parent.mkdir(parents=True)
    network = FAN(4).state_dict()
    torch.save(network, folder / FAN_2D.path)
    (folder / FAN_3D.path).symlink_to(folder / FAN_2D.path)
    depth = {f"module.{key}": value for key, value in ResNetDepth().state_dict().items()}
    torch.save({"state_dict": depth}, folder / FAN_DEPTH.path)
    torch.save(biased_detector(), folder / S3FD.path)
    return folder


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Several test processes with torch's threads each would spend their time waiting for one another."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the engine tried to reach the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def test_missing_weights_are_named_and_nothing_is_fetched(tmp_path: Path) -> None:
    for arguments in ({"flavour": "2d"}, {"flavour": "3d"}, {"finder": "sfd"}):
        with pytest.raises(EngineError, match="was not found") as caught:
            FanEngine(folders=[tmp_path], **arguments)  # type: ignore[arg-type]
        assert caught.value.permanent
        assert str(tmp_path) in str(caught.value)
    assert not any(tmp_path.iterdir())


def test_a_wrong_file_is_refused_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / FAN_2D.path
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not weights at all")
    with pytest.raises(EngineError, match="cannot use its files"):
        FanEngine(folders=[tmp_path])
    torch.save({"layer.weight": torch.zeros(3)}, path)
    with pytest.raises(EngineError, match="another network"):
        FanEngine(folders=[tmp_path])
    torch.save([1, 2, 3], path)
    with pytest.raises(EngineError, match="does not hold"):
        FanEngine(folders=[tmp_path])


def test_pickled_code_in_a_file_is_not_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "sprung",))

    path = tmp_path / FAN_2D.path
    path.parent.mkdir(parents=True)
    torch.save({"weights": Trap()}, path)
    with pytest.raises(EngineError):
        FanEngine(folders=[tmp_path])
    assert not (tmp_path / "sprung").exists()


@pytest.mark.slow
def test_two_dimensions_with_given_boxes(models: Path, hopper: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = FanEngine("2d", folders=[models])
    assert engine.name == "face-alignment-2d"
    region = Region(262, 235, 300)
    points = engine.points(hopper, region)
    assert points.shape == (68, 2)
    # Random weights point anywhere, but inside the picture FAN was shown.
    assert np.abs(points - (262, 235)).max() < 300
    turned = engine.points(
        np.ascontiguousarray(np.rot90(hopper, -1)), Region(hopper.shape[0] - 1 - 235, 262, 300, np.pi / 2)
    )
    back = np.stack([turned[:, 1], hopper.shape[0] - 1 - turned[:, 0]], axis=1)
    assert np.median(np.linalg.norm(back - points, axis=1)) < 3, "a turned region gives the same points, turned"
    monkeypatch.setattr("gpu_worker.landmarks.fan._MOST_FACES", 1)
    found = engine.locate(hopper)
    assert len(found) == 1
    for face in found:
        assert face.landmarks.shape == (478, 3)
        assert np.isfinite(face.landmarks).all()
        assert face.engine == "face-alignment-2d"
        assert 0 <= face.likeness <= 1
    engine.close()


@pytest.mark.slow
def test_three_dimensions_and_its_own_detector(models: Path, astronaut: Image) -> None:
    engine = FanEngine("3d", finder="sfd", folders=[models])
    points = engine.points(astronaut, Region(224, 120, 160))
    assert points.shape == (68, 3)
    assert np.isfinite(points).all()
    found = engine.locate(np.ascontiguousarray(astronaut[:96, :96]))
    assert 1 <= len(found) <= 4
    for face in found:
        assert face.landmarks.shape == (478, 3)
        assert not face.human, "random weights find nobody"
    engine.close()
