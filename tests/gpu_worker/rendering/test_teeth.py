"""Teeth of a turned head: more of them on the side that is turned towards the camera."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gpu_worker.rendering.pose import HeadFrame
from gpu_worker.rendering.renderer import too_much
from gpu_worker.rendering.synthetic import synthetic_landmarks
from gpu_worker.rendering.teeth import UPPER_ARCH, draw_arch
from tests.gpu_worker.rendering.test_mouth_interior import MOUTH_PALETTE

_SCALE = 4.0


def _row(lean: tuple[float, float], y_mm: float) -> np.ndarray:
    """Opacity of the upper teeth along a line ``y_mm`` below the lip line, from -36 to 36 mm."""
    y, x = np.mgrid[-60:40, -144:144] / _SCALE
    sprite = draw_arch(UPPER_ARCH, MOUTH_PALETTE, x, y, 1.0, 0.2, lean)
    return np.asarray(sprite[int((y_mm + 15) * _SCALE), :, 3])


def test_a_turned_head_shows_more_teeth_on_its_near_side() -> None:
    straight, turned = _row((0.0, 0.0), -3.0), _row((math.tan(math.radians(30)), 0.0), -3.0)

    def reach(row: np.ndarray) -> tuple[float, float]:
        seen = np.flatnonzero(row > 0.5) / _SCALE - 36
        return float(-seen.min()), float(seen.max())

    assert reach(straight)[0] == pytest.approx(reach(straight)[1], abs=0.6)
    far, near = reach(turned)
    assert near > reach(straight)[1] + 5
    assert far < reach(straight)[0] - 5


def test_a_head_bent_down_shows_its_back_teeth_higher_or_lower() -> None:
    level, bent = _row((0.0, 0.0), 0.5), _row((0.0, -0.5), 0.5)
    middle, side = 144 + round(4 * _SCALE), 144 + round(19 * _SCALE)
    assert level[middle] == pytest.approx(bent[middle], abs=0.2)
    assert level[side] > 0.6 > 0.3 > bent[side], "the back teeth end higher up"


def test_the_lean_of_a_turned_head() -> None:
    landmarks = synthetic_landmarks()
    straight = HeadFrame.from_landmarks(landmarks)
    angle = math.radians(20)
    about_y = np.array([[math.cos(angle), 0, math.sin(angle)], [0, 1, 0], [-math.sin(angle), 0, math.cos(angle)]])
    turned = HeadFrame.from_landmarks(landmarks @ about_y.T)
    assert straight.lean[0] == pytest.approx(0.0, abs=0.05)
    assert turned.lean[0] - straight.lean[0] == pytest.approx(math.tan(angle), abs=0.06)


def test_lower_teeth_show_no_more_than_they_may_and_nothing_jumps() -> None:
    values = np.linspace(-2.0, 8.0, 201)
    shown = np.array([v - too_much(v, 3.0) for v in values])
    np.testing.assert_allclose(shown[values < 2.0], values[values < 2.0])
    assert shown.max() == pytest.approx(3.0)
    assert np.abs(np.diff(shown, 2)).max() < 0.01
