"""One training example: a person's sound with what the face did at every frame of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gpu_worker.schema import CONTROLS, VISEMES, FloatArray, Phone, VisemeSpan

Split = Literal["train", "validation", "test"]
Source = Literal["video", "speech", "synthetic"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")

#: Samples a second of every clip's sound.
SAMPLE_RATE = 16000
#: Frames a second of every clip's controls.
FRAME_RATE = 25.0
#: The controls of a clip are those of a :class:`gpu_worker.schema.MotionTrack`, so a prediction drives the renderer.
CONTROL_NAMES: tuple[str, ...] = CONTROLS
#: What the lips, the jaw and the tongue do; the rest is eyes, brows and head.
MOUTH_CONTROLS: tuple[str, ...] = (
    "jaw", "pucker", "stretch", "upper_raise", "lower_depress", "press", "close", "lip_in", "tongue_up",
    "tongue_forward",
)  # fmt: skip
#: Visemes of frames that nobody knows the sound of.
UNKNOWN_VISEME = -1


@dataclass(frozen=True)
class Clip:
    """A stretch of one person's speech. Frame i shows the instant ``i / fps``.

    ``samples`` is mono at :data:`SAMPLE_RATE` in [-1, 1]. ``controls`` is ``(frames, len(CONTROL_NAMES))`` in the units
    of :data:`gpu_worker.schema.CONTROLS`, relative to the person's own face at rest; ``seen`` has the same shape and
    says which of them were measured (elsewhere ``controls`` holds 0, which is no measurement). ``phones`` are
    (start, end, ARPABET) in seconds, without gaps; ``visemes`` are indices into ``schema.VISEMES``, or -1.
    ``manifest`` holds the papers: licence, consent, source file, checksums, and what was measured of the quality.
    """

    key: str
    person: str
    split: Split
    language: str
    source: Source
    samples: FloatArray
    controls: FloatArray
    seen: NDArray[np.bool_]
    phones: tuple[tuple[float, float, str], ...]
    visemes: NDArray[np.int8]
    fps: float = FRAME_RATE
    manifest: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shape = (len(self.visemes), len(CONTROL_NAMES))
        if self.controls.shape != shape or self.seen.shape != shape:
            raise ValueError(f"controls {self.controls.shape} and seen {self.seen.shape} must both be {shape}")

    @property
    def frames(self) -> int:
        return len(self.visemes)

    @property
    def duration(self) -> float:
        """Seconds of sound."""
        return len(self.samples) / SAMPLE_RATE


def frame_visemes(spans: Sequence[VisemeSpan], frames: int, fps: float) -> NDArray[np.int8]:
    """The class that sounds at each instant ``i / fps``: indices into ``VISEMES``, -1 where no span lies."""
    found = np.full(frames, UNKNOWN_VISEME, np.int8)
    for span in spans:
        first, last = int(np.ceil(span.start * fps - 1e-6)), int(np.ceil(span.end * fps - 1e-6))
        found[max(first, 0) : max(last, 0)] = VISEMES.index(span.viseme)
    return found


def phone_rows(phones: Sequence[Phone]) -> tuple[tuple[float, float, str], ...]:
    """Phones as a clip holds them."""
    return tuple((phone.start, phone.end, phone.phone) for phone in phones)
