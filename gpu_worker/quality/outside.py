"""Is everything that must not move still the photo? Exactly, before encoding; by PSNR, after."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gpu_worker.media.video_reader import Aside
from gpu_worker.rendering.jit import compiled
from gpu_worker.schema import Image

Mask = NDArray[np.bool_]

#: Every n-th decoded frame is compared after encoding.
_EVERY = 25
#: Fewer still pixels than this say nothing.
_FEWEST = 256


@dataclass(frozen=True)
class OutsideSeen:
    """What a watch saw: see :class:`OutsideWatch`."""

    changed: int
    rest_difference: int | None


class OutsideWatch:
    """Sees every frame before the label and the encoder, and counts what changed outside the moving region.

    ``changed`` is the number of changed pixels over all frames seen; ``rest_difference`` the largest difference (grey
    levels) between the photo and the frames at rest, None while none was seen.
    """

    def __init__(self, photo: Image, moving_region: Mask) -> None:
        self._photo = np.ascontiguousarray(photo)
        self._still = ~moving_region
        self._words = _words(self._photo)
        self._mask = _words(np.repeat(self._still[..., None] * np.uint8(255), 3, axis=2))
        self.changed = 0
        self.rest_difference: int | None = None

    def see(self, frame: Image, resting: bool = False) -> None:
        """Take note of one frame, ``(h, w, 3)`` uint8 of the photo's size; ``resting`` ones must equal the photo."""
        if resting:
            difference = int(np.abs(frame.astype(np.int16) - self._photo).max())
            self.rest_difference = max(difference, self.rest_difference or 0)
        if differs(_words(frame), self._words, self._mask):
            self.changed += int((frame != self._photo).any(-1)[self._still].sum())

    def seen(self) -> OutsideSeen:
        """What was counted so far."""
        return OutsideSeen(self.changed, self.rest_difference)


def _words(pixels: Image) -> NDArray[np.uint64]:
    """The pixels' memory eight bytes at a time; up to seven zeros are added at the end."""
    line = np.ascontiguousarray(pixels).reshape(-1)
    return np.pad(line, (0, -line.size % 8)).view(np.uint64) if line.size % 8 else line.view(np.uint64)


@compiled
def differs(one: NDArray[np.uint64], other: NDArray[np.uint64], mask: NDArray[np.uint64]) -> bool:
    """Whether a bit that is set in ``mask`` differs."""
    found = np.uint64(0)
    for i in range(one.shape[0]):
        found |= (one[i] ^ other[i]) & mask[i]
    changed: bool = found != 0
    return changed


class OutsidePsnr:
    """PSNR of decoded frames against ``still`` over the pixels that must not move.

    ``still`` is the labelled photo, ``(h, w, 3)``; a row or column that was added to make the sides even is left out.
    """

    def __init__(self, still: Image, moving_region: Mask) -> None:
        self._outside = ~moving_region
        self._shape = still.shape[:2]
        self._reference = still[self._outside].astype(np.float32)
        self._errors: list[float] = []

    def aside(self, width: int, height: int) -> Aside | None:
        """Every 25th whole frame of a video of that size, for this; None when nothing lies outside the region."""
        return Aside(width, height, _EVERY, self.see) if len(self._reference) >= _FEWEST else None

    def see(self, frame: Image) -> None:
        """Compare one decoded frame."""
        height, width = self._shape
        outside = frame[:height, :width][self._outside].astype(np.float32)
        self._errors.append(float(((outside - self._reference) ** 2).mean()))

    def value(self) -> float:
        """In dB over all frames that were seen, NaN without any."""
        if not self._errors:
            return float("nan")
        return float(10.0 * np.log10(255.0**2 / max(float(np.mean(self._errors)), 1e-4)))
