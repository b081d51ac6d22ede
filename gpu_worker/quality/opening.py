"""Openings of mouth and eyes from landmarks, in units that do not depend on size, pose or distance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gpu_worker.schema import FloatArray

Series = NDArray[np.float64]

#: Inner-lip points of the 478-point mesh, upper and lower, opposite each other around the middle.
_UPPER_LIP, _LOWER_LIP = (82, 13, 312), (87, 14, 317)
#: Outer eye corners: their distance is the unit.
_OUTER_CORNERS = (33, 263)
#: (upper, lower) lid points of both eyes, and the eyes' corners.
_LIDS = ((159, 145), (386, 374))
_EYES = ((33, 133), (362, 263))


def inter_ocular(landmarks: FloatArray) -> float:
    """Distance of the outer eye corners in the unit of ``landmarks`` ((478, 2 or 3))."""
    first, second = _OUTER_CORNERS
    return float(np.linalg.norm(landmarks[first, :2] - landmarks[second, :2]))


def mouth_opening(landmarks: FloatArray) -> float:
    """Inner-lip gap, mean of three pairs of points, over the inter-ocular distance."""
    gap = np.linalg.norm(landmarks[_UPPER_LIP, :2] - landmarks[_LOWER_LIP, :2], axis=1).mean()
    return float(gap) / max(inter_ocular(landmarks), 1e-6)


def eye_opening(landmarks: FloatArray) -> float:
    """Lid gap over the eye's width, mean of both eyes (the eye aspect ratio of Soukupova and Cech 2016)."""
    ratios = []
    for (upper, lower), (first, second) in zip(_LIDS, _EYES, strict=True):
        gap = np.linalg.norm(landmarks[upper, :2] - landmarks[lower, :2])
        width = np.linalg.norm(landmarks[first, :2] - landmarks[second, :2])
        ratios.append(float(gap) / max(float(width), 1e-6))
    return 0.5 * (ratios[0] + ratios[1])


def roll(landmarks: FloatArray) -> float:
    """Angle of the line between the outer eye corners, degrees, + clockwise in the image."""
    first, second = landmarks[_OUTER_CORNERS[0], :2], landmarks[_OUTER_CORNERS[1], :2]
    return float(np.degrees(np.arctan2(second[1] - first[1], second[0] - first[0])))
