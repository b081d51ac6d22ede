"""Is something in front of the mouth? A hand, a microphone, a pipe, a mask.

What covers lips would bend with them. The mesh model does not say so: it guesses the lips behind. Three witnesses do:

* a hand model finds a hand whose fingers reach the mouth;
* the two halves of the lower face differ in colour at a few places by far more than light explains. Beards and
  moustaches are alike on both sides, and light changes slowly, so both are left alone;
* read from slightly different crops, covered lips lie somewhere else each time, seen ones do not.
"""

from __future__ import annotations

import functools

import cv2
import numpy as np
from numpy.typing import NDArray

from gpu_worker.landmarks.crop import Region, region_around
from gpu_worker.landmarks.mediapipe_models import HandModel
from gpu_worker.landmarks.mesh import shared_mesh
from gpu_worker.landmarks.points import INNER_LIPS, MIRROR, OUTER_LIPS, RED_OF_LIPS
from gpu_worker.landmarks.pose import face_height, head_axes, head_pose
from gpu_worker.schema import Finding, FloatArray, Image

Array = NDArray[np.float64]

#: A finger this near to the lips, face heights, is at the mouth.
NEAR_LIPS = 0.13
#: Difference in Lab between the halves of the lower face (see :func:`asymmetry`) that light does not make. Free mouths
#: had up to 9, with drawn beards and hard side light up to 12.3; pipes, cigarettes and microphones aside 13 to 33.
UNLIKE = 13.0
#: Seen from the side, the halves differ more by themselves: allowance per degree beyond this yaw.
_FRONTAL, _PER_DEGREE = 18.0, 0.45
#: Spread of the lips' readings (see :func:`lip_spread`), face heights. Free lips had 0.003 to 0.007, in drawn beards
#: up to 0.017; behind masks 0.022 to 0.044.
UNSURE = 0.0185
#: Smallest face whose colours are compared, pixels.
_SMALLEST = 80.0
_CROP_SIDE, _HAND_SIDE = 256, 320
#: Side of the square in which a hand is looked for, face heights.
_HAND_REACH = 2.2
#: Around the middle of the mouth, head's own axes, face heights: what is compared.
_RADIUS, _ABOVE, _BESIDE_MIDLINE = 0.30, -0.13, 0.012
_SKIN = 468
#: Value of the brightest channel beyond which a pixel is clipped, and the share of such pixels that makes a place
#: illegible: overexposed skin changes its colour abruptly.
_BLACK, _WHITE, _CLIPPED = 4, 251, 0.2
#: Fewest pairs of points that say something.
_FEWEST = 16


def covering_findings(pixels: Image, landmarks: FloatArray) -> tuple[Finding, ...]:
    """At most one finding: ``hand_at_mouth`` or ``mouth_covered``; ``landmarks`` are (478, 3) in pixels."""
    if hand_distance(pixels, landmarks) < NEAR_LIPS:
        return (
            Finding(
                "hand_at_mouth",
                "There is a hand at the mouth.",
                "It keeps still, and so does the mouth beside it. A picture in which the mouth is free works better.",
            ),
        )
    allowed = UNLIKE + _PER_DEGREE * max(0.0, abs(head_pose(landmarks).yaw) - _FRONTAL)
    if asymmetry(pixels, landmarks) > allowed or lip_spread(pixels, landmarks) > UNSURE:
        return (
            Finding(
                "mouth_covered",
                "Something seems to be in front of the mouth, such as a microphone, a pipe or a mask.",
                "If so, it would bend with the lips: choose a picture in which the mouth is free. If not, go on.",
            ),
        )
    return ()


@functools.cache
def _shared_hands() -> HandModel:
    """The process's own hand model, loaded at the first call and kept."""
    return HandModel()


def find_hands(pixels: Image, landmarks: FloatArray) -> list[FloatArray]:
    """The hands around the mouth: 21 points ``(21, 2)`` each, pixels of the picture; at most two."""
    height = face_height(landmarks)
    middle = landmarks[list(INNER_LIPS), :2].mean(axis=0)
    region = Region(float(middle[0]), float(middle[1]), _HAND_REACH * height, region_around(landmarks).angle)
    hands = _shared_hands()(region.cut(pixels, _HAND_SIDE))
    return [region.to_picture(hand, _HAND_SIDE)[:, :2] for hand in hands]


def hand_distance(pixels: Image, landmarks: FloatArray) -> float:
    """Distance of the nearest point of any hand from the lips, face heights; infinite where no hand is seen."""
    lips = landmarks[list(OUTER_LIPS), :2]
    nearest = np.inf
    for points in find_hands(pixels, landmarks):
        apart = np.linalg.norm(points[:, None] - lips[None], axis=2)
        nearest = min(nearest, float(apart.min()) / face_height(landmarks))
    return nearest


def asymmetry(pixels: Image, landmarks: FloatArray) -> float:
    """How unlike the halves of the lower face are where they are most unlike, in Lab units; 0 for tiny faces.

    Colours at points of the mesh left and right are compared, and what a quadratic in the position explains (light) is
    taken away by a robust fit. The mean of the eighth of the points that are furthest off.
    """
    if face_height(landmarks) < _SMALLEST:
        return 0.0
    region = region_around(landmarks)
    matrix = region.matrix(_CROP_SIDE)
    inside = (landmarks[:_SKIN, :2] @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
    height = face_height(landmarks) * _CROP_SIDE / region.side
    crop = region.cut(pixels, _CROP_SIDE)
    lab = cv2.cvtColor(crop.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB)
    clipped = ((crop.max(axis=2) > _WHITE) | (crop.max(axis=2) < _BLACK)).astype(np.float32)
    soft = cv2.GaussianBlur(np.dstack([lab, clipped]), (0, 0), 0.012 * height)
    colour = cv2.remap(soft, inside[:, 0].copy(), inside[:, 1].copy(), cv2.INTER_LINEAR)[:, 0]
    points, partners, place = _pairs(landmarks)
    legible = (colour[points, 3] < _CLIPPED) & (colour[partners, 3] < _CLIPPED)
    if legible.sum() < _FEWEST:
        return 0.0
    unlike = (colour[points] - colour[partners])[legible, :3].astype(np.float64)
    off = np.sort(_unexplained(unlike, place[legible]))[::-1]
    return float(off[: max(4, len(off) // 8)].mean())


def _pairs(landmarks: FloatArray) -> tuple[NDArray[np.int64], NDArray[np.int64], Array]:
    """Points around the lips on the image's right, their partners on the left, and where they lie (n, 2)."""
    skin = landmarks[:_SKIN].astype(np.float64)
    middle = (skin[78] + skin[308]) / 2
    local = (skin - middle) @ head_axes(landmarks) / face_height(landmarks)
    near = np.hypot(local[:, 0], local[:, 1]) < _RADIUS
    chosen = np.flatnonzero(near & (local[:, 1] > _ABOVE) & (local[:, 0] > _BESIDE_MIDLINE))
    partners = np.array(MIRROR)[chosen]
    paired = (partners != chosen) & ~np.isin(chosen, [*OUTER_LIPS, *INNER_LIPS, *RED_OF_LIPS])
    return chosen[paired], partners[paired], local[chosen[paired], :2]


def _unexplained(unlike: Array, place: Array) -> Array:
    """Length of what a smooth change over the face leaves of the differences (n, 3), by reweighted least squares."""
    x, y = place.T
    model = np.stack([np.ones_like(x), x, y, 4 * x * x, 4 * x * y, 4 * y * y], axis=1)
    weights = np.ones(len(x))
    off = np.zeros(len(x))
    for _ in range(8):
        fit = np.linalg.lstsq(model * weights[:, None], unlike * weights[:, None], rcond=None)[0]
        # Shadows change the lightness most, things the colour.
        off = np.linalg.norm((unlike - model @ fit) * (0.6, 1.0, 1.0), axis=1)
        weights = 1.0 / np.sqrt(np.maximum(off, 2.0))
    return off


def lip_spread(pixels: Image, landmarks: FloatArray) -> float:
    """Mean distance of the lips' points from their median over eight readings of the face, face heights."""
    readings = shared_mesh().readings(pixels, landmarks)[:, [*OUTER_LIPS, *INNER_LIPS]]
    apart = np.linalg.norm(readings - np.median(readings, axis=0), axis=2)
    return float(apart.mean()) / face_height(landmarks)
