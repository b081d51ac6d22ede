"""The torch engine draws what the CPU engine draws, and gives way to it when memory runs out."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from gpu_worker.config import EngineConfig
from gpu_worker.errors import FallbackForbiddenError
from gpu_worker.landmarks.inspect import inspect_photo
from gpu_worker.rendering.renderer import WarpEngine, WarpRenderer
from gpu_worker.rendering.torch_raster import draw_maps
from gpu_worker.rendering.torch_renderer import TorchEngine, TorchRenderer
from gpu_worker.schema import CONTROL, CONTROLS, FaceRig, FloatArray, MotionTrack, Photo

#: The tolerance in which both engines agree: mean difference, and share of pixels that differ by at most three levels.
MEAN, SHARE = 0.5, 0.999


def _controls(**given: float) -> FloatArray:
    values = np.zeros(len(CONTROLS), np.float32)
    for name, value in given.items():
        values[CONTROL[name]] = value
    return values


def _poses() -> FloatArray:
    """Rest, vowels, closures, blinks, gaze and turns to the limits."""
    return np.stack(
        [
            _controls(),
            _controls(jaw=0.9, upper_raise=0.3),
            _controls(pucker=0.8, jaw=0.2),
            _controls(stretch=0.8, smile_left=0.6, smile_right=0.9),
            _controls(close=1.0, press=0.7),
            _controls(lip_in=0.8, jaw=0.1),
            _controls(blink_left=1.0, blink_right=0.5),
            _controls(gaze_x=0.6, gaze_y=-0.3, brow_left=0.8),
            _controls(yaw=9.0, jaw=0.4),
            _controls(yaw=-9.0, pitch=6.0, roll=5.0),
            _controls(pitch=-7.0, roll=-6.0, shift_x=0.02, scale=0.02, blink_left=0.4),
        ]
    )


@pytest.fixture(scope="module")
def hopper() -> tuple[Photo, FaceRig]:
    """Grace Hopper, from matplotlib's samples (in the public domain), small."""
    import matplotlib
    from PIL import Image

    with Image.open(Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg") as opened:
        pixels = np.asarray(opened.convert("RGB").resize((256, 300)))
    photo = Photo(np.ascontiguousarray(pixels), "1" * 64, "array")
    return photo, inspect_photo(photo, EngineConfig()).faces[0]


def _compare(warp: WarpRenderer, drawn: Sequence[Any], poses: FloatArray) -> None:
    inside = warp.moving_region
    for controls, frame in zip(poses, drawn, strict=True):
        difference = np.abs(warp.frame(controls).astype(int) - frame)
        assert difference[inside].mean() <= MEAN
        assert (difference[inside].max(-1) <= 3).mean() >= SHARE
        assert not difference[~inside].any()
    assert (drawn[0] == warp.portrait.photo).all(), "at rest the frame is the photo"


@pytest.fixture(scope="module")
def astronaut_twin(astronaut: Photo, astronaut_face: FaceRig) -> TorchRenderer:
    return TorchEngine().prepare(astronaut, astronaut_face, EngineConfig())


def test_both_engines_agree_on_the_astronaut(renderer: WarpRenderer, astronaut_twin: TorchRenderer) -> None:
    poses = _poses()
    _compare(renderer, list(astronaut_twin.frames(MotionTrack(25.0, poses))), poses)
    assert astronaut_twin.engine.startswith("torch on ")
    alone = astronaut_twin.frame(poses[8])
    assert (np.abs(renderer.frame(poses[8]).astype(int) - alone) <= 3).mean() >= SHARE
    motion = MotionTrack(25.0, poses)
    assert (astronaut_twin.planned_opening(motion) == renderer.planned_opening(motion)).all()


def test_both_engines_agree_on_hopper(hopper: tuple[Photo, FaceRig]) -> None:
    poses = _poses()
    warp = WarpEngine().prepare(*hopper, EngineConfig())
    twin = TorchEngine().prepare(*hopper, EngineConfig(threads=1))
    _compare(warp, list(twin.frames(MotionTrack(25.0, poses))), poses)


class _Small:
    """A device whose memory holds maps of ``most`` frames."""

    def __init__(self, skin: Any, most: int) -> None:
        self._skin, self._most = skin, most
        self.sizes: list[int] = []
        self.device, self.box, self.pixels = skin.device, skin.box, skin.pixels

    def __call__(self, screen: Tensor, source: Tensor, shade: Tensor, seeds: list[int]) -> Any:
        self.sizes.append(len(seeds))
        if len(seeds) > self._most:
            raise torch.OutOfMemoryError("no memory left")
        return self._skin(screen, source, shade, seeds)


@pytest.mark.parametrize(("most", "batch"), [(2, 2), (0, 1)])
def test_too_little_memory_means_smaller_batches_and_then_the_cpu_engine(
    most: int, batch: int, renderer: WarpRenderer, astronaut_twin: TorchRenderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    poses = _poses()[:6]
    twin = TorchRenderer(renderer, renderer.portrait, torch.device("cpu"), threads=1)
    small = _Small(twin._skin, most)
    monkeypatch.setattr(twin, "_skin", small)
    twin.batch = 5
    drawn = list(twin.frames(MotionTrack(25.0, poses)))
    _compare(renderer, drawn, poses)
    assert twin.batch == batch
    assert max(small.sizes) > most
    if most:
        assert twin.engine == "torch on cpu"
    else:
        assert twin.engine == "warp, as torch on cpu ran out of memory with a single frame"
        assert all((frame == renderer.frame(row)).all() for frame, row in zip(drawn, poses, strict=True))


def test_a_device_without_room_for_the_portrait_leaves_it_to_the_cpu_engine(
    renderer: WarpRenderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("no memory left")

    monkeypatch.setattr("gpu_worker.rendering.torch_warp.TorchWarp", full)
    poses = _poses()[:3]
    twin = TorchRenderer(renderer, renderer.portrait, torch.device("cpu"), threads=1)
    drawn = list(twin.frames(MotionTrack(25.0, poses)))
    assert all((frame == renderer.frame(row)).all() for frame, row in zip(drawn, poses, strict=True))
    assert twin.engine == "warp, as torch on cpu had no memory for the portrait"


def test_later_triangles_cover_earlier_ones() -> None:
    """A small triangle over a large one, and a flat one that covers nothing."""
    points = torch.tensor([[[0.0, 0.0], [8.0, 0.0], [0.0, 8.0], [1.0, 1.0], [3.0, 1.0], [1.0, 3.0], [6.0, 6.0]]])
    values = torch.tensor([[[0.0], [8.0], [0.0], [100.0], [100.0], [100.0], [5.0]]])
    triangles = torch.tensor([[0, 1, 2], [3, 4, 5], [6, 6, 6]])
    drawn = draw_maps(points, values, triangles, 10, 10)[0, ..., 0]
    for row in range(10):
        for column in range(10):
            above = row >= 1 and column >= 1 and row + column <= 4
            expected = 100.0 if above else float(column) if row + column <= 8 else 0.0
            assert drawn[row, column] == pytest.approx(expected, abs=1e-4), (row, column)


def test_the_cpu_engine_does_not_load_torch() -> None:
    code = (
        "import sys; from gpu_worker import pipeline; from gpu_worker.engines import shared_engines;"
        "engines = shared_engines(); print(engines.renderer('warp').name, 'torch' in engines.renderers, "
        "'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["warp", "True", "False"]


def test_where_no_other_may_stand_in_too_little_memory_ends_the_work(
    renderer: WarpRenderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    twin = TorchRenderer(renderer, renderer.portrait, torch.device("cpu"), threads=1, alone=True)
    monkeypatch.setattr(twin, "_skin", _Small(twin._skin, 0))
    with pytest.raises(FallbackForbiddenError, match="ran out of memory"):
        list(twin.frames(MotionTrack(25.0, _poses()[:2])))
