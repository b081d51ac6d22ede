"""Is every frame there, once, with a picture in it?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gpu_worker.quality.opening import Series
from gpu_worker.schema import CONTROLS, FloatArray

#: A frame counts as black when its level falls below this share of the photo's.
_BLACK = 0.25
#: Mean difference of two decoded frames, grey levels, below which they are the same picture.
_SAME = 0.02
#: Change of the controls between two frames that must be seen (weighted sum of absolute differences).
_MUST_MOVE = 0.15
#: How visible one unit of a control is; 1 for all others. A tenth of a degree moves a small face by a tenth of a pixel,
#: which the encoder may leave out; the tongue may move behind closed lips; shifts are in face heights.
_VISIBLE = {
    "yaw": 0.5, "pitch": 0.5, "roll": 0.5, "tongue_up": 0.0, "tongue_forward": 0.0,
    "shift_x": 10.0, "shift_y": 10.0, "scale": 10.0,
}  # fmt: skip
_WEIGHTS = np.array([_VISIBLE.get(name, 1.0) for name in CONTROLS], dtype=np.float32)


@dataclass(frozen=True)
class Integrity:
    """Numbers of frames: expected, found, black, and repeated where the plan moves."""

    expected: int
    frames: int
    black: int
    frozen: int


def frame_integrity(level: Series, change: Series, controls: FloatArray, usual_level: float) -> Integrity:
    """Count what is wrong with the frames.

    ``level`` and ``change`` are those of :class:`quality.redetection.Redetection`, ``controls`` the values of
    the planned :class:`MotionTrack`, ``usual_level`` the mean grey level of the photo in the same window.
    """
    count = min(len(change), len(controls))
    planned = np.zeros(count)
    planned[1:] = np.abs(np.diff(controls[:count], axis=0)) @ _WEIGHTS
    frozen = int(((change[:count] < _SAME) & (planned > _MUST_MOVE)).sum())
    return Integrity(len(controls), len(level), int((level < _BLACK * usual_level).sum()), frozen)
