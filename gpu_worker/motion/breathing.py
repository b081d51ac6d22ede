"""Breath: the head rises and falls by a fraction of a percent, in with the pauses, out along the phrase."""

from __future__ import annotations

import numpy as np

from gpu_worker.motion.curves import Curve, smoothed
from gpu_worker.motion.pauses import silence_weight
from gpu_worker.schema import Timeline

#: Mean period at rest, seconds, and the amplitude in face heights.
_PERIOD, _DEPTH = 3.8, 0.004


def breath(times: Curve, fps: float, timeline: Timeline, strength: float, rng: np.random.Generator) -> dict[str, Curve]:
    """``shift_y`` (face heights, + down) and ``scale`` over time."""
    phase0 = float(rng.uniform(0.0, 2.0 * np.pi))
    silence = smoothed(silence_weight(timeline, times), fps, 0.15)
    # Breathing in is quick and happens where nobody speaks, so the cycle runs faster there.
    speed = (0.8 + 0.7 * silence) * 2.0 * np.pi / _PERIOD
    phase = phase0 + np.cumsum(speed) / fps
    wave = np.sin(phase) - np.sin(phase0)
    return {"shift_y": -strength * _DEPTH * 0.5 * wave, "scale": strength * 0.002 * 0.5 * wave}
