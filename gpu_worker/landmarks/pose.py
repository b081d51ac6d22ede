"""Head pose, size and mouth opening from the landmarks of one face.

Convention: with x to the right, y down and z away from the camera, the head's rotation is
``R = Rz(roll) @ Ry(-yaw) @ Rx(pitch)``; columns of ``R`` are the head's own axes (its right-hand image side, its chin,
its back). So yaw is positive with the nose to the image's right, pitch with the nose down, roll clockwise, and roll
is the inclination of the line through the eyes. A camera far away is assumed, as the mesh itself does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gpu_worker.landmarks.points import CHIN, LIP_GAP_PAIRS, SYMMETRIC_PAIRS, TOP
from gpu_worker.schema import FloatArray

#: The line from forehead to chin leans back by this much in the mesh of a face that looks straight ahead: the mean over
#: frontal recordings of talking people. Subtracted, so that pitch 0 means looking into the camera.
_NEUTRAL_PITCH = 5.5


@dataclass(frozen=True)
class HeadPose:
    """Angles in degrees, signs as in :mod:`gpu_worker.schema`."""

    yaw: float
    pitch: float
    roll: float


def head_axes(landmarks: FloatArray) -> NDArray[np.float64]:
    """The rotation matrix of the head, shape (3, 3): see the module's convention."""
    points = landmarks.astype(np.float64)
    right, left = np.array(SYMMETRIC_PAIRS).T
    across = points[left] - points[right]
    # Long pairs count for more: their direction is the surer one.
    x_axis = across.sum(axis=0)
    x_axis /= np.linalg.norm(x_axis)
    y_axis = points[CHIN] - points[TOP]
    y_axis -= x_axis * (y_axis @ x_axis)
    y_axis /= np.linalg.norm(y_axis)
    return np.stack([x_axis, y_axis, np.cross(x_axis, y_axis)], axis=1)


def head_pose(landmarks: FloatArray) -> HeadPose:
    """Yaw, pitch and roll of ``landmarks`` ``(478, 3)``."""
    axes = head_axes(landmarks)
    roll = math.atan2(axes[1, 0], axes[0, 0])
    unrolled = np.array([[math.cos(roll), math.sin(roll), 0], [-math.sin(roll), math.cos(roll), 0], [0, 0, 1]]) @ axes
    yaw = math.atan2(unrolled[2, 0], unrolled[0, 0])
    pitch = math.atan2(-unrolled[1, 2], unrolled[1, 1])
    return HeadPose(math.degrees(yaw), math.degrees(pitch) - _NEUTRAL_PITCH, math.degrees(roll))


def face_height(landmarks: FloatArray) -> float:
    """Distance from the top of the forehead to the chin, pixels: the engine's unit of length."""
    return float(np.linalg.norm(landmarks[TOP] - landmarks[CHIN]))


def mouth_gap(landmarks: FloatArray) -> float:
    """Mean gap between the inner lips around the middle, in units of the face height."""
    upper, lower = np.array(LIP_GAP_PAIRS).T
    return float(np.linalg.norm(landmarks[upper] - landmarks[lower], axis=1).mean() / face_height(landmarks))
