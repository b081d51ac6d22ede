from __future__ import annotations

import numpy as np

from gpu_worker.rendering.windows import box_around, restore_outside

_BOUNDS = np.array([10, 20, 90, 70], np.int32)


def test_a_box_holds_the_chosen_points_and_stays_within_bounds() -> None:
    points = np.array([[30.4, 40.6], [0.0, 0.0], [50.2, 60.9], [41.0, 33.3]], np.float32)
    assert box_around(points, np.array([0, 2, 3], np.int32), 2.0, _BOUNDS) == (28, 31, 26, 33)
    assert box_around(points, np.array([0, 1, 2, 3], np.int32), 200.0, _BOUNDS) == (10, 20, 80, 50)
    beyond = np.array([[300.0, 300.0]], np.float32)
    assert box_around(beyond, np.array([0], np.int32), 2.0, _BOUNDS)[2:] == (0, 0)


def test_what_was_drawn_beyond_the_mask_is_taken_back_within_the_box_only() -> None:
    photo, out = np.zeros((12, 14, 3), np.uint8), np.full((12, 14, 3), 9, np.uint8)
    mask = np.zeros((12, 14), bool)
    mask[4:7, 5:9] = True
    restore_outside(mask, 3, 2, 8, 7, photo, out)
    box = np.zeros_like(mask)
    box[2:9, 3:11] = True
    assert (out[box & ~mask] == 0).all()
    assert (out[mask | ~box] == 9).all()
