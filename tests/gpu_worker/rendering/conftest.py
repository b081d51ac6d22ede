"""A real face for the renderer's tests: the astronaut of scikit-image, in the public domain."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.data

from gpu_worker.config import EngineConfig
from gpu_worker.landmarks.inspect import inspect_photo
from gpu_worker.rendering.renderer import WarpEngine, WarpRenderer
from gpu_worker.schema import FaceRig, Photo


@pytest.fixture(scope="session")
def astronaut() -> Photo:
    """The astronaut's head and shoulders, 251 x 233 pixels (odd on purpose), with her mouth open in a smile."""
    pixels = np.ascontiguousarray(skimage.data.astronaut()[0:251, 110:343])
    return Photo(pixels, "0" * 64, "array")


@pytest.fixture(scope="session")
def astronaut_face(astronaut: Photo) -> FaceRig:
    return inspect_photo(astronaut, EngineConfig()).faces[0]


@pytest.fixture(scope="session")
def renderer(astronaut: Photo, astronaut_face: FaceRig) -> WarpRenderer:
    return WarpEngine().prepare(astronaut, astronaut_face, EngineConfig())
