"""What is drawn over every frame after rendering: the watermark, then the visible label.

Outside the moving region every frame is the photo, so its marks are drawn there once. Per frame only the region's
pixels are marked and converted for the encoder.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gpu_worker.media.planes import Planes, Spans, planes_of, spans_of, update_planes
from gpu_worker.provenance.label import Label
from gpu_worker.provenance.watermark.embed import Watermark
from gpu_worker.provenance.watermark.laying import lay_over
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
        self.still = marks.apply(photo)
        self._canvas = self.still.copy()
        self._spans = spans_of(moving_region)
        self._planes = planes_of(self.still)
        self._nothing = np.zeros_like(photo)
        # A label beside the moving region stays as it was drawn on the photo.
        label = None if marks.label is None else _label_box(marks.label)
        self._label_box = label if label is not None and _touches(self._spans, label) else None

    def draw(self, frame: Image) -> Image:
        """``frame`` with its marks. Outside the moving region it must be the photo."""
        watermark = self._marks.watermark
        if watermark is not None:
            watermark.lay_over(frame, self._spans, self._canvas)
        else:
            lay_over(frame, self._nothing, self._nothing, self._spans, self._canvas)
        if self._label_box is not None:
            left, top, right, bottom = self._label_box
            self._canvas[top:bottom, left:right] = frame[top:bottom, left:right]
            self._marks.apply_within(self._canvas, self._label_box)
        update_planes(self._canvas, self._spans, self._planes)
        return self._canvas

    @property
    def planes(self) -> Planes:
        """The last drawn frame as :func:`gpu_worker.media.planes.planes_of` would give it."""
        return self._planes


def _label_box(label: Label) -> Box:
    x, y, width, height = label.rectangle
    return (x, y, x + width, y + height)


def _meet(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _touches(spans: Spans, box: Box) -> bool:
    """Whether a part of the picture holds a pixel of the spans (see ``media.planes.spans_of``)."""
    left, top, right, bottom = box
    rows = spans[top // 2 : (bottom + 1) // 2]
    return bool(((rows[:, 0] < right) & (rows[:, 1] > left)).any())
