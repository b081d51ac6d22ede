from __future__ import annotations

import numpy as np
import skimage.data

from gpu_worker.rendering.grain import Reading, fit_reading, measure_grain
from gpu_worker.rendering.imaging import blurred, grey_of
from gpu_worker.rendering.sampling import SHARPNESS


def _picture(grain: float) -> np.ndarray:
    smooth = blurred(np.ascontiguousarray(skimage.data.astronaut()[60:200, 170:290]), 2.0)
    noise = np.random.default_rng(4).normal(0, grain, smooth.shape[:2])[..., None]
    return np.clip(smooth + noise, 0, 255).astype(np.uint8)


def test_a_grainy_photo_is_read_more_sharply_than_a_smooth_one() -> None:
    readings = []
    for grain in (0.0, 2.0, 9.0):
        picture = _picture(grain)
        measured = measure_grain(grey_of(picture), np.ones(picture.shape[:2], bool))
        reading = fit_reading(picture, measured)
        assert 0.2 * measured <= reading.grain <= 0.6 * measured
        readings.append(reading.sharpness)
    assert readings == sorted(readings)
    assert readings[2] > readings[0]


def test_a_patch_that_is_too_small_is_read_as_usual() -> None:
    assert fit_reading(_picture(1.0)[:8], 1.0) == Reading(SHARPNESS, 0.6)
