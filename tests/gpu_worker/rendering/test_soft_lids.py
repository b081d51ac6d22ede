from __future__ import annotations

import numpy as np

from gpu_worker.rendering.soft_lids import lash_colour, soft_lids

_SKIN, _WHITE, _LASH, _UNIT = (200, 150, 120), (250, 250, 250), (60, 40, 30), 200.0


def _eye() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A picture with one eye: white between two arcs, and dark lashes along the upper one."""
    pixels = np.full((120, 160, 3), _SKIN, np.uint8)
    t = np.linspace(-1, 1, 17)
    upper = np.stack([80 + 25 * t, 60 - 9 * (1 - t**2)], axis=1)
    lower = np.stack([80 + 25 * t, 60 + 7 * (1 - t**2)], axis=1)
    y, x = np.mgrid[0:120, 0:160]
    s = (x - 80) / 25
    inside = (np.abs(s) < 1) & (y > 60 - 9 * (1 - s**2)) & (y < 60 + 7 * (1 - s**2))
    pixels[inside] = _WHITE
    pixels[(np.abs(s) < 1) & (np.abs(y - (60 - 9 * (1 - s**2))) < 1.2)] = _LASH
    return pixels, upper, lower


def test_lashes_are_found_by_their_darkness() -> None:
    pixels, upper, lower = _eye()
    np.testing.assert_allclose(lash_colour(pixels, upper, lower, _UNIT), _LASH, atol=25)


def test_soft_lids_are_skin_and_lashes_without_the_eyeball() -> None:
    pixels, upper, lower = _eye()
    lash = lash_colour(pixels, upper, lower, _UNIT)
    soft, left, top = soft_lids(pixels, upper, lower, lash, _UNIT)
    np.testing.assert_allclose(soft[60 - top, 80 - left], _SKIN, atol=12, err_msg="no white of the eye")
    assert soft[51 - top, 80 - left].mean() < 0.6 * np.mean(_SKIN), "the line of the lashes"
    np.testing.assert_allclose(soft[40 - top, 80 - left], _SKIN, atol=3)


def test_an_eye_at_the_edge_of_the_picture() -> None:
    pixels, upper, lower = _eye()
    soft, left, top = soft_lids(pixels[:60, :80], upper, lower, lash_colour(pixels, upper, lower, _UNIT), _UNIT)
    assert left >= 0
    assert top >= 0
    assert left + soft.shape[1] <= 80
    assert top + soft.shape[0] <= 60
