"""The memory that frames take does not depend on how many there are."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gpu_worker.rendering.base import PortraitRenderer
from gpu_worker.rendering.renderer import WarpRenderer
from gpu_worker.rendering.torch_renderer import TorchRenderer
from gpu_worker.schema import CONTROL, CONTROLS, MotionTrack


def _places(renderer: PortraitRenderer, count: int) -> int:
    """How many pieces of memory ``count`` frames came in, each let go before the next is asked for."""
    values = np.zeros((count, len(CONTROLS)), np.float32)
    values[:, CONTROL["jaw"]] = 0.1 + 0.8 * (np.arange(count) % 7) / 7
    places = set()
    for frame in renderer.frames(MotionTrack(25.0, values), 2):
        places.add(frame.__array_interface__["data"][0])
        del frame
    return len(places)


@pytest.mark.parametrize("engine", ["warp", "torch"])
def test_frames_are_used_again(engine: str, renderer: WarpRenderer) -> None:
    chosen: PortraitRenderer = renderer
    if engine == "torch":
        chosen = TorchRenderer(renderer, renderer.portrait, torch.device("cpu"))
        chosen.batch = 2
    few = _places(chosen, 24)
    assert _places(chosen, 96) <= max(few, 16)
    assert few <= 16
