"""Public-domain portraits out of the wheels, and one engine for all tests of this room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import matplotlib
import numpy as np
import pytest
import skimage
from PIL import Image as Pillow

from gpu_worker.landmarks.mesh import MeshEngine, shared_mesh
from gpu_worker.schema import Image, Photo

_SKIMAGE = Path(skimage.__file__).parent / "data"


@pytest.fixture(scope="module", autouse=True)
def any_licence() -> Iterator[None]:
    """The weights of face-alignment may not be used commercially; the tests sell nothing."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PICTURETALK_NON_COMMERCIAL_MODELS", "1")
        yield


def sample(path: Path) -> Image:
    """A picture that came with an installed package."""
    with Pillow.open(path) as picture:
        return np.array(picture.convert("RGB"), dtype=np.uint8)


def shipped(name: str) -> Image:
    """One of scikit-image's sample pictures."""
    return sample(_SKIMAGE / name)


def as_photo(pixels: Image) -> Photo:
    return Photo(pixels=np.ascontiguousarray(pixels), sha256="0" * 64, source_format="PNG")


@pytest.fixture(scope="session")
def mesh() -> MeshEngine:
    return shared_mesh()


@pytest.fixture(scope="session")
def astronaut() -> Image:
    return sample(_SKIMAGE / "astronaut.png")


@pytest.fixture(scope="session")
def hopper() -> Image:
    return sample(Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg")


@pytest.fixture(scope="session")
def cat() -> Image:
    return sample(_SKIMAGE / "chelsea.png")


@pytest.fixture(scope="session")
def cameraman() -> Image:
    """A man seen half from the side, his face 70 pixels high."""
    return sample(_SKIMAGE / "camera.png")
