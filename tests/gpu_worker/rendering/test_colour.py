from __future__ import annotations

import numpy as np

from gpu_worker.rendering.colour import build_palette, with_teeth
from gpu_worker.rendering.imaging import lab_of
from gpu_worker.schema import FaceRig, Photo


def _palette_of(pixels: np.ndarray, face: FaceRig):  # type: ignore[no-untyped-def]
    return build_palette(lab_of(pixels), face.landmarks[:468, :2].astype(np.float64))


def test_a_colour_photo_gives_light_teeth_and_a_dark_cavity(astronaut: Photo, astronaut_face: FaceRig) -> None:
    palette = _palette_of(astronaut.pixels, astronaut_face)
    assert not palette.one_tint
    assert palette.tooth.mean() > palette.gum.mean() > palette.cavity.mean()
    assert palette.gum[0] > palette.gum[1], "gums are reddish"
    assert palette.cavity.mean() < 45


def test_a_black_and_white_photo_gives_greys(astronaut: Photo, astronaut_face: FaceRig) -> None:
    grey = np.repeat(astronaut.pixels.mean(2).astype(np.uint8)[..., None], 3, axis=2)
    palette = _palette_of(grey, astronaut_face)
    assert palette.one_tint
    for colour in (palette.tooth, palette.gum, palette.tongue, palette.cavity):
        assert np.ptp(colour) < 3


def test_a_sepia_photo_gives_its_tint(astronaut: Photo, astronaut_face: FaceRig) -> None:
    luminance = astronaut.pixels.mean(2, keepdims=True) / 255
    sepia = (np.concatenate([luminance**0.8, luminance, luminance**1.3], axis=2) * 255).astype(np.uint8)
    palette = _palette_of(sepia, astronaut_face)
    assert palette.one_tint
    assert palette.tongue[0] > palette.tongue[1] > palette.tongue[2]


def test_teeth_of_the_photo_replace_the_guess(astronaut: Photo, astronaut_face: FaceRig) -> None:
    palette = _palette_of(astronaut.pixels, astronaut_face)
    own = np.array([200, 190, 150], np.float32)
    changed = with_teeth(palette, own)
    np.testing.assert_array_equal(changed.tooth, own)
    assert (changed.tooth_root < own).all()
