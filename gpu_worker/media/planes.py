"""RGB frames as the three planes that the encoder takes: limited-range BT.709, 4:2:0, chroma sited at the left.

Half of an encoder's work on such frames is the conversion of pixels that did not change. Here a still picture is
converted once, and of each frame only the part that moves.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gpu_worker.rendering.jit import compiled
from gpu_worker.schema import Image

Planes = NDArray[np.uint8]
Spans = NDArray[np.int32]


def even(length: int) -> int:
    """The smallest even number not below ``length``; 4:2:0 chroma needs even sides."""
    return length + (length & 1)


def planes_of(frame: Image) -> Planes:
    """The whole of an RGB frame ``(h, w, 3)`` as Y, Cb and Cr, one after the other, in one line of memory.

    Odd sides become even by repeating the last row or column.
    """
    height, width = frame.shape[:2]
    planes = np.empty(even(height) * even(width) * 3 // 2, np.uint8)
    spans = np.tile(np.array([0, even(width)], np.int32), (even(height) // 2, 1))
    update_planes(np.ascontiguousarray(frame), spans, planes)
    return planes


def spans_of(mask: NDArray[np.bool_]) -> Spans:
    """For each pair of rows the columns [first, last), even, whose planes a change inside ``mask`` can touch.

    A chroma sample speaks for its own two columns and the one before, so a change reaches a sample further right.
    """
    height, width = mask.shape
    padded = np.zeros((even(height), width), bool)
    padded[:height] = mask
    rows = padded.reshape(-1, 2, width).any(1)
    some = rows.any(1)
    first = np.where(some, rows.argmax(1), 0) // 2 * 2
    last = np.where(some, width - rows[:, ::-1].argmax(1) + 2, 0) // 2 * 2
    spans: Spans = np.stack([first, np.minimum(last, even(width))], 1).astype(np.int32)
    return spans


def update_planes(frame: Image, spans: Spans, planes: Planes) -> None:
    """Convert ``frame`` ``(h, w, 3)`` within ``spans`` into ``planes``; what lies outside keeps its values."""
    height, width = frame.shape[:2]
    luma = even(height) * even(width)
    rows = np.ascontiguousarray(frame).reshape(height, 3 * width)
    _update_luma(rows, spans, planes[:luma].reshape(even(height), even(width)))
    chroma = planes[luma:].reshape(2, even(height) // 2, even(width) // 2)
    _update_chroma(rows, spans, chroma[0], chroma[1])


@compiled
def _update_luma(rows: NDArray[np.uint8], spans: Spans, luma: NDArray[np.uint8]) -> None:
    """``rows`` is ``(h, 3 w)``. 219 / 255 times the BT.709 weights, in 1/65536."""
    width = rows.shape[1] // 3
    for y in range(luma.shape[0]):
        first, last = spans[y // 2, 0], min(spans[y // 2, 1], width)
        row = rows[min(y, rows.shape[0] - 1), 3 * first : 3 * last]
        line = luma[y, first:last]
        for x in range(line.shape[0]):
            line[x] = (11966 * row[3 * x] + 40254 * row[3 * x + 1] + 4064 * row[3 * x + 2] + 1081344) >> 16
        if luma.shape[1] > width and last == width:
            luma[y, width] = luma[y, width - 1]


@compiled
def _update_chroma(rows: NDArray[np.uint8], spans: Spans, cb: NDArray[np.uint8], cr: NDArray[np.uint8]) -> None:
    """Weights 1, 2, 1 across and 1, 1 down; 224 / 255 times the BT.709 weights, in 1/65536 for one pixel."""
    width = rows.shape[1] // 3
    sums = np.empty(3 * (2 * cb.shape[1] + 1), np.int32)
    for k in range(cb.shape[0]):
        first, last = spans[k, 0], spans[k, 1]
        if last <= first:
            continue
        upper, lower = rows[2 * k], rows[min(2 * k + 1, rows.shape[0] - 1)]
        # both rows from one column before the first on; the first and the last column stand in for what lies beyond
        begin, end = 3 * max(first - 1, 0), 3 * min(last, width)
        at = begin - 3 * (first - 1)
        above, below, inner = upper[begin:end], lower[begin:end], sums[at : at + end - begin]
        for i in range(inner.shape[0]):
            inner[i] = np.int32(above[i]) + np.int32(below[i])
        for c in range(3):
            if at > 0:
                sums[c] = inner[c]
            for column in range((at + end - begin) // 3, last - first + 1):
                sums[3 * column + c] = inner[inner.shape[0] - 3 + c]
        blue, red = cb[k, first // 2 : last // 2], cr[k, first // 2 : last // 2]
        for j in range(blue.shape[0]):
            r = sums[6 * j] + 2 * sums[6 * j + 3] + sums[6 * j + 6]
            g = sums[6 * j + 1] + 2 * sums[6 * j + 4] + sums[6 * j + 7]
            b = sums[6 * j + 2] + 2 * sums[6 * j + 5] + sums[6 * j + 8]
            blue[j] = (-6596 * r - 22189 * g + 28785 * b + 67371008) >> 19
            red[j] = (28785 * r - 26145 * g - 2640 * b + 67371008) >> 19
