"""Cuts for sharing: of the right shape, around the faces, with everything known of the faces moved along."""

from __future__ import annotations

import numpy as np
import pytest

from gpu_worker.errors import InputError
from gpu_worker.media.framing import FRAMINGS, cut_around, frame_photo
from gpu_worker.schema import FaceRig, Photo

ASPECT = {"portrait": 0.8, "square": 1.0, "vertical": 0.5625}


def face(x: float, y: float, size: float, index: int = 0) -> FaceRig:
    points = np.zeros((478, 3), np.float32)
    points[:, 0], points[:, 1] = x + size / 2, y + size / 2
    outline = np.array([[x, y], [x + size, y + size]], np.float32)
    return FaceRig(index, (x, y, size, size), 1.0, points, size, 0.0, 0.0, 0.0, 0.0, neighbours=(outline,))


@pytest.mark.parametrize("framing", ["portrait", "square", "vertical"])
@pytest.mark.parametrize(
    ("size", "where"),
    [((1600, 900), (200.0, 300.0, 150.0)), ((600, 1400), (400.0, 20.0, 180.0)), ((301, 299), (40.0, 40.0, 220.0))],
)
def test_a_cut_has_its_shape_and_holds_the_face(
    framing: str, size: tuple[int, int], where: tuple[float, float, float]
) -> None:
    left, top, width, height = cut_around(*size, [face(*where).box], framing)
    assert width % 2 == height % 2 == 0
    assert left >= 0
    assert left + width <= size[0]
    assert top >= 0
    assert top + height <= size[1]
    assert width / height == pytest.approx(ASPECT[framing], abs=0.02)
    x, y, side = where
    centre = (x + side / 2, y + side / 2)
    assert left < centre[0] < left + width
    assert top < centre[1] < top + height


def test_two_who_move_are_both_seen() -> None:
    pair = [face(300, 200, 120), face(900, 230, 110, 1)]
    left, top, width, height = cut_around(1600, 1200, [one.box for one in pair], "square")
    for one in pair:
        x, y, w, h = one.box
        assert left <= x
        assert x + w <= left + width
        assert top <= y
        assert y + h <= top + height


def test_what_is_known_of_a_face_moves_with_it_and_others_are_left_out() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (900, 1600, 3), dtype=np.uint8)
    photo = Photo(pixels, "0" * 64, "array")
    speaker, far = face(200, 300, 150), face(1400, 300, 100, 1)
    framed = frame_photo(photo, [speaker], [speaker, far], "square")
    left, top, width, height = cut_around(1600, 900, [speaker.box], "square")
    np.testing.assert_array_equal(framed.photo.pixels, pixels[top : top + height, left : left + width])
    moved = framed.faces[0]
    assert list(moved.box) == [200 - left, 300 - top, 150, 150]
    np.testing.assert_allclose(moved.landmarks[:, :2], speaker.landmarks[:, :2] - [left, top])
    np.testing.assert_allclose(moved.neighbours[0], speaker.neighbours[0] - [left, top])
    assert [one.index for one in framed.everybody] == [0]
    whole = frame_photo(photo, [speaker], [speaker, far], "whole")
    assert whole.photo is photo
    assert whole.everybody == (speaker, far)


def test_an_unknown_framing_is_refused() -> None:
    photo = Photo(np.zeros((100, 100, 3), np.uint8), "0" * 64, "array")
    with pytest.raises(InputError) as refused:
        frame_photo(photo, [face(10, 10, 50)], [], "round")
    assert refused.value.code == "unknown_framing"
    assert set(ASPECT) | {"whole"} == set(FRAMINGS)


def test_faces_that_do_not_fit_together_are_refused() -> None:
    pixels = np.zeros((400, 1600, 3), np.uint8)
    photo = Photo(pixels, "0" * 64, "array")
    pair = [face(100, 100, 120), face(1300, 100, 120, 1)]
    with pytest.raises(InputError) as refused:
        frame_photo(photo, pair, pair, "vertical")
    assert refused.value.code == "framing_does_not_fit"
    assert frame_photo(photo, pair[:1], pair, "vertical").photo.height == 400
