"""Portraits in the public domain, and videos made of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import av
import cv2
import matplotlib as mpl
import numpy as np
import pytest
import skimage.data
from PIL import Image as PillowImage

from gpu_worker.provenance.dev_chain import ChainFiles, make_chain
from gpu_worker.schema import Image

JOB = "5b1c3a52-9d6e-4f38-8f0a-112233445566"


@pytest.fixture(scope="session")
def astronaut() -> Image:
    """Eileen Collins, NASA; (512, 512, 3). A flat backdrop: the harder of the two for a watermark."""
    return np.ascontiguousarray(skimage.data.astronaut())


@pytest.fixture(scope="session")
def hopper() -> Image:
    """Grace Hopper, US Navy; (600, 512, 3)."""
    path = Path(mpl.get_data_path()) / "sample_data" / "grace_hopper.jpg"
    return np.asarray(PillowImage.open(path).convert("RGB"))[:600, :512].copy()


@pytest.fixture
def chain(tmp_path: Path) -> ChainFiles:
    return make_chain(tmp_path / "signing")


def encode(
    path: Path, frames: Sequence[Image], crf: int = 20, codec: str = "libx264", preset: str = "veryfast", **tags: str
) -> Path:
    """Write RGB frames as a video at 25 frames a second."""
    height, width = frames[0].shape[:2]
    with av.open(str(path), "w") as container:
        container.metadata.update(tags)
        stream = container.add_stream(codec, rate=25)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"crf": str(crf), "preset": preset} if codec == "libx264" else {}
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")))
        container.mux(stream.encode(None))
    return path


def decode(path: Path) -> list[Image]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24").astype(np.uint8) for frame in container.decode(video=0)]


def nodding(photo: Image, count: int = 12) -> list[Image]:
    """A stand-in for a talking head: the middle of the picture sways, everything else stays."""
    height, width = photo.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    inside = np.exp(-(((columns / width - 0.5) / 0.2) ** 2) - ((rows / height - 0.4) / 0.2) ** 2).astype(np.float32)
    size = min(height, width) / 512
    frames = []
    for index in range(count):
        across, down = 4 * size * np.sin(index / 3) * inside, 3 * size * np.sin(index / 4) * inside
        frames.append(cv2.remap(photo, columns + across, rows + down, cv2.INTER_LINEAR).astype(np.uint8))
    return frames


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory, astronaut: Image) -> Path:
    """A small unsigned, untagged, unmarked mp4. Not to be changed: copy it first."""
    small = cv2.resize(astronaut, (192, 160), interpolation=cv2.INTER_AREA).astype(np.uint8)
    return encode(tmp_path_factory.mktemp("video") / "plain.mp4", nodding(small, 10))
