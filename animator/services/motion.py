"""Whether what a video's faces shall do besides speaking can be done, before anything is charged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from animator.errors import SiteError
from animator.models import Photo
from animator.selectors.framing import framing_payloads
from animator.selectors.motion import (
    FRAMING_NAMES,
    LONGEST_S,
    MOST_GESTURES,
    STRENGTHS,
    FaceMotion,
    JobMotion,
    gestures_in_words,
    too_long,
)
from gpu_worker.motion.gesture_names import check_gestures


def check_motion(motion: JobMotion) -> JobMotion:
    """The same with clean names. Raises ``unknown_gesture``, ``too_many_gestures`` or ``bad_motion``."""
    if motion.length_s is not None and not 1.0 <= motion.length_s <= LONGEST_S:
        raise SiteError("bad_motion", f"A video without words lasts from 1 to {LONGEST_S:.0f} seconds.")
    faces = {face: _checked(one) for face, one in motion.faces.items()}
    return replace(motion, everybody=_checked(motion.everybody), faces=faces)


def check_something_happens(motion: JobMotion, moving: Sequence[int]) -> None:
    """Raises ``nothing_to_do`` where nobody speaks and nobody makes a gesture."""
    if not any(motion.of(face).gestures for face in moving):
        raise SiteError(
            "nothing_to_do", "Nobody speaks and nobody moves.", "Write or record some words, or choose a gesture."
        )


def check_framing(framing: str) -> str:
    """Raises ``unknown_framing``."""
    if framing not in FRAMING_NAMES:
        raise SiteError("unknown_framing", "There is no such framing.", f"Choose one of {', '.join(FRAMING_NAMES)}.")
    return framing


def check_framing_fits(framing: str, photo: Photo, moving: Sequence[int]) -> None:
    """Raises ``framing_does_not_fit`` where faces that move stand too far apart for a cut."""
    shown = framing_payloads(photo, moving, max(photo.width, photo.height))
    if any(one["framing"] == framing and not one["possible"] for one in shown):
        raise SiteError(
            "framing_does_not_fit",
            "The faces that move do not fit into this framing together.",
            "Choose a wider one, the whole photo, or fewer faces.",
        )


def silent_title(motion: JobMotion, moving: Sequence[int]) -> str:
    """A name for a video in which nobody speaks."""
    names = tuple(dict.fromkeys(name for face in moving for name in motion.of(face).gestures))
    title = gestures_in_words(names)
    return title if len(title) <= 80 else f"{title[:79].rstrip()}…"


def _checked(one: FaceMotion) -> FaceMotion:
    gestures = check_gestures(one.gestures) if one.gestures else ()
    if len(gestures) > MOST_GESTURES or too_long(gestures):
        raise SiteError(
            "too_many_gestures", f"A face makes {MOST_GESTURES} gestures at most, in at most {LONGEST_S:.0f} seconds."
        )
    for name, title in STRENGTHS.items():
        if not 0.0 <= getattr(one, name) <= 2.0:
            raise SiteError("bad_motion", f"The strength of {title} lies between 0 and 2.", "1 is usual.")
    return replace(one, gestures=gestures)
