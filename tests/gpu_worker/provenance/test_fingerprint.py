"""Exact and perceptual fingerprints: near for copies, far for others."""

from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data

from gpu_worker.provenance.fingerprint import (
    MATCH_DISTANCE,
    Fingerprint,
    file_sha256,
    fingerprint,
    hash_distance,
    picture_hash,
    same_picture,
)
from gpu_worker.provenance.frames import sample_luma
from gpu_worker.schema import Image
from tests.gpu_worker.provenance.conftest import decode, encode


def _grey(picture: Image) -> np.ndarray:
    return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)


def _of(path: Path) -> Fingerprint:
    return fingerprint(path, sample_luma(path, "mp4"))


def test_sha256_is_that_of_the_file(video: Path) -> None:
    assert file_sha256(video) == hashlib.sha256(video.read_bytes()).hexdigest()


@pytest.mark.parametrize("side", [64, 200, 1500])
def test_a_resized_picture_keeps_its_hash(astronaut: Image, side: int) -> None:
    resized = cv2.resize(astronaut, (side, side), interpolation=cv2.INTER_AREA).astype(np.uint8)
    assert hash_distance(picture_hash(_grey(astronaut)), picture_hash(_grey(resized))) <= 4


def test_brightness_and_contrast_do_not_matter(hopper: Image) -> None:
    paler = np.clip(hopper * 0.7 + 40, 0, 255).astype(np.uint8)
    assert hash_distance(picture_hash(_grey(hopper)), picture_hash(_grey(paler))) <= 4


def test_other_pictures_are_far(astronaut: Image, hopper: Image) -> None:
    others = [_grey(hopper), *(getattr(skimage.data, name)() for name in ("camera", "coins", "clock"))]
    distances = [hash_distance(picture_hash(_grey(astronaut)), picture_hash(other)) for other in others]
    assert min(distances) > MATCH_DISTANCE + 4


def test_distance_counts_bits() -> None:
    assert hash_distance("0" * 16, "f" * 16) == 64
    assert hash_distance("0" * 16, "0" * 15 + "3") == 2


def test_a_reencoded_smaller_copy_is_the_same_video(video: Path, tmp_path: Path) -> None:
    smaller = [cv2.resize(frame, (96, 80), interpolation=cv2.INTER_AREA).astype(np.uint8) for frame in decode(video)]
    copy = _of(encode(tmp_path / "copy.mp4", smaller, crf=30))
    assert copy.sha256 != _of(video).sha256
    assert same_picture(_of(video), copy)


def test_a_video_of_someone_else_is_not(video: Path, hopper: Image, tmp_path: Path) -> None:
    other = _of(encode(tmp_path / "other.mp4", [hopper] * 3))
    assert not same_picture(_of(video), other)


def test_equal_bytes_are_the_same_whatever_can_be_decoded() -> None:
    empty = Fingerprint("aa", ())
    assert same_picture(empty, Fingerprint("aa", ()))
    assert not same_picture(empty, Fingerprint("bb", ("0" * 16,)))
