"""What one stage of a job leaves for the next: a score, then a film; see :mod:`gpu_worker.making`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gpu_worker.cast import Speech
from gpu_worker.quality.outside import OutsideSeen
from gpu_worker.rendering.arrays import Bool
from gpu_worker.schema import FloatArray, Inspection, MotionTrack


@dataclass(frozen=True)
class Score:
    """What is said when, and how every moving face moves at the first attempt; ``speech`` is None without any."""

    inspection: Inspection
    speech: Speech | None
    motions: tuple[MotionTrack, ...]


@dataclass(frozen=True)
class Film:
    """One attempt's video, not yet checked nor signed, and all that the check must know of how it was made.

    ``openings`` is :meth:`SceneRenderer.planned_opening` of each face, ``region`` the pixels that may change,
    ``engine`` what drew. ``video`` and ``poster`` lie in the job's folder.
    """

    number: int
    video: Path
    poster: Path
    motions: tuple[MotionTrack, ...]
    openings: tuple[FloatArray, ...]
    region: Bool
    outside: OutsideSeen
    engine: str

    @property
    def frames(self) -> int:
        return len(self.motions[0].values)
