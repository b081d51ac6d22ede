"""What our rule-based lips do for a timeline: the controls of sound that comes without a face."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gpu_worker.motion.lips import lip_controls
from gpu_worker.schema import FaceRig, FloatArray, Timeline, Waveform
from gpu_worker.training.clip import CONTROL_NAMES, FRAME_RATE, MOUTH_CONTROLS
from gpu_worker.visemes.coarticulation import viseme_track

#: A face whose lips are closed at rest: all controls are then those of the speech alone.
RESTING_FACE = FaceRig(0, (0.0, 0.0, 1.0, 1.0), 1.0, np.zeros((478, 3), np.float32), 1.0, 0.0, 0.0, 0.0, 0.0)


def rule_controls(
    timeline: Timeline, waveform: Waveform, fps: float = FRAME_RATE
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Controls and what of them is known, both ``(frames, len(CONTROL_NAMES))``: the mouth's, and nothing else."""
    curves = lip_controls(viseme_track(timeline, waveform, fps), timeline, RESTING_FACE)
    frames = len(next(iter(curves.values())))
    controls = np.zeros((frames, len(CONTROL_NAMES)), np.float32)
    for name, curve in curves.items():
        controls[:, CONTROL_NAMES.index(name)] = curve
    seen = np.zeros(controls.shape, np.bool_)
    seen[:, [CONTROL_NAMES.index(name) for name in MOUTH_CONTROLS]] = True
    return controls, seen
