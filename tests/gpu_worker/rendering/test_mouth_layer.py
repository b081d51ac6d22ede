from __future__ import annotations

import numpy as np
import pytest

from gpu_worker.rendering import mouth_layer as mouth
from gpu_worker.rendering.arrays import F32, U8
from gpu_worker.rendering.holes import OUTSIDE, STRIP_VALUES

_CAVITY, _MUCOSA = np.array([35, 15, 12], np.float32), np.array([95, 55, 50], np.float32)


def _opening(half_mm: float, gap_mm: float, mucosa: F32 = _MUCOSA, cavity: F32 = _CAVITY) -> U8:
    """A row from corner to corner halfway between lips that are evenly apart, without teeth; 2 pixels a millimetre."""
    width = round(4 * half_mm) + 1
    strip = np.full((1, width, STRIP_VALUES), OUTSIDE, np.float32)
    strip[0, :, :2], strip[0, :, 2], strip[0, :, 3:] = gap_mm, np.linspace(-1, 1, width), 0.0
    numbers = np.zeros(mouth.MOUTH_NUMBERS, np.float32)
    numbers[mouth.TO_MM_XX], numbers[mouth.TO_MM_X] = 0.5, -half_mm
    numbers[[mouth.SPRITE_SCALE, mouth.SHADE, mouth.SHOWN]] = 1.0
    numbers[mouth.SOFTNESS], numbers[mouth.PIXELS_PER_MM], numbers[mouth.OPENING_MM] = 0.6, 2.0, gap_mm
    nothing = np.zeros((2, 2, 4), np.float32)
    out: U8 = np.full((1, width, 3), 200, np.uint8)
    mouth.draw_mouth_layer(
        strip, 0, 0, numbers, nothing, nothing, nothing, cavity, mucosa, np.zeros(64, np.int64), 8, 8, 0, 0,
        np.zeros((2, 2), np.float32), 0, 0, np.zeros((8, 8), np.int8), out,
    )  # fmt: skip
    return out.reshape(width, 3)


def test_the_inner_cheek_shows_in_the_corners_of_a_broad_opening_and_the_middle_stays_dark() -> None:
    row = _opening(half_mm=34.0, gap_mm=9.0).astype(int)
    width = len(row)
    corner, beside, middle = row[round(0.04 * width)], row[round(0.12 * width)], row[width // 2]
    assert beside[0] > 2.0 * middle[0], "no dark wedge"
    assert middle[0] < beside[0] < corner[0], "darker towards the teeth"
    assert corner[0] - corner[2] > 25, "it is red"
    assert np.abs(middle - _CAVITY).max() < 8
    assert np.abs(np.diff(row, axis=0)).max() < 12, "without an edge"
    np.testing.assert_array_equal(row, row[::-1])


def test_it_is_dim_in_a_narrow_gap_and_beside_a_small_mouth() -> None:
    def at_the_side(half_mm: float, gap_mm: float) -> float:
        row = _opening(half_mm, gap_mm)
        return float(row[round(0.12 * len(row))].mean())

    assert at_the_side(34.0, 9.0) > 1.5 * at_the_side(21.0, 9.0)
    light = [at_the_side(34.0, gap) for gap in (1.5, 2.5, 3.5, 4.5)]
    assert light == sorted(light)
    assert light[-1] > 1.3 * light[0]


@pytest.mark.parametrize("grey", [30.0, 60.0])
def test_without_colour_it_has_none(grey: float) -> None:
    row = _opening(34.0, 9.0, np.full(3, grey, np.float32), np.full(3, 15, np.float32))
    assert (row.max(1) == row.min(1)).all()
    assert row[:8].mean() > row[len(row) // 2].mean()
