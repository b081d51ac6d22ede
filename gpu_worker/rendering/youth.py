"""Whose teeth they are: how young a face is, from its proportions.

The iris hardly grows after the second year of life, the face does. The iris's share of the face height therefore tells
small children from adults whatever the picture's scale.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gpu_worker.rendering.arrays import F64, smoothstep
from gpu_worker.rendering.topology import EYES

#: Iris diameter over face height, as the face mesh measures both: adults have 0.070 to 0.081, a child of about seven
#: 0.100. Between the first pair teeth turn from adult to milk teeth, between the second they become few.
_CHILD = (0.085, 0.099)
_TODDLER = (0.102, 0.112)


@dataclass(frozen=True)
class Youth:
    """``milk_teeth``: 0 for an adult's teeth, 1 for a child's; ``toddler``: 1 where there are few or none."""

    milk_teeth: float = 0.0
    toddler: float = 0.0


def measure_youth(landmarks: F64, unit: float) -> Youth:
    """From ``(478, 3)`` landmarks in pixels and the face height in pixels."""
    sizes = []
    for eye in EYES.values():
        iris = landmarks[list(eye.iris)]
        sizes.append(max(float(np.linalg.norm(iris[1] - iris[3])), float(np.linalg.norm(iris[2] - iris[4]))))
    ratio = sum(sizes) / len(sizes) / unit
    return Youth(float(smoothstep(ratio, *_CHILD)), float(smoothstep(ratio, *_TODDLER)))
