"""A blocked photo is found again; another one is not."""

from __future__ import annotations

import io
from collections.abc import Callable

import cv2
import numpy as np
import pytest
import skimage.data
from PIL import Image as PillowImage

from gpu_worker.provenance.photo_hash import COPY_DISTANCE, PhotoHash, is_copy, photo_distance, photo_hash
from gpu_worker.schema import Image


def _jpeg(picture: Image, quality: int) -> Image:
    stream = io.BytesIO()
    PillowImage.fromarray(np.ascontiguousarray(picture)).save(stream, "JPEG", quality=quality)
    return np.asarray(PillowImage.open(stream).convert("RGB")).copy()


def _resized(picture: Image) -> Image:
    return cv2.resize(picture, None, fx=0.37, fy=0.37, interpolation=cv2.INTER_AREA).astype(np.uint8)


COPIES: dict[str, Callable[[Image], Image]] = {
    "small and poor": lambda picture: _jpeg(_resized(picture), 40),
    "mirrored": lambda picture: np.ascontiguousarray(picture[:, ::-1]),
    "paler": lambda picture: np.clip(picture * 0.75 + 30, 0, 255).astype(np.uint8),
    "cropped by 5 % at a corner": lambda picture: _jpeg(_resized(picture[: -picture.shape[0] // 20, 25:]), 70),
    "cropped by 4 % all round": lambda picture: _jpeg(_resized(picture[10:-10, 10:-10]), 70),
    "cropped by 8 %": lambda picture: picture[30:-10, 20:-20],
}


@pytest.mark.parametrize("change", list(COPIES))
def test_copies_are_found_in_both_directions(astronaut: Image, hopper: Image, change: str) -> None:
    for photo in (astronaut, hopper):
        original, copy = photo_hash(photo, "original"), photo_hash(COPIES[change](photo), "copy")
        assert is_copy(original, copy)
        assert is_copy(copy, original)


def test_equal_files_match_whatever_they_show() -> None:
    assert photo_distance(PhotoHash("aa", ("0" * 16,)), PhotoHash("aa", ("f" * 16,))) == 0


def test_other_pictures_are_not_copies(astronaut: Image, hopper: Image) -> None:
    grey = [getattr(skimage.data, name)() for name in ("camera", "coins", "clock", "brick", "page")]
    pictures = [astronaut, hopper, *(np.dstack([one] * 3).astype(np.uint8) for one in grey)]
    hashes = [photo_hash(picture, str(index)) for index, picture in enumerate(pictures)]
    distances = [photo_distance(one, other) for index, one in enumerate(hashes) for other in hashes[:index]]
    assert min(distances) > COPY_DISTANCE + 2


def test_the_hash_is_small_and_shows_nothing(astronaut: Image) -> None:
    kept = photo_hash(astronaut, "ab").as_dict()
    assert kept["sha256"] == "ab"
    assert len(str(kept)) < 500


def test_a_strip_and_a_dot_have_hashes_too() -> None:
    for shape in ((1, 1, 3), (2, 700, 3)):
        assert len(photo_hash(np.zeros(shape, np.uint8), "x").family) == 17
