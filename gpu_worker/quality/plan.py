"""What the video was meant to be: everything the checks hold the finished file against."""

from __future__ import annotations

from dataclasses import dataclass

from gpu_worker.schema import FaceRig, FloatArray, Image, MotionTrack, Role, Waveform


@dataclass(frozen=True)
class Plan:
    """``opening`` is the renderer's own account of the inner-lip gap / inter-ocular distance, one value per frame.

    ``closures`` are the p, b and m, ``silences`` the stretches in which nobody speaks (start, end), seconds on the
    video's clock. ``poster`` is the photo with the label, what an untouched frame must look like. ``sound`` is what
    was given to the encoder, None for a silent video. ``margins`` are the seconds at the two ends in which the mouth
    may still be on its way from or to the photo's own expression. ``role`` is what the face does: of a listener the
    lips must rest throughout. One who is not ``alone`` is judged as a speaker only where it speaks.
    """

    motion: MotionTrack
    opening: FloatArray
    closures: tuple[tuple[float, float], ...]
    silences: tuple[tuple[float, float], ...]
    face: FaceRig
    still: Image
    sound: Waveform | None
    margins: tuple[float, float] = (0.0, 0.0)
    role: Role = "speaks"
    alone: bool = True

    @property
    def fps(self) -> float:
        return self.motion.fps

    @property
    def frames(self) -> int:
        return len(self.motion.values)
