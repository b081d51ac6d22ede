from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gpu_worker.rendering import mouth_interior
from gpu_worker.rendering.colour import Palette
from gpu_worker.rendering.mouth_interior import HEIGHT_MM, ORIGIN_MM, WIDTH_MM, draw_mouth
from gpu_worker.rendering.own_teeth import OwnContent, biting_edge
from gpu_worker.rendering.pose import HeadFrame
from gpu_worker.rendering.synthetic import synthetic_landmarks
from gpu_worker.rendering.teeth import draw_arch
from gpu_worker.rendering.youth import Youth, measure_youth

_GREY = np.zeros(3)
MOUTH_PALETTE = Palette(
    skin=_GREY, bright_skin=_GREY, lip=_GREY, one_tint=False, tint=np.zeros((3, 2)),
    tooth=np.array([230, 222, 205], np.float32), tooth_root=np.array([200, 185, 150], np.float32),
    gum=np.array([170, 90, 90], np.float32), tongue=np.array([180, 90, 90], np.float32),
    cavity=np.array([30, 12, 12], np.float32), mucosa=np.array([90, 40, 40], np.float32),
)  # fmt: skip


@pytest.mark.parametrize("pixels_per_mm", [0.4, 1.1, 5.0])
def test_sprites_fit_the_photo_and_are_premultiplied(pixels_per_mm: float) -> None:
    sprites = draw_mouth(MOUTH_PALETTE, pixels_per_mm, 25.0, 0.6, Youth())
    for sprite in (sprites.upper, sprites.lower, sprites.tongue):
        assert sprite.shape == (round(HEIGHT_MM * sprites.scale), round(WIDTH_MM * sprites.scale), 4)
        assert sprite[..., 3].min() >= 0
        assert sprite[..., 3].max() <= 1.001
        assert (sprite[..., :3].max(2) <= 256 * sprite[..., 3] + 1e-2).all()
    assert 0.5 <= sprites.scale / pixels_per_mm <= 1.6


def test_front_teeth_are_light_have_a_gum_line_and_single_teeth() -> None:
    sprites = draw_mouth(MOUTH_PALETTE, 5.0, 25.0, 0.4, Youth())
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


def test_children_have_smaller_teeth_and_toddlers_few() -> None:
    def enamel(youth: Youth) -> tuple[float, float]:
        """Bright, hardly red area of the upper teeth in mm^2, over the whole arch and beside the incisors."""
        sprite = draw_mouth(MOUTH_PALETTE, 5.0, 22.0, 0.4, youth)
        colour = sprite.upper[..., :3] / np.maximum(sprite.upper[..., 3:], 1e-3)
        tooth = (sprite.upper[..., 3] > 0.9) & (colour[..., 1] > 120)
        x = np.abs((np.arange(tooth.shape[1]) + 0.5) / sprite.scale - ORIGIN_MM[0])
        return float(tooth.sum()) / sprite.scale**2, float(tooth[:, x > 14.5].sum()) / sprite.scale**2

    adult, child, toddler = enamel(Youth()), enamel(Youth(1.0, 0.0)), enamel(Youth(1.0, 1.0))
    assert adult[0] > 1.25 * child[0] > 1.25 * 1.5 * toddler[0] > 0
    assert min(adult[1], child[1]) > 1.0
    assert toddler[1] < 0.05


@pytest.mark.parametrize(("share", "milk", "toddler"), [(0.078, 0.0, 0.0), (0.100, 1.0, 0.0), (0.115, 1.0, 1.0)])
def test_large_irises_mean_a_young_face(share: float, milk: float, toddler: float) -> None:
    landmarks = synthetic_landmarks()
    for first in (468, 473):
        middle = landmarks[first]
        landmarks[first + 1 : first + 5] = middle + share * 100 / 2 * np.array(
            [[1, 0, 0], [0, -1, 0], [-1, 0, 0], [0, 1, 0]]
        )
    assert measure_youth(landmarks, 100.0) == Youth(milk, toddler)


def test_drawn_teeth_stand_in_one_row_with_the_photos_own() -> None:
    def ends(edge_mm: float | None) -> float:
        """How far below the lip line the middle incisors end, millimetres."""
        sprites = draw_mouth(MOUTH_PALETTE, 5.0, 25.0, 0.4, Youth(), edge_mm)
        column = sprites.upper[:, int((ORIGIN_MM[0] + 4.2) * sprites.scale), 3]
        return float(np.flatnonzero(column > 0.5).max() / sprites.scale - ORIGIN_MM[1])

    assert ends(6.0) == pytest.approx(6.0, abs=0.5)
    assert ends(None) == ends(-3.0) == pytest.approx(2.9, abs=0.5), "never higher than usual"


def test_where_the_photos_own_teeth_end() -> None:
    landmarks = synthetic_landmarks()
    frame = HeadFrame.from_landmarks(landmarks)
    anchor = frame.to_local(landmarks[[13]])[0]
    x, y = (round(float(v)) for v in landmarks[13, :2])
    keep = np.zeros((40, 40), np.float32)
    down = round(6.0 * frame.pixels_per_mm)
    keep[20 - 4 : 20 + down + 1, 14:27] = 1.0
    own = OwnContent(keep, x - 20, y - 20, True, None)
    edge = biting_edge(own, anchor, frame)
    assert edge is not None
    assert edge == pytest.approx(6.0, abs=1.5 / frame.pixels_per_mm)
    assert biting_edge(replace(own, has_teeth=False), anchor, frame) is None
    assert biting_edge(replace(own, keep=np.zeros_like(keep)), anchor, frame) is None


@pytest.mark.parametrize("youth", [Youth(), Youth(1.0, 1.0)])
@pytest.mark.parametrize(("pixels_per_mm", "half_mouth"), [(0.4, 18.0), (3.0, 30.0)])
@pytest.mark.parametrize("lean", [(0.0, 0.0), (0.6, -0.3), (-0.5, 0.25)])
def test_drawing_teeth_only_where_they_show_leaves_nothing_out(
    youth: Youth, pixels_per_mm: float, half_mouth: float, lean: tuple[float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = [draw_mouth(MOUTH_PALETTE, pixels_per_mm, half_mouth, 1.3, youth, edge, lean) for edge in (None, 9.0)]
    monkeypatch.setattr(mouth_interior, "draw_shown", draw_arch)
    for sprites, edge in zip(quick, (None, 9.0), strict=True):
        whole = draw_mouth(MOUTH_PALETTE, pixels_per_mm, half_mouth, 1.3, youth, edge, lean)
        assert (sprites.upper == whole.upper).all()
        assert (sprites.lower == whole.lower).all()
