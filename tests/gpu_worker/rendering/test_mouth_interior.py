from __future__ import annotations

import numpy as np
import pytest

from gpu_worker.rendering.colour import Palette
from gpu_worker.rendering.mouth_interior import HEIGHT_MM, ORIGIN_MM, WIDTH_MM, draw_mouth

_GREY = np.zeros(3)
_PALETTE = Palette(
    skin=_GREY, bright_skin=_GREY, lip=_GREY, one_tint=False, tint=np.zeros((3, 2)),
    tooth=np.array([230, 222, 205], np.float32), tooth_root=np.array([200, 185, 150], np.float32),
    gum=np.array([170, 90, 90], np.float32), tongue=np.array([180, 90, 90], np.float32),
    cavity=np.array([30, 12, 12], np.float32), mucosa=np.array([90, 40, 40], np.float32),
)  # fmt: skip


@pytest.mark.parametrize("pixels_per_mm", [0.4, 1.1, 5.0])
def test_sprites_fit_the_photo_and_are_premultiplied(pixels_per_mm: float) -> None:
    sprites = draw_mouth(_PALETTE, pixels_per_mm, 25.0, 0.6)
    for sprite in (sprites.upper, sprites.lower, sprites.tongue):
        assert sprite.shape == (round(HEIGHT_MM * sprites.scale), round(WIDTH_MM * sprites.scale), 4)
        assert sprite[..., 3].min() >= 0
        assert sprite[..., 3].max() <= 1.001
        assert (sprite[..., :3].max(2) <= 256 * sprite[..., 3] + 1e-2).all()
    assert 0.5 <= sprites.scale / pixels_per_mm <= 1.6


def test_front_teeth_are_light_have_a_gum_line_and_single_teeth() -> None:
    sprites = draw_mouth(_PALETTE, 5.0, 25.0, 0.4)
    scale = sprites.scale

    def at(x: float, y: float) -> np.ndarray:
        return np.asarray(sprites.upper[int((ORIGIN_MM[1] + y) * scale), int((ORIGIN_MM[0] + x) * scale)])

    tooth, gum, between = at(4.2, -3.0), at(4.2, -11.0), at(0.0, -3.0)
    assert tooth[3] > 0.95
    assert tooth[:3].mean() > 190
    assert gum[0] - gum[1] > 40, "gums are red"
    assert between[:3].mean() < tooth[:3].mean() - 20, "the two front teeth are apart"
    assert at(4.2, 4.5)[3] < 0.05, "nothing below the biting edge"
    side = at(22.0, -2.0)
    assert side[:3].mean() < tooth[:3].mean(), "the arch turns away into the dark"
