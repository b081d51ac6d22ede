"""What may keep a face from talking well, in plain words with something to do about it.

The measures come first, each a small function with its unit; the bounds are constants beside them.
"""

from __future__ import annotations

import cv2
import numpy as np

from gpu_worker.landmarks.covering import covering_findings
from gpu_worker.landmarks.crop import region_around
from gpu_worker.landmarks.points import CHEEKS, FACE_OVAL, INNER_LIPS
from gpu_worker.landmarks.pose import face_height, head_pose, mouth_gap
from gpu_worker.schema import Finding, FloatArray, Image, Photo

#: Beyond this yaw (degrees) the far corner of the mouth is foreshortened; beyond the second it is hidden.
TURNED_YAW, FAR_TURNED_YAW = 25.0, 45.0
#: Beyond this pitch (degrees) the mouth is seen from above or below.
NODDED_PITCH = 25.0
#: Beyond this roll (degrees) the picture probably lies on its side. Tilted heads as such are found, measured and drawn
#: in their own axes: at 45 degrees the points lie where they lie upright, within 1 % of the face's height.
TILTED_ROLL = 50.0
#: Inner-lip gap in face heights: lips apart, and mouth wide open.
PARTED_GAP, OPEN_GAP = 0.022, 0.11
#: Face height in pixels below which lids and lips are only a few pixels thick.
SMALL_FACE = 110.0
#: Sharpness (see :func:`sharpness`) below which a face is blurred.
BLURRED = 0.12
#: Mean luminance of the cheeks, 0 to 255, and the spread of luminance over the face, below which it is dark.
DARK, FLAT = 45.0, 12.0
#: Share of the mouth's opening that must look like teeth.
TEETH_SHARE = 0.18
#: Side of the upright crop of a face that the measures look at, pixels; the face fills two thirds of it.
_CROP_SIDE = 256


def photo_findings(faces: int, left_out: int) -> tuple[Finding, ...]:
    """What concerns the picture as a whole."""
    found = []
    if faces > 1:
        found.append(
            Finding("several_faces", f"There are {faces} faces in this photo.", "Choose the one who shall speak.")
        )
    if left_out:
        found.append(
            Finding(
                "small_faces_left_out",
                f"{left_out} more face(s) are too small or too many to be offered.",
                "Cut the picture down to the person who shall speak, from the largest original you have.",
            )
        )
    return tuple(found)


def face_findings(photo: Photo, landmarks: FloatArray) -> tuple[Finding, ...]:
    """What concerns one face, the weightiest first."""
    return (
        *_border_findings(photo, landmarks),
        *covering_findings(photo.pixels, landmarks),
        *_pose_findings(landmarks),
        *_picture_findings(photo, landmarks),
        *_mouth_findings(photo, landmarks),
    )


def _border_findings(photo: Photo, landmarks: FloatArray) -> list[Finding]:
    if outside_share(landmarks, photo.width, photo.height) == 0.0:
        return []
    return [
        Finding(
            "face_cut",
            "The face is cut off by the edge of the picture.",
            "Use a picture that shows the whole face, from the forehead to the chin.",
        )
    ]


def _pose_findings(landmarks: FloatArray) -> list[Finding]:
    pose = head_pose(landmarks)
    found = []
    if abs(pose.yaw) > FAR_TURNED_YAW:
        found.append(
            Finding(
                "turned_away",
                "The face is seen almost from the side, so half of the mouth is hidden.",
                "The result will look wrong. A picture that shows both eyes and the whole mouth works far better.",
            )
        )
    elif abs(pose.yaw) > TURNED_YAW:
        found.append(
            Finding(
                "turned_away",
                "The face is turned to the side.",
                "It can be animated, with less head movement. A picture taken from the front works better.",
            )
        )
    if abs(pose.pitch) > NODDED_PITCH:
        way = "down" if pose.pitch > 0 else "up"
        found.append(Finding("nodded", f"The face looks far {way}.", "A picture taken at eye level works better."))
    if abs(pose.roll) > TILTED_ROLL:
        found.append(
            Finding(
                "heavily_tilted",
                f"The head is tilted by {abs(pose.roll):.0f} degrees.",
                "If the picture itself lies on its side, turn it upright first.",
            )
        )
    return found


def _picture_findings(photo: Photo, landmarks: FloatArray) -> list[Finding]:
    found = []
    if face_height(landmarks) < SMALL_FACE:
        found.append(
            Finding(
                "low_resolution",
                f"The face is only {face_height(landmarks):.0f} pixels high, so eyes and lips will look soft.",
                "If you have a larger original, use that, or scan the print at 600 dpi.",
            )
        )
    crop = region_around(landmarks).cut(photo.pixels, _CROP_SIDE)
    inside = _in_crop(landmarks)
    if sharpness(crop, inside) < BLURRED:
        found.append(
            Finding("blurred", "The face is blurred.", "A sharper picture, or the original file, will look better.")
        )
    light, spread = luminance(crop, inside)
    if light < DARK or spread < FLAT:
        found.append(
            Finding("dark", "The face is very dark or pale.", "Brighten the picture a little in a photo editor first.")
        )
    return found


def _mouth_findings(photo: Photo, landmarks: FloatArray) -> list[Finding]:
    gap = mouth_gap(landmarks)
    if gap < PARTED_GAP:
        return []
    if gap > OPEN_GAP:
        return [
            Finding(
                "mouth_open_wide",
                "The mouth is wide open in this photo, further than it can be closed well: at p, b and m the "
                "chin would look too short.",
                "A picture with closed or slightly parted lips gives the best result.",
            )
        ]
    crop = region_around(landmarks).cut(photo.pixels, _CROP_SIDE)
    if teeth_share(crop, _in_crop(landmarks)) >= TEETH_SHARE:
        return [Finding("teeth_shown", "The teeth are visible; they will be kept as they are in the photo.")]
    return [Finding("lips_parted", "The lips are slightly parted; they will be closed where the words ask for it.")]


def outside_share(landmarks: FloatArray, width: int, height: int) -> float:
    """Share in [0, 1] of the face's outline that lies outside the picture."""
    oval = landmarks[list(FACE_OVAL), :2]
    outside = (oval < 0).any(axis=1) | (oval[:, 0] > width - 1) | (oval[:, 1] > height - 1)
    return float(outside.mean())


def sharpness(crop: Image, inside: FloatArray) -> float:
    """Finest detail present, as a share in [0, 1] of what a sharp picture of this size holds.

    The energy of the finest octave divided by that of the next coarser one, inside the face: independent of contrast
    and exposure. A face blurred by more than about one pixel of the crop has next to nothing in the finest octave.
    """
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(np.float32)
    mask = _mask(inside[list(FACE_OVAL)], crop.shape[0]) > 0
    fine = grey - cv2.GaussianBlur(grey, (0, 0), 1.0)
    coarse = cv2.GaussianBlur(grey, (0, 0), 1.0) - cv2.GaussianBlur(grey, (0, 0), 4.0)
    return float(np.abs(fine[mask]).mean() / max(1e-3, float(np.abs(coarse[mask]).mean())))


def luminance(crop: Image, inside: FloatArray) -> tuple[float, float]:
    """Mean luminance of the lighter cheek and standard deviation over the face, both 0 to 255."""
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(np.float32)
    cheeks = [float(grey[_mask(inside[list(cheek)], crop.shape[0]) > 0].mean()) for cheek in CHEEKS]
    face = grey[_mask(inside[list(FACE_OVAL)], crop.shape[0]) > 0]
    return max(cheeks), float(face.std())


def teeth_share(crop: Image, inside: FloatArray) -> float:
    """Share in [0, 1] of the mouth's opening that is as light as teeth: close to the skin's luminance or above."""
    lab = cv2.cvtColor(crop, cv2.COLOR_RGB2LAB).astype(np.float32)
    opening = _mask(inside[list(INNER_LIPS)], crop.shape[0]) > 0
    if not opening.any():
        return 0.0
    skin = np.concatenate([lab[_mask(inside[list(cheek)], crop.shape[0]) > 0] for cheek in CHEEKS])
    lightness = np.percentile(skin[:, 0], 50)
    pixels = lab[opening]
    return float(((pixels[:, 0] > 0.8 * lightness) & (pixels[:, 1] < np.percentile(skin[:, 1], 75) + 4)).mean())


def _in_crop(landmarks: FloatArray) -> FloatArray:
    """Landmarks ``(478, 2)`` in pixels of the upright crop."""
    matrix = region_around(landmarks).matrix(_CROP_SIDE)
    inside: FloatArray = (landmarks[:, :2] @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
    return inside


def _mask(outline: FloatArray, side: int) -> Image:
    mask = np.zeros((side, side), dtype=np.uint8)
    corners = np.round(outline).astype(np.int32)
    # Patches of skin are listed in no order; contours are listed around.
    shape = np.asarray(cv2.convexHull(corners), dtype=np.int32) if len(corners) < 8 else corners
    cv2.fillPoly(mask, [shape], (255,))
    return mask
