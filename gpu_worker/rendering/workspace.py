"""The arrays that one thread draws frames with, allocated once: fresh memory costs more than drawing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gpu_worker.rendering.arrays import F32
from gpu_worker.rendering.holes import STRIP_VALUES
from gpu_worker.rendering.portrait import Portrait


@dataclass(frozen=True)
class HoleArrays:
    """Scratch for one opening: see ``holes.build_strip`` and ``holes.build_fill``."""

    strip_corners: F32
    strip_values: F32
    fill_corners: F32
    fill_source: F32
    fill_shade: F32

    @classmethod
    def of_size(cls, count: int) -> HoleArrays:
        """Arrays for contours of ``count`` points."""
        return cls(
            np.empty((2 * count, 2), dtype=np.float32),
            np.empty((2 * count, STRIP_VALUES), dtype=np.float32),
            np.empty((4 * count, 2), dtype=np.float32),
            np.empty((4 * count, 2), dtype=np.float32),
            np.zeros(4 * count, dtype=np.float32),
        )


class Workspace:
    """Scratch of one thread for one portrait."""

    def __init__(self, portrait: Portrait) -> None:
        count = portrait.topology.point_count
        self.local = np.empty((count, 3), dtype=np.float32)
        self.screen = np.empty((count, 2), dtype=np.float32)
        self.depth = np.empty(count, dtype=np.float32)
        self.shade = np.zeros(count, dtype=np.float32)
        self.source = portrait.source.copy()
        self.field = np.zeros((*portrait.region.grid, 3), dtype=np.float32)
        self.holes = tuple(HoleArrays.of_size(len(hole.upper)) for hole in portrait.topology.holes)
        self._buffer = np.empty(1 << 16, dtype=np.float32)

    def image(self, height: int, width: int, depth: int) -> F32:
        """A scratch array ``(height, width, depth)`` with arbitrary content; valid until the next call."""
        size = height * width * depth
        if size > len(self._buffer):
            self._buffer = np.empty(2 * size, dtype=np.float32)
        image: F32 = self._buffer[:size].reshape(height, width, depth)
        return image
