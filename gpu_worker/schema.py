"""What flows between the stages of the engine: frozen dataclasses, nothing else.

Conventions used everywhere in the engine
    * pictures are RGB, ``uint8``, shape ``(height, width, 3)``, origin at the upper left;
    * positions are pixels of that picture, x to the right and y down;
    * times are seconds from the start of the sound;
    * "left" and "right" in a control's name are the depicted person's own, as in anatomy;
    * angles are degrees.

This module knows nothing of files, models or the site. It validates only what would otherwise fail far away.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
Image = NDArray[np.uint8]

TimelineSource = Literal["events", "forced", "recognised", "phones", "energy"]
MouthState = Literal["open", "closed"]
Verdict = Literal["green", "amber", "red", "cannot_verify"]
#: What a face of a photo does in a video; faces that stay as they are have no part in it.
Role = Literal["speaks", "listens"]

#: The 15 viseme classes of the Oculus lip-sync set, in their usual order.
VISEMES: tuple[str, ...] = (
    "sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "ih", "oh", "ou",
)  # fmt: skip

#: Channels of a :class:`VisemeTrack`; all but ``width`` lie in [0, 1], ``width`` in [-1, 1] (+ is spread).
ARTICULATORS: tuple[str, ...] = (
    "jaw", "close", "round", "width", "labiodental", "tongue_up", "tongue_forward",
)  # fmt: skip

#: Controls of a :class:`MotionTrack`, one column each. 0 is the photo as it is.
#: Blendshape-like weights lie in [0, 1] unless said otherwise.
CONTROLS: tuple[str, ...] = (
    "jaw",  # opening about the ear axis, 1 = 9.5 degrees
    "jaw_side",  # [-1, 1], + to the image's right
    "pucker", "stretch", "upper_raise", "lower_depress", "press", "close", "lip_in",
    "smile_left", "smile_right",
    "blink_left", "blink_right", "squint_left", "squint_right",
    "brow_left", "brow_right",  # [-1, 1], + is raised
    "gaze_x", "gaze_y",  # iris radii, + to the image's right and down
    "tongue_up", "tongue_forward",
    "yaw", "pitch", "roll",  # degrees: + nose to the image's right, + nose down, + clockwise in the image
    "shift_x", "shift_y",  # fractions of the face height, + right and down
    "scale",  # relative growth of the head, 0 = as in the photo
)  # fmt: skip
CONTROL: dict[str, int] = {name: column for column, name in enumerate(CONTROLS)}


@dataclass(frozen=True)
class Finding:
    """Something to tell the user about their input: a stable code, a plain sentence and what to do."""

    code: str
    message: str
    hint: str = ""


@dataclass(frozen=True)
class Photo:
    """A decoded still picture, upright, without metadata.

    ``scale`` is the factor by which the stored picture was reduced to ``pixels`` (1.0 = not reduced);
    ``sha256`` is that of the file as uploaded.
    """

    pixels: Image
    sha256: str
    source_format: str
    scale: float = 1.0

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])


@dataclass(frozen=True)
class FaceRig:
    """One face in a photo.

    ``landmarks`` is ``(478, 3)`` float32: the MediaPipe face-mesh points with irises, in pixels of the photo; z has the
    scale of x and is negative towards the camera. ``box`` is (x, y, width, height) in pixels. ``height`` is the
    distance from point 10 to point 152 in pixels, the engine's unit of length. ``mouth_gap`` is the inner-lip gap in
    units of ``height``. ``neighbours`` holds the outlines ``(n, 2)`` of the other faces of the photo, which this one
    must leave alone when it moves.
    """

    index: int
    box: tuple[float, float, float, float]
    score: float
    landmarks: FloatArray
    height: float
    yaw: float
    pitch: float
    roll: float
    mouth_gap: float
    findings: tuple[Finding, ...] = ()
    neighbours: tuple[FloatArray, ...] = ()


@dataclass(frozen=True)
class Fallback:
    """One engine did the work of another: at which stage, which was ``wanted``, which was ``used``, and why, as a
    sentence. Engines are named as in :mod:`gpu_worker.capabilities`."""

    stage: str
    wanted: str
    used: str
    reason: str


@dataclass(frozen=True)
class Inspection:
    """What the face check says of a photo. ``faces`` runs from left to right. ``engine`` found them, "" for the one
    that usually does; ``fallbacks`` says in whose place."""

    width: int
    height: int
    faces: tuple[FaceRig, ...]
    findings: tuple[Finding, ...] = ()
    engine: str = ""
    fallbacks: tuple[Fallback, ...] = ()


@dataclass(frozen=True)
class Waveform:
    """Mono sound: float32 samples in [-1, 1], shape ``(n,)``, at ``rate`` Hz."""

    samples: FloatArray
    rate: int

    @property
    def duration(self) -> float:
        return len(self.samples) / self.rate


@dataclass(frozen=True)
class Word:
    """A word as written. ``said`` is how it is pronounced where somebody said so: a respelling, or IPA in slashes."""

    word: str
    start: float
    end: float
    said: str = ""


@dataclass(frozen=True)
class Phone:
    """A phone in ARPABET without stress digits (``SIL`` for silence). ``stress`` is 0, 1 (primary) or 2 (secondary)."""

    phone: str
    start: float
    end: float
    stress: int = 0


@dataclass(frozen=True)
class VisemeSpan:
    viseme: str
    start: float
    end: float


@dataclass(frozen=True)
class MouthSpan:
    """Somebody's order: the mouth is open or closed from ``start`` to ``end``, whatever the phones ask.

    ``ease`` is the time the mouth takes to get there before ``start`` and to leave after ``end``, seconds.
    """

    state: MouthState
    start: float
    end: float
    ease: float = 0.06


@dataclass(frozen=True)
class Timeline:
    """Who says what when: the result of the speech stage.

    ``reasons`` holds one sentence for each rung of the ladder that was tried and left, and one for the rung in use.
    ``score`` is the aligner's confidence in [0, 1], or None where the method has none. ``mouth`` overrides what the
    phones ask, in order and without overlaps; ``corrected`` says that words, times or mouth were changed by hand.
    """

    language: str
    source: TimelineSource
    duration: float
    words: tuple[Word, ...]
    phones: tuple[Phone, ...]
    visemes: tuple[VisemeSpan, ...]
    reasons: tuple[str, ...] = ()
    score: float | None = None
    mouth: tuple[MouthSpan, ...] = ()
    corrected: bool = False


@dataclass(frozen=True)
class VisemeTrack:
    """Articulator positions over time: ``values`` is ``(frames, len(ARTICULATORS))`` float32.

    Row i belongs to the instant ``i / fps``. ``closures`` lists (start, end) of every p, b and m in seconds, as far
    as the mouth is not forced open there, and of every stretch in which it is forced closed.
    """

    fps: float
    values: FloatArray
    closures: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[1] != len(ARTICULATORS):
            raise ValueError(f"values must be (frames, {len(ARTICULATORS)}), not {self.values.shape}")


@dataclass(frozen=True)
class MotionTrack:
    """Everything the renderer is told: ``values`` is ``(frames, len(CONTROLS))`` float32, row i at ``i / fps``."""

    fps: float
    values: FloatArray
    seed: int = 0

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[1] != len(CONTROLS):
            raise ValueError(f"values must be (frames, {len(CONTROLS)}), not {self.values.shape}")

    def control(self, name: str) -> FloatArray:
        """The column of one control, shape ``(frames,)``."""
        column: FloatArray = self.values[:, CONTROL[name]]
        return column


@dataclass(frozen=True)
class Check:
    """One line of the certificate: what was measured, in which unit, and how it was judged."""

    name: str
    value: float | int | str | None
    unit: str
    verdict: Verdict
    detail: str = ""


@dataclass(frozen=True)
class FaceChecks:
    """What was measured on one of several moving faces; ``face`` is its index in the photo."""

    face: int
    role: Role
    verdict: Verdict
    checks: tuple[Check, ...]
    measurements: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Certificate:
    """The quality certificate of one video; ``verdict`` is the worst of its checks that could be verified.

    Where several faces move, ``faces`` holds what was measured on each, and ``checks`` the worst of them under each
    name. ``engines`` and ``versions`` say what made the video, ``fallbacks`` which engines did the work of others,
    ``timing`` why the words were timed in the way they were.
    """

    verdict: Verdict
    checks: tuple[Check, ...]
    engines: dict[str, str] = field(default_factory=dict)
    measurements: dict[str, float] = field(default_factory=dict)
    faces: tuple[FaceChecks, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)
    fallbacks: tuple[Fallback, ...] = ()
    timing: tuple[str, ...] = ()
