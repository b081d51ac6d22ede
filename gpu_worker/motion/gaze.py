"""Eyes: mostly on the viewer, with saccades of a few degrees, and lids that follow the eyes up and down.

People who talk look away at the start of a thought and back at its end; shifts here stay within 3-5 degrees, because
a still photo has no white of the eye to show beyond that.
"""

from __future__ import annotations

import numpy as np

from gpu_worker.motion.curves import Curve, minimum_jerk

#: Iris radii per degree of eye turn: the eyeball's radius of 12 mm over the iris's 5.9 mm.
RADII_PER_DEGREE = 12.0 / 5.9 * np.pi / 180.0
#: Share of the fixations that rest on the viewer.
_ON_VIEWER = 0.6
#: Lid closure per iris radius of downward gaze.
_LID_FOLLOW = 0.6


def gaze(times: Curve, strength: float, rng: np.random.Generator) -> tuple[Curve, Curve]:
    """Horizontal and vertical gaze over time, iris radii, + to the image's right and down."""
    x, y = np.zeros(len(times)), np.zeros(len(times))
    if len(times) == 0:
        return x, y
    at, here = float(rng.uniform(0.5, 1.2)), np.zeros(2)
    while at < times[-1]:
        away = rng.random() > _ON_VIEWER
        there = rng.normal(0.0, (2.2, 1.0)) if away else rng.normal(0.0, 0.35, 2)
        there = np.clip(there, (-4.5, -2.0), (4.5, 2.5)) * RADII_PER_DEGREE * strength
        distance = float(np.hypot(*(there - here))) / RADII_PER_DEGREE
        # The main sequence: about 20 ms plus 2.2 ms a degree, at least a frame so that no eye is seen to jump.
        length = max(0.020 + 0.0022 * distance, 0.045)
        step = minimum_jerk((times - at) / length)
        x, y = x + (there[0] - here[0]) * step, y + (there[1] - here[1]) * step
        here = there
        at += float(rng.gamma(3.0, 0.25) if away else rng.gamma(3.0, 0.5)) + 0.3
    return x, y


def lid_follow(gaze_y: Curve) -> Curve:
    """Lid closure that goes with looking down, 0..1; looking up leaves the lids as they are."""
    result: Curve = _LID_FOLLOW * np.maximum(gaze_y, 0.0)
    return result
