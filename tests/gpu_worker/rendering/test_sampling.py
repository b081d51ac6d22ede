from __future__ import annotations

import numpy as np
import pytest
import skimage.data

from gpu_worker.rendering.grain import noise_tile
from gpu_worker.rendering.sampling import BORDER, enlarge_and_pack, halfway_filter, loss_table
from gpu_worker.rendering.warping import warp_region

_STEP = 4


def _moved(
    pixels: np.ndarray, dx: float, dy: float, grain: int = 0, shade: float = 0.0, photo: np.ndarray | None = None
) -> np.ndarray:
    packed = enlarge_and_pack(pixels)
    height, width = pixels.shape[:2]
    field = np.zeros((height // _STEP + 3, width // _STEP + 3, 3), np.float32)
    field[...] = (dx, dy, shade)
    spans = np.tile(np.array([0, width], np.int32), (height, 1))
    out = np.zeros_like(pixels)
    warp_region(
        packed.ravel(), packed.shape[1], packed.shape[0], 0, 0, loss_table(), noise_tile(), 3, 5, grain, field, 0, 0,
        _STEP, 0, spans, pixels if photo is None else photo, out,
    )  # fmt: skip
    return out


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return np.ascontiguousarray(skimage.data.astronaut()[100:229, 150:301])


def test_without_movement_the_photo_comes_back_exactly_even_with_grain(picture: np.ndarray) -> None:
    np.testing.assert_array_equal(_moved(picture, 0.0, 0.0, grain=2000), picture)


@pytest.mark.parametrize("dx", [0.0, 0.0146, 0.02, -0.0146])
def test_what_hardly_moves_is_the_same_copied_or_read(picture: np.ndarray, dx: float) -> None:
    nothing_to_copy = np.zeros_like(picture)
    copied, read = _moved(picture, dx, 0.0, grain=2000), _moved(picture, dx, 0.0, grain=2000, photo=nothing_to_copy)
    still = abs(dx) < 0.0147
    np.testing.assert_array_equal(copied, picture if still else read)
    assert read.any() != still


def test_whole_pixels_are_exact_too(picture: np.ndarray) -> None:
    out = _moved(picture, 3.0, -2.0)
    np.testing.assert_array_equal(out[10:-10, 10:-10], picture[8:-12, 13:-7])


def test_flat_areas_stay_flat_and_gradients_move() -> None:
    flat = np.full((40, 40, 3), (10, 128, 255), np.uint8)
    np.testing.assert_array_equal(_moved(flat, 0.3, 0.7), flat)
    slope = np.repeat(np.tile(np.arange(0, 240, 4, dtype=np.uint8), (60, 1))[..., None], 3, axis=2)
    out = _moved(np.ascontiguousarray(slope), 0.5, 0.0)
    assert np.abs(out[10:-10, 10:-10].astype(int) - (slope[10:-10, 10:-10].astype(int) + 2)).max() <= 1


def test_detail_is_kept_on_average(picture: np.ndarray) -> None:
    def energy(image: np.ndarray) -> float:
        luminance = image[8:-8, 8:-8].astype(float).mean(2)
        return float(np.abs(np.diff(luminance, axis=0)).mean() + np.abs(np.diff(luminance, axis=1)).mean())

    kept = [energy(_moved(picture, dx, dy)) for dx in (0.1, 0.35, 0.6, 0.85) for dy in (0.2, 0.5, 0.9)]
    assert np.mean(kept) / energy(picture) > 0.9
    assert max(kept) / energy(picture) < 1.1


def test_grain_and_shade_change_what_they_should(picture: np.ndarray) -> None:
    plain = _moved(picture, 0.25, 0.25).astype(int)
    grained = _moved(picture, 0.25, 0.25, grain=256 * 8).astype(int)
    spread = float((grained - plain)[10:-10, 10:-10].std())
    assert 1.0 < spread < 8.0
    darker = _moved(picture, 0.25, 0.25, shade=-0.2).astype(float)
    assert abs(darker.mean() / plain.mean() - 0.8) < 0.01


def test_filter_and_enlargement_have_the_documented_shape() -> None:
    assert abs(halfway_filter().sum() - 1.0) < 1e-9
    assert enlarge_and_pack(np.zeros((5, 7, 3), np.uint8)).shape == (2 * (5 + 2 * BORDER), 2 * (7 + 2 * BORDER))
