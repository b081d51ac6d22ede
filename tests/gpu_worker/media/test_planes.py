"""The planes that the encoder takes, against the definition of BT.709."""

from __future__ import annotations

import numpy as np
import pytest

from gpu_worker.media.planes import even, planes_of, spans_of, update_planes
from gpu_worker.schema import Image


def _picture(height: int, width: int, seed: int = 3) -> Image:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)


def _expected(picture: Image) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Y, Cb and Cr in floating point: chroma between two rows and on the even column."""
    height, width = picture.shape[:2]
    full = np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge") / 255.0
    luma = full @ (0.2126, 0.7152, 0.0722)
    wide = np.pad(full, ((0, 0), (1, 0), (0, 0)), mode="edge")
    across = (wide[:, 0:-1:2] + 2 * wide[:, 1::2] + np.pad(wide, ((0, 0), (0, 1), (0, 0)), mode="edge")[:, 2::2]) / 4
    mixed = (across[0::2] + across[1::2]) / 2
    level = mixed @ (0.2126, 0.7152, 0.0722)
    cb, cr = (mixed[..., 2] - level) / 1.8556, (mixed[..., 0] - level) / 1.5748
    return 16 + 219 * luma, 128 + 224 * cb, 128 + 224 * cr


@pytest.mark.parametrize(("height", "width"), [(8, 12), (7, 12), (8, 11), (9, 13)])
def test_planes_follow_the_standard(height: int, width: int) -> None:
    picture = _picture(height, width)
    planes = planes_of(picture).astype(float)
    count = even(height) * even(width)
    found = (planes[:count], planes[count : count * 5 // 4], planes[count * 5 // 4 :])
    for plane, expected in zip(found, _expected(picture), strict=True):
        assert np.abs(plane - expected.ravel()).max() <= 0.51


def test_grey_has_no_colour_and_the_range_is_limited() -> None:
    greys = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=2)
    planes = planes_of(greys)
    assert (planes[256:] == 128).all()
    assert (int(planes[:256].min()), int(planes[:256].max())) == (16, 235)


@pytest.mark.parametrize(("height", "width"), [(24, 32), (23, 31)])
def test_updating_what_changed_equals_converting_everything(height: int, width: int) -> None:
    before, after = _picture(height, width), _picture(height, width, seed=4)
    for top, bottom, left, right in ((3, 9, 5, 6), (0, height, 0, width), (7, 8, width - 1, width), (4, 4, 2, 2)):
        mask = np.zeros((height, width), bool)
        mask[top:bottom, left:right] = True
        frame = np.where(mask[..., None], after, before)
        planes = planes_of(before)
        update_planes(frame, spans_of(mask), planes)
        assert (planes == planes_of(frame)).all()
