"""Names for the points of the MediaPipe face mesh that the face check uses.

The numbers are those of the 468-point mesh topology plus 10 iris points. "Left" and "right" are the depicted
person's own; a person's right side has the smaller x in an upright, unmirrored photo.
"""

from __future__ import annotations

TOP, CHIN = 10, 152
#: Pairs (person's right, person's left) that lie symmetrically and hardly move with the expression.
SYMMETRIC_PAIRS: tuple[tuple[int, int], ...] = (
    (33, 263), (133, 362), (127, 356), (234, 454), (162, 389), (21, 251), (98, 327), (129, 358), (54, 284),
)  # fmt: skip
RIGHT_EYE_OUTER, LEFT_EYE_OUTER = 33, 263
RIGHT_IRIS, LEFT_IRIS = 468, 473
NOSE_TIP, NOSE_BASE = 1, 2

FACE_OVAL: tuple[int, ...] = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
OUTER_LIPS: tuple[int, ...] = (
    61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146,
)  # fmt: skip
INNER_LIPS: tuple[int, ...] = (
    78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95,
)  # fmt: skip
#: Points between the outer and the inner contour of the lips.
RED_OF_LIPS: tuple[int, ...] = (
    76, 184, 74, 73, 72, 11, 302, 303, 304, 408, 306, 62, 183, 42, 41, 38, 12, 268, 271, 272, 407, 292,
    77, 90, 180, 85, 16, 315, 404, 320, 307, 96, 89, 179, 86, 15, 316, 403, 319, 325,
)  # fmt: skip
#: Opposite points of the inner lips around the middle: (upper, lower).
LIP_GAP_PAIRS: tuple[tuple[int, int], ...] = ((82, 87), (13, 14), (312, 317))
RIGHT_EYE: tuple[int, ...] = (33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7)
LEFT_EYE: tuple[int, ...] = (263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249)
#: Patches of skin on both cheeks, away from nose, mouth, eyes and beard line.
CHEEKS: tuple[tuple[int, ...], ...] = ((50, 101, 118, 117, 123), (280, 330, 347, 346, 352))

#: Points on the median plane. All other points come in pairs: those below 248 lie on the person's right, and their
#: partners on the left follow in the same order from 248 on.
MIDLINE: tuple[int, ...] = (
    0, 1, 2, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 94, 151, 152, 164, 168, 175, 195, 197, 199, 200,
)  # fmt: skip


def _mirror_permutation() -> tuple[int, ...]:
    partner = list(range(478))
    right = [point for point in range(248) if point not in MIDLINE]
    # Iris: centre, then four points of the rim, which each eye numbers in its own sense of rotation.
    pairs = [*zip(right, range(248, 468), strict=True), (468, 473), (469, 476), (470, 475), (471, 474), (472, 477)]
    for one, other in pairs:
        partner[one], partner[other] = other, one
    return tuple(partner)


#: ``mirrored[MIRROR]`` brings the landmarks of a mirrored picture back into the usual order.
MIRROR: tuple[int, ...] = _mirror_permutation()
