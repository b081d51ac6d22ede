"""A hand at the mouth keeps still, and the face around it with it, as a head does that leans on a hand.

The face check finds such a hand (``hand_at_mouth``); its fingers lie on the mesh of the face, and would bend with the
lips and the cheek. So every point of the mesh keeps a share of its movement that falls to nothing on the hand.
"""

from __future__ import annotations

import cv2
import numpy as np

from gpu_worker.landmarks.covering import find_hands
from gpu_worker.rendering.arrays import F64, U8, smoothstep
from gpu_worker.schema import FaceRig

#: The face check's code of a hand whose fingers reach the mouth.
HAND_AT_MOUTH = "hand_at_mouth"
#: Half the breadth of a finger around the hand's points, and where the face moves freely again, face heights.
_FINGER, _FREE = 0.035, 0.17


def held_still(pixels: U8, face: FaceRig, points: F64, unit: float) -> F64:
    """Share of its movement that each of ``points`` ``(n, 2)``, pixels, keeps; 1 where no hand is near.

    Hands are looked for only where the face check found one at the mouth. ``unit`` is the face height in pixels.
    """
    share = np.ones(len(points))
    if not any(finding.code == HAND_AT_MOUTH for finding in face.findings):
        return share
    for hand in find_hands(pixels, face.landmarks):
        hull = cv2.convexHull(hand.astype(np.float32))
        away = np.array([-cv2.pointPolygonTest(hull, (float(x), float(y)), True) for x, y in points[:, :2]])
        share = np.minimum(share, smoothstep(away / unit, _FINGER, _FREE))
    return share
