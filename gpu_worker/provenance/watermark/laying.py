"""Laying a mark over the part of a frame that moves, in one pass over its bytes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gpu_worker.rendering.jit import compiled
from gpu_worker.schema import Image


@compiled
def lay_over(frame: Image, raised: Image, lowered: Image, spans: NDArray[np.int32], canvas: Image) -> None:
    """``canvas`` becomes ``frame + raised - lowered``, saturated after each step, within ``spans``.

    All pictures are ``(h, w, 3)``; ``spans`` are the columns [first, last) of each pair of rows, ``(pairs, 2)``.
    """
    height, width = frame.shape[0], frame.shape[1]
    shown, more = frame.reshape(height, 3 * width), raised.reshape(height, 3 * width)
    less, out = lowered.reshape(height, 3 * width), canvas.reshape(height, 3 * width)
    for y in range(height):
        first, last = 3 * spans[y // 2, 0], 3 * min(spans[y // 2, 1], width)
        source, plus, minus, target = shown[y, first:last], more[y, first:last], less[y, first:last], out[y, first:last]
        for i in range(target.shape[0]):
            brighter = min(np.int16(source[i]) + np.int16(plus[i]), np.int16(255))
            target[i] = max(brighter - np.int16(minus[i]), np.int16(0))
