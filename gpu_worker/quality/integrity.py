"""Is every frame there, once, with a picture in it?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gpu_worker.quality.opening import Series
from gpu_worker.schema import FloatArray

#: A frame counts as black when its level falls below this share of the photo's.
_BLACK = 0.25
#: Mean difference of two decoded frames, grey levels, below which they are the same picture.
_SAME = 0.02
#: Change of the controls between two frames that must be seen (sum of absolute differences).
_MUST_MOVE = 0.15


@dataclass(frozen=True)
class Integrity:
    """Numbers of frames: expected, found, black, and repeated where the plan moves."""

    expected: int
    frames: int
    black: int
    frozen: int


def frame_integrity(level: Series, change: Series, controls: FloatArray, usual_level: float) -> Integrity:
    """Count what is wrong with the frames.

    ``level`` and ``change`` are those of :class:`quality.redetection.Redetection`, ``controls`` the planned motion
    ``(frames, n)``, ``usual_level`` the mean grey level of the photo in the same window.
    """
    count = min(len(change), len(controls))
    planned = np.zeros(count)
    planned[1:] = np.abs(np.diff(controls[:count], axis=0)).sum(1)
    frozen = int(((change[:count] < _SAME) & (planned > _MUST_MOVE)).sum())
    return Integrity(len(controls), len(level), int((level < _BLACK * usual_level).sum()), frozen)
