"""Where the head is: its own axes, rotation in three dimensions, weak perspective, and how far the skin follows.

Local coordinates have the middle of the outer eye corners as origin and the face height as unit; x runs to the
image's right, y to the chin, z away from the camera (the nose is at negative z).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gpu_worker.rendering.arrays import F64, smoothstep
from gpu_worker.rendering.topology import FACE_POINTS, OVAL, RING_POINTS, RING_SCALES, Topology

#: Distance of the camera in face heights; weak perspective.
CAMERA_DISTANCE = 5.0
#: Millimetres from the top of the forehead to the chin of an adult: turns face heights into millimetres.
FACE_HEIGHT_MM = 185.0


@dataclass(frozen=True)
class HeadFrame:
    """The head's axes in the photo: ``axes`` holds x, y, z as columns, ``origin`` is in pixels, ``unit`` in pixels."""

    axes: F64
    origin: F64
    unit: float

    @classmethod
    def from_landmarks(cls, landmarks: F64) -> HeadFrame:
        """Axes from the eye corners, the ears, forehead and chin of ``(478, 3)`` landmarks."""
        x = (landmarks[263] - landmarks[33]) + (landmarks[454] - landmarks[234])
        x = x / np.linalg.norm(x)
        y = landmarks[152] - landmarks[10]
        unit = float(np.linalg.norm(y))
        y = y - x * (y @ x)
        y = y / np.linalg.norm(y)
        axes = np.stack([x, y, np.cross(x, y)], axis=1)
        return cls(axes, (landmarks[33] + landmarks[263]) / 2, unit)

    @property
    def yaw(self) -> float:
        """Turn of the head in the photo in degrees, + = nose to the image's right."""
        return -math.degrees(math.asin(float(np.clip(-self.axes[2, 0], -1.0, 1.0))))

    @property
    def lean(self) -> tuple[float, float]:
        """How far to the right and down, in local lengths, a point seems to lie for each length that it lies deeper."""
        right, down = np.linalg.solve(self.axes[:2, :2], self.axes[:2, 2])
        return float(right), float(down)

    @property
    def pixels_per_mm(self) -> float:
        return self.unit / FACE_HEIGHT_MM

    def to_local(self, points: F64) -> F64:
        local: F64 = (points - self.origin) @ self.axes / self.unit
        return local

    def to_pixels(self, local: F64) -> F64:
        pixels: F64 = local @ self.axes.T * self.unit + self.origin
        return pixels


def rotation(yaw: float, pitch: float, roll: float) -> F64:
    """Rotation matrix in local coordinates from degrees with the signs of ``schema.CONTROLS``."""
    y, p, r = math.radians(-yaw), math.radians(pitch), math.radians(roll)
    about_y = np.array([[math.cos(y), 0, math.sin(y)], [0, 1, 0], [-math.sin(y), 0, math.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, math.cos(p), -math.sin(p)], [0, math.sin(p), math.cos(p)]])
    about_z = np.array([[math.cos(r), -math.sin(r), 0], [math.sin(r), math.cos(r), 0], [0, 0, 1]])
    matrix: F64 = about_z @ about_y @ about_x
    return matrix


@dataclass(frozen=True)
class HeadRings:
    """Rings around the face oval: ``scales``, and how far each point above the chin follows the head, ``(7, 36)``.

    ``wider`` ``(36,)`` is by how much further out than usual the movement fades along each ray.
    """

    scales: F64
    follow: F64
    wider: F64

    @classmethod
    def plain(cls) -> HeadRings:
        """Where nothing is known of hair and background: the movement fades far out."""
        scales = np.repeat(np.array(RING_SCALES)[:, None], RING_POINTS, axis=1)
        return cls(scales, 1.0 - smoothstep(scales, 1.45, 2.75), np.ones(RING_POINTS))


def oval_centre(points: F64) -> F64:
    """The middle of the rings, from landmarks in any coordinates."""
    centre: F64 = (points[list(OVAL)].mean(0) + points[168]) / 2
    return centre


def ring_points(landmarks: F64, rings: HeadRings | None = None) -> F64:
    """Positions of the rings around the face oval in pixels, ``(rings * 36, 3)``; their depth falls to the ears'."""
    oval, centre = landmarks[list(OVAL)], oval_centre(landmarks)
    ear_depth = (landmarks[234, 2] + landmarks[454, 2]) / 2
    points = []
    for scales in (rings or HeadRings.plain()).scales:
        ring = centre + (oval - centre) * scales[:, None]
        ring[:, 2] = oval[:, 2] + (ear_depth - oval[:, 2]) * np.minimum(1.0, (scales - 1.0) / 0.5)
        points.append(ring)
    return np.concatenate(points)


def head_weights(topology: Topology, local_base: F64, rings: HeadRings | None = None) -> F64:
    """How far each base point follows the head, 0 to 1: 1 in the face, fading early below the chin, late above."""
    rings = rings or HeadRings.plain()
    relative = local_base[list(OVAL)] - oval_centre(local_base)
    towards_chin = smoothstep(np.sin(np.arctan2(relative[:, 1], relative[:, 0])), 0.2, 0.9)
    weights = np.ones(topology.base_count)
    for k, (scales, above) in enumerate(zip(rings.scales, rings.follow, strict=True)):
        below = 1.0 - smoothstep((scales - 1.0) / rings.wider, 0.0, 0.55)
        start = FACE_POINTS + k * RING_POINTS
        weights[start : start + RING_POINTS] = above * (1 - towards_chin) + below * towards_chin
    weights[FACE_POINTS + (len(RING_SCALES) - 1) * RING_POINTS :] = 0.0
    return weights


def turning_point(local_base: F64) -> F64:
    """The point about which the head turns: low in the neck, in the plane of the silhouette (the ears)."""
    ear_depth = (local_base[234, 2] + local_base[454, 2]) / 2
    return np.array([0.0, local_base[152, 1] * 0.75, ear_depth * 0.9])
