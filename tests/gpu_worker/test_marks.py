"""Marking only what moves gives what marking everything gives."""

from __future__ import annotations

import numpy as np
import pytest

from gpu_worker.marks import MarkedFrames, Marks
from gpu_worker.media.planes import planes_of
from gpu_worker.provenance.label import make_label
from gpu_worker.provenance.watermark.embed import make_watermark
from gpu_worker.schema import Image


@pytest.fixture(scope="module")
def photo() -> Image:
    import skimage.data

    return np.ascontiguousarray(skimage.data.astronaut()[:201, 100:331])


@pytest.mark.parametrize("top", [0, 90])
def test_frames_are_marked_as_a_whole_wherever_they_move(photo: Image, top: int) -> None:
    """The upper region runs under the label, the lower one does not."""
    marks = Marks(make_watermark(photo, "job", b"key"), make_label(photo.shape))
    region = np.zeros(photo.shape[:2], bool)
    region[top + 3 : top + 80, 3:121] = True
    frames = MarkedFrames(marks, photo, region)
    rng = np.random.default_rng(1)
    for _ in range(3):
        frame = photo.copy()
        frame[region] = rng.integers(0, 256, (int(region.sum()), 3))
        drawn = frames.draw(frame)
        assert (drawn == marks.apply(frame)).all()
        assert (frames.planes == planes_of(drawn)).all()
    assert (frames.still == marks.apply(photo)).all()
    assert marks.watermark_id is not None


def test_without_marks_and_movement_the_photo_stays(photo: Image) -> None:
    marks = Marks(None, None)
    frames = MarkedFrames(marks, photo, np.zeros(photo.shape[:2], bool))
    assert (frames.draw(photo) == photo).all()
    assert marks.watermark_id is None
