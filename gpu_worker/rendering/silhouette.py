"""Where the head ends: hair and hat move with the skull as one piece, and what is behind them stays.

A person model tells which pixels are the person. Along each of the 36 rays from the middle of the face we look where
the person ends; the rings of the mesh are laid so that all inside follows the head in full and the movement is over a
short way outside. Where the person does not end (shoulders, others close by, the picture's edge) it fades far out.
"""

from __future__ import annotations

import functools
import math

import cv2
import numpy as np

from gpu_worker.landmarks.crop import Region
from gpu_worker.landmarks.mediapipe_models import PersonModel
from gpu_worker.rendering.arrays import F64, U8, smoothstep
from gpu_worker.rendering.pose import HeadRings, oval_centre
from gpu_worker.rendering.topology import OVAL, RING_SCALES

#: Side of the square that the model looks at, face heights, and of its picture, pixels.
_REACH, _SIDE = 4.4, 256
#: The furthest end that is looked for along a ray, times the face oval, and the steps.
_FURTHEST, _STEPS = 2.35, 55
#: First ring that moves, and how near and far it may lie.
_FIRST, _NEAREST, _FARTHEST = 3, 1.42, 2.14
#: From here to there a ray counts as one without an end.
_ENDLESS = (2.15, 2.32)
#: How far outside the edge the movement begins to fade, is half gone, and is over, times the oval.
_OUTSIDE = (0.04, 0.34, 0.69)
_HALF = 0.45
#: Rays shorter than this, face heights, have their outside widened in proportion, up to so many times.
_USUAL_LENGTH, _WIDEST = 0.38, 2.8


@functools.cache
def _shared_model() -> PersonModel:
    """The process's own person model, loaded at the first call and kept."""
    return PersonModel()


def find_rings(pixels: U8, landmarks: F64, unit: float) -> HeadRings:
    """Rings for a head of the photo; ``landmarks`` are ``(478, 3)`` and ``unit`` the face height, pixels."""
    lengths = np.linalg.norm(landmarks[list(OVAL), :2] - oval_centre(landmarks)[:2], axis=1) / unit
    return rings_around(person_ends(pixels, landmarks, unit), lengths)


def person_ends(pixels: U8, landmarks: F64, unit: float) -> F64:
    """Where the person ends along the ray through each point of the oval, times its distance, up to 2.35; ``(36,)``."""
    centre = oval_centre(landmarks)[:2]
    eyes = landmarks[263, :2] - landmarks[33, :2]
    region = Region(float(centre[0]), float(centre[1]), _REACH * unit, math.atan2(float(eyes[1]), float(eyes[0])))
    person = _shared_model()(region.cut(pixels, _SIDE))
    scales = np.linspace(1.0, _FURTHEST, _STEPS)
    rays = centre + (landmarks[list(OVAL), :2] - centre)[:, None] * scales[None, :, None]
    inside = (rays >= 0).all(axis=2) & (rays[..., 0] < pixels.shape[1]) & (rays[..., 1] < pixels.shape[0])
    matrix = region.matrix(_SIDE)
    where = (rays @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
    seen = cv2.remap(person, where[..., 0].copy(), where[..., 1].copy(), cv2.INTER_LINEAR)
    # beyond the picture nobody knows; and one hole in the mask is no end
    gone = inside & (seen < 0.5)
    gone[:, :-1] &= gone[:, 1:]
    ends = np.where(gone.any(axis=1), scales[gone.argmax(axis=1)], _FURTHEST)
    return _even(ends)


def _even(ends: F64) -> F64:
    """Ends without single outliers, and even around the head: a median over five rays, a mean over three."""
    around = np.stack([np.roll(ends, k) for k in range(-2, 3)])
    middle = np.median(around, axis=0)
    even: F64 = (np.roll(middle, 1) + 2 * middle + np.roll(middle, -1)) / 4
    return even


def rings_around(ends: F64, lengths: F64 | None = None) -> HeadRings:
    """Rings for where the person ends along each ray, ``(36,)``, between the plain ones and those close to the head.

    ``lengths`` ``(36,)`` are those of the rays within the face, face heights. On the far side of a turned face they are
    short, and so would be the way over which the movement fades: what the head moves onto would fold.
    """
    plain = HeadRings.plain()
    wider = np.ones(len(ends)) if lengths is None else _even(np.clip(_USUAL_LENGTH / lengths, 1.0, _WIDEST))
    first = np.clip(ends + _OUTSIDE[0], _NEAREST, _FARTHEST)
    scales, follow = plain.scales.copy(), np.ones_like(plain.follow)
    scales[_FIRST] = first
    scales[_FIRST + 1] = first + (_OUTSIDE[1] - _OUTSIDE[0]) * wider
    last = first + (_OUTSIDE[2] - _OUTSIDE[0]) * wider
    scales[_FIRST + 2] = np.where(wider > 1.0, last, np.minimum(last, RING_SCALES[-1] - 0.05))
    scales[_FIRST + 3] = np.maximum(RING_SCALES[-1], scales[_FIRST + 2] + 0.05)
    follow[_FIRST + 1], follow[_FIRST + 2 :] = _HALF, 0.0
    endless = smoothstep(ends, *_ENDLESS)
    scales, follow = scales + (plain.scales - scales) * endless, follow + (plain.follow - follow) * endless
    return HeadRings(scales, follow, wider)
