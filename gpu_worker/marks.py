"""What is drawn over every frame after rendering: the watermark, then the visible label.

Outside the moving region every frame is the photo, so its marks are drawn there once. Per frame only the region's
rectangle is marked and only the region's pixels are converted for the encoder.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gpu_worker.media.planes import Planes, planes_of, spans_of, update_planes
from gpu_worker.provenance.label import Label
from gpu_worker.provenance.watermark.embed import Watermark
from gpu_worker.schema import Image

#: Left, top, right and bottom of a part of the picture, pixels; right and bottom lie outside.
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Marks:
    """The marks of one job; either may be missing."""

    watermark: Watermark | None
    label: Label | None

    @property
    def watermark_id(self) -> str | None:
        """The 12 hex digits that the watermark carries, None without one."""
        return self.watermark.id if self.watermark is not None else None

    def apply(self, frame: Image) -> Image:
        """A marked copy of ``frame``, ``(h, w, 3)`` uint8."""
        canvas = frame.copy()
        self.apply_within(canvas, (0, 0, frame.shape[1], frame.shape[0]))
        return canvas

    def apply_within(self, canvas: Image, box: Box) -> None:
        """Mark ``canvas`` itself, which is not yet marked inside ``box``. The label is either inside or outside."""
        if self.watermark is not None:
            self.watermark.apply_within(canvas, box)
        if self.label is not None and _meet(box, _label_box(self.label)):
            self.label.apply_in_place(canvas)


class MarkedFrames:
    """Turns the frames of one portrait into marked pictures and into the planes that the encoder takes.

    ``still`` is the marked photo. The results of :meth:`draw` and :attr:`planes` are valid until the next call.
    """

    def __init__(self, marks: Marks, photo: Image, moving_region: NDArray[np.bool_]) -> None:
        self._marks = marks
        self._box = _box_of(moving_region)
        if marks.label is not None and _meet(self._box, _label_box(marks.label)):
            self._box = _around(self._box, _label_box(marks.label))
        self.still = marks.apply(photo)
        self._canvas = self.still.copy()
        self._spans = spans_of(moving_region)
        self._planes = planes_of(self.still)

    def draw(self, frame: Image) -> Image:
        """``frame`` with its marks. Outside the moving region it must be the photo."""
        left, top, right, bottom = self._box
        self._canvas[top:bottom, left:right] = frame[top:bottom, left:right]
        self._marks.apply_within(self._canvas, self._box)
        update_planes(self._canvas, self._spans, self._planes)
        return self._canvas

    @property
    def planes(self) -> Planes:
        """The last drawn frame as :func:`gpu_worker.media.planes.planes_of` would give it."""
        return self._planes


def _box_of(mask: NDArray[np.bool_]) -> Box:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if len(rows) == 0:
        return (0, 0, 0, 0)
    return (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


def _label_box(label: Label) -> Box:
    x, y, width, height = label.rectangle
    return (x, y, x + width, y + height)


def _meet(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _around(a: Box, b: Box) -> Box:
    return (min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3]))
