"""Portraits of dressed people, from the wheels of the tests."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
import skimage.data
from PIL import Image as PillowImage

from gpu_worker.schema import Image


@pytest.fixture(scope="session")
def astronaut() -> Image:
    return np.asarray(skimage.data.astronaut(), np.uint8)


@pytest.fixture(scope="session")
def hopper() -> Image:
    path = Path(mpl.get_data_path()) / "sample_data" / "grace_hopper.jpg"
    return np.asarray(PillowImage.open(path).convert("RGB"))
