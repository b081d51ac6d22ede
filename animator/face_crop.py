"""The part of a photo that shows one face, as a small JPEG of its own: nobody else in the picture is on it."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

#: Longest side of the crop, pixels.
SIDE = 480


def crop_face(photo: Path, window: tuple[int, int, int, int]) -> bytes:
    """The ``window`` (x, y, width, height in pixels) of a photo that a worker has checked, as JPEG without metadata."""
    x, y, width, height = window
    with Image.open(photo) as picture:
        face = picture.convert("RGB").crop((x, y, x + width, y + height))
    face.thumbnail((SIDE, SIDE))
    buffer = io.BytesIO()
    face.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()
