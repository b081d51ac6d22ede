"""What the faces of a video do besides speaking: kept with the job, read for the engine, told to people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from animator.models import Job
from gpu_worker.motion.gesture_names import GESTURE_SECONDS, LONGEST, OVERLAP, STILL, gestures_length, silent_length

#: What gestures are called, in the order in which they are offered.
GESTURE_NAMES = {
    "smile": "Smile",
    "nod": "Nod",
    "blink": "Blink",
    "look_around": "Look around",
    "laugh": "Laugh",
    "kiss": "Blow a kiss",
    "wink": "Wink",
    "raised_brows": "Raise the brows",
    "dance": "Dance",
}
FRAMING_NAMES = {
    "whole": "The whole photo",
    "portrait": "Portrait (4:5)",
    "square": "Square (1:1)",
    "vertical": "Vertical (9:16)",
}
#: The strengths, with what they are called; 1 is usual.
STRENGTHS = {"expression": "expression", "head": "head movement", "blinks": "blinking", "gaze": "play of the eyes"}

#: Most gestures of one face, and the longest video without words, seconds.
MOST_GESTURES, LONGEST_S = 12, LONGEST


@dataclass(frozen=True)
class FaceMotion:
    """Gestures of one face in their order, and four strengths in [0, 2]."""

    gestures: tuple[str, ...] = ()
    expression: float = 1.0
    head: float = 1.0
    blinks: float = 1.0
    gaze: float = 1.0


@dataclass(frozen=True)
class JobMotion:
    """``everybody`` holds for each face that moves and is not in ``faces``. ``length_s`` and ``loop`` are of videos in
    which nobody speaks: at least how long, and whether the end runs on into the beginning."""

    everybody: FaceMotion = field(default_factory=FaceMotion)
    faces: Mapping[int, FaceMotion] = field(default_factory=dict)
    length_s: float | None = None
    loop: bool = True

    def of(self, face: int) -> FaceMotion:
        """What one face does."""
        return self.faces.get(face, self.everybody)

    def as_dict(self, moving: Sequence[int]) -> dict[str, Any]:
        """What is kept with a job, every face that moves by itself; empty where nothing differs from the usual."""
        faces = {str(face): asdict(self.of(face)) for face in moving}
        if all(self.of(face) == FaceMotion() for face in moving):
            return {}
        return {"length_s": self.length_s, "loop": self.loop, "faces": faces}

    def silent_seconds(self, moving: Sequence[int]) -> float:
        """Length of a video in which nobody speaks."""
        return silent_length([self.of(face).gestures for face in moving], self.length_s)


def motion_of(job: Job) -> JobMotion:
    """What was asked for."""
    kept = job.motion or {}
    faces = {
        int(face): FaceMotion(**{**one, "gestures": tuple(one["gestures"])})
        for face, one in kept.get("faces", {}).items()
    }
    return JobMotion(faces=faces, length_s=kept.get("length_s"), loop=bool(kept.get("loop", True)))


def gestures_in_words(names: Sequence[str]) -> str:
    """ "Smile, nod and look around"."""
    said = [GESTURE_NAMES[name].lower() for name in names]
    told = said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"
    return told[:1].upper() + told[1:]


def motion_lines(job: Job) -> list[str]:
    """What every face does besides speaking, a sentence each, for people; empty where nothing was asked for."""
    motion, lines = motion_of(job), []
    for face, one in sorted(motion.faces.items()):
        parts = [gestures_in_words(one.gestures)] if one.gestures else []
        parts += [
            f"{title} {getattr(one, name):.0%}".replace("%", " %")
            for name, title in STRENGTHS.items()
            if getattr(one, name) != 1.0
        ]
        if parts:
            lines.append(("" if len(motion.faces) == 1 else f"Face {face + 1}: ") + "; ".join(parts))
    if lines and job.speech_id is None:
        lines.append("Runs on without a stop" if motion.loop else "Comes to rest at both ends")
    return lines


def gestures_payload() -> dict[str, Any]:
    """What the studio offers: names and seconds of the gestures, and how lengths are reckoned."""
    return {
        "gestures": [{"name": name, "title": GESTURE_NAMES[name], "seconds": GESTURE_SECONDS[name]}
                     for name in GESTURE_SECONDS],
        "overlap_s": OVERLAP,
        "still_s": STILL,
        "most": MOST_GESTURES,
        "longest_s": LONGEST_S,
    }  # fmt: skip


def too_long(names: Sequence[str]) -> bool:
    """Whether gestures take longer than a video without words may."""
    return gestures_length(names) + 2.0 * STILL > LONGEST_S
