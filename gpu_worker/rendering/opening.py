"""How far the mouth is planned to open: what the certificate compares with what it sees in the finished video."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gpu_worker.rendering.arrays import F32
from gpu_worker.rendering.shapes import shape_weights
from gpu_worker.schema import CONTROL

if TYPE_CHECKING:
    from gpu_worker.rendering.portrait import Portrait

#: Inner-lip pairs (upper, lower) over the middle of the mouth, and the outer corners of the eyes.
_PAIRS = ((82, 87), (13, 14), (312, 317))
_EYE_CORNERS = (33, 263)


class OpeningPlan:
    """The few mesh points that the opening is measured on."""

    def __init__(self, portrait: Portrait) -> None:
        points = [*(p for pair in _PAIRS for p in pair), *_EYE_CORNERS]
        self._rest = portrait.rest[points]
        self._basis = portrait.basis[:, points]
        self._camera = portrait.camera[:2, :3]

    def measure(self, controls: F32) -> F32:
        """Mean inner-lip gap over the distance of the outer eye corners: ``(frames, controls)`` to ``(frames,)``.

        Measured as the camera sees it with the head as in the photo, so that it does not depend on the head's turns.
        """
        weights = shape_weights(np.asarray(controls, dtype=np.float32), CONTROL)
        points = self._rest[None] + np.einsum("fk,knd->fnd", weights, self._basis)
        screen = points @ self._camera.T
        gaps = np.linalg.norm(screen[:, 1:6:2] - screen[:, 0:6:2], axis=2).mean(1)
        opening: F32 = (gaps / np.linalg.norm(screen[:, 7] - screen[:, 6], axis=1)).astype(np.float32)
        return opening
