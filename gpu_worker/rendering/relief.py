"""The relief that the head turns with: the face's depth without the steepness that would tear its outline.

A small turn moves each point of the picture sideways by its depth times the angle. Where the depth falls off faster
than that movement can follow (the far cheek of a face seen from the side, the edge of any face) points overtake one
another and the outline frays. So the depth is made Lipschitz over the picture: the mean of the largest such function
below it and the smallest above it. Then no turn within the rig's limits folds the picture, whatever it shows, and the
middle of the face, whose slopes are gentle, keeps its depth as it is.
"""

from __future__ import annotations

import numpy as np

from gpu_worker.rendering.arrays import F64
from gpu_worker.rendering.pose import HeadFrame

#: Steepest relief: change of depth for each pixel along the picture. Turned by 10 degrees, skin is drawn out or pushed
#: together by a third at most.
STEEPEST = 1.9


def gentle_depth(points: F64, steepest: float = STEEPEST) -> F64:
    """Depth of ``points`` ``(n, 3)`` (x, y in the picture, z away from the camera, one unit) made gentle, ``(n,)``.

    Neighbours anywhere in the picture differ by at most ``steepest`` times their distance.
    """
    x, y, depth = points[:, 0], points[:, 1], points[:, 2]
    across, down = x[:, None] - x[None, :], y[:, None] - y[None, :]
    away = np.sqrt(across * across + down * down) * steepest
    below = (depth[None, :] + away).min(axis=1)
    above = (depth[None, :] - away).max(axis=1)
    gentle: F64 = 0.5 * (below + above)
    return gentle


def with_relief(base: F64, frame: HeadFrame) -> F64:
    """Base points ``(n, 3)`` in pixels, moved along the line of sight so that their depth is gentle."""
    moved = base.copy()
    moved[:, 2] = gentle_depth(base / frame.unit) * frame.unit
    return moved
