"""The label must be there, be read, and touch nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from gpu_worker.provenance.label import CORNERS, LABEL_TEXTS, LabelStyle, make_label
from gpu_worker.schema import Image

SIZES = [(128, 128), (512, 512), (1080, 1920), (2160, 3840)]


def _flat(size: tuple[int, int], level: int) -> Image:
    return np.full((*size, 3), level, dtype=np.uint8)


def _relative_luminance(level: float) -> float:
    return float(((level / 255 + 0.055) / 1.055) ** 2.4)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("level", [0, 90, 128, 200, 255])
def test_letters_stand_out_from_their_plate_on_any_photo(size: tuple[int, int], level: int) -> None:
    """WCAG asks for a contrast of 4.5 between letters and ground."""
    label = make_label(size)
    x, y, width, height = label.rectangle
    patch = label.apply(_flat(size, level))[y : y + height, x : x + width, 0].astype(float)
    letters, ground = np.percentile(patch, 99), np.median(patch)
    assert (_relative_luminance(letters) + 0.05) / (_relative_luminance(ground) + 0.05) > 4.5


@pytest.mark.parametrize("size", SIZES)
def test_text_is_never_smaller_than_legible_and_grows_with_the_picture(size: tuple[int, int]) -> None:
    label = make_label(size)
    x, y, width, height = label.rectangle
    patch = label.apply(_flat(size, 0))[y : y + height, x : x + width, 0]
    letters = np.flatnonzero((patch[height // 8 : -height // 8, width // 10 : -width // 10] > 128).any(axis=1))
    assert np.ptp(letters) + 1 >= max(8, 0.02 * min(size))
    assert width <= 0.75 * size[1]


def test_only_the_rectangle_changes_and_the_region_says_so(astronaut: Image) -> None:
    label = make_label(astronaut.shape)
    changed = (label.apply(astronaut) != astronaut).any(axis=2)
    assert changed.any()
    assert not (changed & ~label.region).any()
    width, height = label.rectangle[2:]
    assert label.region.sum() == width * height
    assert all(side % 2 == 0 for side in label.rectangle), "odd edges would bleed through shared chroma samples"


def test_apply_copies_and_apply_in_place_does_not(astronaut: Image) -> None:
    label = make_label(astronaut.shape)
    before = astronaut.copy()
    copied = label.apply(astronaut)
    assert np.array_equal(astronaut, before)
    assert label.apply_in_place(before) is before
    assert np.array_equal(before, copied)


@pytest.mark.parametrize(
    ("face", "expected"),
    [
        ((150.0, 50.0, 200.0, 300.0), "upper_left"),
        ((0.0, 0.0, 250.0, 312.0), "upper_right"),
        ((0.0, 0.0, 512.0, 212.0), "lower_left"),
        ((200.0, 0.0, 312.0, 512.0), "upper_left"),
    ],
)
def test_the_label_leaves_the_face_free(face: tuple[float, float, float, float], expected: str) -> None:
    label = make_label((512, 512), faces=[face])
    assert label.corner == expected
    x, y, width, height = (round(value) for value in face)
    assert not label.region[y : y + height, x : x + width].any()


def test_every_corner_under_faces_still_gives_a_label() -> None:
    label = make_label((256, 256), faces=[(0, 0, 256, 256)])
    assert label.corner in CORNERS
    assert label.region.any()


@pytest.mark.parametrize("language", sorted(LABEL_TEXTS))
def test_every_wording_is_drawn_with_letters_of_the_shipped_face(language: str) -> None:
    text = LabelStyle(language).text
    assert text.isascii(), "the face inside Pillow has no accents: they would be drawn as empty boxes"
    assert make_label((512, 512), LabelStyle(language)).text == text


def test_languages_are_matched_by_their_main_part_and_fall_back_to_english() -> None:
    assert LabelStyle("de-AT").text == "KI-animiert"
    assert LabelStyle("xx").text == "AI-animated"


def test_two_machines_draw_the_same() -> None:
    first, second = (make_label((300, 400)).apply(_flat((300, 400), 77)) for _ in range(2))
    assert np.array_equal(first, second)


@pytest.mark.parametrize("size", [(20, 400), (400, 60), (64, 64)])
def test_a_picture_that_cannot_hold_it_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="cannot hold the label"):
        make_label(size)


def test_frames_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match="was made for frames"):
        make_label((256, 256)).apply_in_place(_flat((256, 258), 0))
