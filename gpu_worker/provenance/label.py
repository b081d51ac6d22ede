"""The visible "AI-animated" label: drawn once, laid over every frame from the first.

White letters on a dark, nearly opaque plate with a light rim, so that they are readable on any photo. The letters are
as high as 3.4 % of the picture's shorter side and never under 11 pixels. The plate stands in the corner that covers
the least of the faces it is told of, upper left first. Only the plate's rectangle is touched; its edges lie on even
pixels so that the 4:2:0 chroma of the encoded video does not carry it into the photo beside it.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from gpu_worker.schema import Image

Corner = Literal["lower_left", "lower_right", "upper_right", "upper_left"]
Box = tuple[float, float, float, float]

#: The wording by language. Every letter exists in the face that Pillow carries (basic Latin, without accents), which
#: is why French reads "animation par IA"; a language not listed here gets the English words.
LABEL_TEXTS: dict[str, str] = {
    "en": "AI-animated",
    "de": "KI-animiert",
    "es": "Animado con IA",
    "fr": "Animation par IA",
    "id": "Animasi AI",
    "it": "Animato con IA",
    "nl": "AI-geanimeerd",
    "pl": "Animacja AI",
    "pt": "Animado por IA",
    "tr": "YZ animasyonu",
}

#: Order in which the corners are tried. The lower ones come last: players lay their controls and subtitles there.
CORNERS: tuple[Corner, ...] = ("upper_left", "upper_right", "lower_left", "lower_right")

_TEXT_HEIGHT_RATIO = 0.034
_MINIMUM_TEXT_PIXELS = 11
_PLATE_ALPHA = 208  # of 255: dark enough for white letters on a white photo (contrast above 7:1)
_PLATE_LEVEL = 16
_RIM_LEVEL = 190
_SUPERSAMPLING = 4


@dataclass(frozen=True)
class LabelStyle:
    """How the label looks. ``scale`` multiplies the text's height; it cannot go under the legible minimum."""

    language: str = "en"
    scale: float = 1.0

    @property
    def text(self) -> str:
        """The wording in ``language`` (``de``, ``de-AT``, ...), English where none is known."""
        return LABEL_TEXTS.get(self.language.split("-")[0].lower(), LABEL_TEXTS["en"])


@dataclass(frozen=True)
class Label:
    """A label made for frames of one size.

    ``rectangle`` is (x, y, width, height) in pixels, all even where the frame allows. ``_weight`` is (h, w, 1) uint16
    in [0, 255], what remains of the frame; ``_ink`` is (h, w, 3) uint16, the label's light times its opacity.
    """

    rectangle: tuple[int, int, int, int]
    corner: Corner
    text: str
    _frame_shape: tuple[int, int]
    _weight: NDArray[np.uint16]
    _ink: NDArray[np.uint16]

    def apply(self, frame: Image) -> Image:
        """A labelled copy of ``frame`` ((height, width, 3) uint8). Raises ValueError for another size."""
        return self.apply_in_place(frame.copy())

    def apply_in_place(self, frame: Image) -> Image:
        """Label ``frame`` itself and return it: the plate's rectangle changes, no other pixel."""
        if frame.shape[:2] != self._frame_shape:
            raise ValueError(f"the label was made for frames of {self._frame_shape}, not {frame.shape[:2]}")
        x, y, width, height = self.rectangle
        patch = frame[y : y + height, x : x + width]
        mixed: NDArray[np.uint16] = patch * self._weight
        mixed += self._ink
        # Division by 255, rounded, without a division: exact for all sums up to 65,025.
        mixed += np.uint16(128)
        mixed += mixed >> np.uint16(8)
        mixed >>= np.uint16(8)
        patch[...] = mixed
        return frame

    @property
    def region(self) -> NDArray[np.bool_]:
        """Mask (height, width), true where :meth:`apply` may change a pixel."""
        mask = np.zeros(self._frame_shape, dtype=bool)
        x, y, width, height = self.rectangle
        mask[y : y + height, x : x + width] = True
        return mask


def make_label(frame_shape: Sequence[int], style: LabelStyle | None = None, faces: Sequence[Box] = ()) -> Label:
    """Draw the label for frames of ``frame_shape`` (height, width, ...).

    ``faces`` are boxes (x, y, width, height) in pixels of the frame that the label should leave free, hair and chin
    included. Raises ValueError for frames too small to hold the legible minimum (about 80 by 24 pixels).
    """
    style = style or LabelStyle()
    height, width = int(frame_shape[0]), int(frame_shape[1])
    plate = _draw_plate(style.text, _text_pixels(height, width, style.scale))
    plate_height, plate_width = plate.shape[:2]
    if plate_width > width or plate_height > height:
        text_pixels = _MINIMUM_TEXT_PIXELS
        plate = _draw_plate(style.text, text_pixels)
        plate_height, plate_width = plate.shape[:2]
        if plate_width > width or plate_height > height:
            raise ValueError(f"a picture of {width} by {height} pixels cannot hold the label")
    corner, x, y = _place(height, width, plate_height, plate_width, faces)
    alpha = plate[..., 1:].astype(np.uint16)
    ink = np.repeat(plate[..., :1].astype(np.uint16) * alpha, 3, axis=2)
    return Label(
        rectangle=(x, y, plate_width, plate_height),
        corner=corner,
        text=style.text,
        _frame_shape=(height, width),
        _weight=np.uint16(255) - alpha,
        _ink=ink,
    )


def _text_pixels(height: int, width: int, scale: float) -> int:
    return max(_MINIMUM_TEXT_PIXELS, round(_TEXT_HEIGHT_RATIO * min(height, width) * scale))


def _place(
    height: int, width: int, plate_height: int, plate_width: int, faces: Sequence[Box]
) -> tuple[Corner, int, int]:
    """The corner with the least face under the plate, the first in order among equals, and the plate's origin."""
    margin = 2 * round(0.008 * min(height, width))
    right = max(0, width - plate_width - margin) // 2 * 2
    bottom = max(0, height - plate_height - margin) // 2 * 2
    left, top = min(margin, right), min(margin, bottom)
    origins = {
        "lower_left": (left, bottom),
        "lower_right": (right, bottom),
        "upper_right": (right, top),
        "upper_left": (left, top),
    }
    covered = {
        name: sum(_overlap((*origins[name], plate_width, plate_height), face) for face in faces) for name in CORNERS
    }
    best = min(CORNERS, key=lambda name: covered[name])
    return best, *origins[best]


def _overlap(first: Box, second: Box) -> float:
    """Area in square pixels that two boxes share."""
    across = min(first[0] + first[2], second[0] + second[2]) - max(first[0], second[0])
    down = min(first[1] + first[3], second[1] + second[3]) - max(first[1], second[1])
    return max(0.0, across) * max(0.0, down)


@functools.lru_cache(maxsize=32)
def _draw_plate(text: str, text_pixels: int) -> NDArray[np.uint8]:
    """The plate as (height, width, 2) uint8: grey level and opacity; both sides even.

    The letters come from the face that ships inside Pillow (Aileron Regular, public domain): no font file of the
    machine is needed and every machine draws the same. Plate and rim are drawn four times too large and reduced;
    the letters are drawn at their final size, where the rasteriser's own smoothing is sharpest.
    """
    font = ImageFont.load_default(size=text_pixels * 1.32)  # the size counts the line; capitals are about 3/4 of it
    left, top, right, bottom = font.getbbox(text)
    pad_x, pad_y = max(4, round(text_pixels * 0.62)), max(3, round(text_pixels * 0.42))
    width = int(np.ceil((right - left + 2 * pad_x) / 2) * 2)
    height = int(np.ceil((bottom - top + 2 * pad_y) / 2) * 2)
    grey, alpha = _draw_rounded_plate(width, height, text_pixels)
    letters = PillowImage.new("L", (width, height), 0)
    origin = ((width - (right - left)) / 2 - left, (height - (bottom - top)) / 2 - top)
    ImageDraw.Draw(letters).text(origin, text, fill=255, font=font)
    ink = np.asarray(letters, dtype=np.float32) / 255.0
    plate = np.empty((height, width, 2), dtype=np.uint8)
    plate[..., 0] = np.round(grey * (1 - ink) + 255.0 * ink)
    plate[..., 1] = np.round(alpha * (1 - ink) + 255.0 * ink)
    plate.setflags(write=False)
    return plate


def _draw_rounded_plate(width: int, height: int, text_pixels: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Grey level and opacity of the empty plate, each (height, width) float32 in [0, 255]."""
    size = (width * _SUPERSAMPLING, height * _SUPERSAMPLING)
    rim = max(1, round(text_pixels / 14)) * _SUPERSAMPLING
    grey = PillowImage.new("L", size, _PLATE_LEVEL)
    alpha = PillowImage.new("L", size, 0)
    corners = (0, 0, size[0] - 1, size[1] - 1)
    radius = round(min(size) * 0.28)
    ImageDraw.Draw(grey).rounded_rectangle(corners, radius, fill=_PLATE_LEVEL, outline=_RIM_LEVEL, width=rim)
    ImageDraw.Draw(alpha).rounded_rectangle(corners, radius, fill=_PLATE_ALPHA)
    reduced = [picture.resize((width, height), PillowImage.Resampling.BOX) for picture in (grey, alpha)]
    return np.asarray(reduced[0], dtype=np.float32), np.asarray(reduced[1], dtype=np.float32)
