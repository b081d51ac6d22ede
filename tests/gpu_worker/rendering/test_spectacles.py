from __future__ import annotations

from typing import Any

import matplotlib.cbook
import numpy as np
import PIL.Image
import pytest

from gpu_worker.config import EngineConfig
from gpu_worker.landmarks.inspect import inspect_photo
from gpu_worker.rendering.renderer import WarpEngine, WarpRenderer
from gpu_worker.rendering.spectacles import band_contrast, measure_spectacles
from gpu_worker.schema import CONTROL, CONTROLS, FaceRig, Photo


@pytest.fixture(scope="module")
def hopper() -> Photo:
    """Rear Admiral Grace Hopper, in the public domain, wearing spectacles with a heavy upper rim."""
    path: Any = matplotlib.cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)
    with PIL.Image.open(path) as image:
        return Photo(np.asarray(image.convert("RGB")).copy(), "1" * 64, "array")


@pytest.fixture(scope="module")
def hopper_face(hopper: Photo) -> FaceRig:
    return inspect_photo(hopper, EngineConfig()).faces[0]


def _brow_up(renderer: WarpRenderer) -> np.ndarray:
    controls = np.zeros(len(CONTROLS), np.float32)
    controls[CONTROL["brow_left"]] = controls[CONTROL["brow_right"]] = 1.0
    return renderer.frame(controls).astype(int)


def test_a_bridge_is_told_from_bare_skin(
    hopper: Photo, hopper_face: FaceRig, astronaut: Photo, astronaut_face: FaceRig
) -> None:
    assert measure_spectacles(hopper.pixels, hopper_face.landmarks.astype(float), hopper_face.height) == 1.0
    bare = astronaut_face.landmarks.astype(float)
    assert measure_spectacles(astronaut.pixels, bare, astronaut_face.height) == 0.0
    # sun from one side and strong grain are not a bridge
    light = np.linspace(0.4, 1.2, astronaut.width)[None, :, None]
    noise = np.random.default_rng(0).normal(0, 9, astronaut.pixels.shape)
    hard = np.clip(astronaut.pixels * light + noise, 0, 255).astype(np.uint8)
    assert band_contrast(hard, bare, astronaut_face.height) < 8.0


def test_spectacles_stay_where_they_are_while_bare_brows_move(
    hopper: Photo, hopper_face: FaceRig, renderer: WarpRenderer, astronaut: Photo, astronaut_face: FaceRig
) -> None:
    def change(frame: np.ndarray, photo: Photo, face: FaceRig) -> float:
        low, high = face.landmarks[[70, 300, 159, 386], :2].min(0), face.landmarks[[70, 300, 159, 386], :2].max(0)
        box = slice(int(low[1]), int(high[1]) + 1), slice(int(low[0]), int(high[0]) + 1)
        return float(np.abs(frame[box] - photo.pixels[box].astype(int)).mean())

    worn = change(_brow_up(WarpEngine().prepare(hopper, hopper_face, EngineConfig())), hopper, hopper_face)
    assert worn < 0.35 * change(_without_spectacles(hopper, hopper_face), hopper, hopper_face)
    assert change(_brow_up(renderer), astronaut, astronaut_face) > 4.0


def _without_spectacles(photo: Photo, face: FaceRig) -> np.ndarray:
    """The same face rendered as if nothing crossed its nose."""
    from gpu_worker.rendering import portrait

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(portrait, "measure_spectacles", lambda *_: 0.0)
        return _brow_up(WarpEngine().prepare(photo, face, EngineConfig()))
