"""What is asked of the pipeline and what comes back. Light: imports nothing that loads a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gpu_worker.config import EngineConfig
from gpu_worker.motion.gesture_names import silent_length
from gpu_worker.motion.style import Style
from gpu_worker.schema import Certificate, Timeline


@dataclass(frozen=True)
class TypedSpeech:
    """Text to be spoken, with mark-up if it has any. ``voice`` is a code of ``languages.VOICES``; ``speed`` and
    ``pitch`` are factors; ``dictionary`` says how its words are pronounced (respelling or IPA). ``timeline`` is one
    corrected by hand, whose words are spoken, and ``sound`` what was spoken for it; without, it is spoken anew."""

    text: str
    language: str = "en"
    voice: str | None = None
    speed: float = 1.0
    pitch: float = 1.0
    dictionary: Mapping[str, str] | None = None
    timeline: Timeline | None = None
    sound: Path | None = None


@dataclass(frozen=True)
class SoundSpeech:
    """Recorded or uploaded speech. ``transcript`` may be None or empty: it is then recognised where possible.

    ``dictionary`` is as for typed speech. ``normalise`` brings the video's sound to -16 LUFS by one factor, its true
    peak kept below -1 dBTP; the file itself is never changed. ``timeline`` is one of this sound, perhaps corrected by
    hand: it is used as it is, and nothing is recognised or aligned.
    """

    path: Path
    transcript: str | None = None
    language: str = "en"
    dictionary: Mapping[str, str] | None = None
    normalise: bool = False
    timeline: Timeline | None = None


@dataclass(frozen=True)
class Line:
    """What one face of several says: ``face`` is its index in the photo.

    ``start`` (seconds) is when its first word falls, counted from the first moment of the conversation; None lets it
    follow the line before it after ``pause`` seconds, which may be negative: then it interrupts.
    """

    face: int
    speech: TypedSpeech | SoundSpeech
    pause: float = 0.45
    start: float | None = None


@dataclass(frozen=True)
class FacePlay:
    """What one face does besides speaking: gestures in their order, and how lively it is."""

    gestures: tuple[str, ...] = ()
    style: Style = field(default_factory=Style)


@dataclass(frozen=True)
class AnimationRequest:
    """One video to be made.

    Several faces take part through ``lines`` (``speech`` and ``face`` are None then): those who have a line speak it
    and listen to the others, those in ``listeners`` only listen, the rest stay as they are in the photo.

    ``speech`` may be None when ``gestures`` are given; gestures given with speech are laid over it. ``gestures`` and
    ``style`` hold for every face that ``plays`` says nothing else of, by its index; without any speech its faces are
    those that move. ``length_s`` (seconds) is how long a video without speech shall be, None: as long as the gestures
    take; ``loop``: its end then runs on into its beginning without a stop. ``face`` is the index of the face, None
    where there is only one. ``job_id`` (1-64 letters, digits, ``.``, ``_``, ``-``) goes into
    tags, watermark and manifest. ``signing_folder`` holds the operator's certificate chain and key; None = no C2PA
    manifest. ``watermark_key`` is the operator's own, None the product's public one. ``fps`` and ``seed`` None mean the
    config's. ``heard`` is told the timeline, and with it the words, before anything is drawn; what it raises ends the
    work. ``framing`` is one of :data:`media.framing.FRAMINGS`: the whole photo, or a cut around the faces that move.
    """

    photo: Path
    speech: TypedSpeech | SoundSpeech | None
    job_id: str
    face: int | None = None
    gestures: tuple[str, ...] = ()
    fps: float | None = None
    seed: int | None = None
    engine: str = "auto"
    style: Style = field(default_factory=Style)
    title: str = "AI-animated portrait"
    signing_folder: Path | None = None
    watermark: bool = True
    watermark_key: bytes | None = None
    config: EngineConfig = field(default_factory=EngineConfig)
    heard: Callable[[Timeline], None] | None = None
    lines: tuple[Line, ...] = ()
    listeners: tuple[int, ...] = ()
    framing: str = "whole"
    plays: Mapping[int, FacePlay] = field(default_factory=dict)
    length_s: float | None = None
    loop: bool = False

    def play(self, face: int) -> FacePlay:
        """What the face does besides speaking."""
        return self.plays.get(face) or FacePlay(self.gestures, self.style)

    @property
    def silent_seconds(self) -> float:
        """Length of the video where nobody speaks."""
        everybody = [play.gestures for play in self.plays.values()] or [self.gestures]
        return silent_length(everybody, self.length_s)

    @property
    def speeches(self) -> tuple[TypedSpeech | SoundSpeech, ...]:
        """Everything that is said, in order."""
        return tuple(line.speech for line in self.lines) or ((self.speech,) if self.speech is not None else ())

    @property
    def language(self) -> str:
        """Language of the (first) speech, and of the label's wording."""
        return self.speeches[0].language if self.speeches else "en"


@dataclass(frozen=True)
class AnimationOutcome:
    """Paths of the finished files and what is known of them. ``seconds`` is the wall time of each stage.

    ``timeline`` and ``timeline_json`` are None for a video without speech. ``attempts`` is 2 when the first video was
    judged red and made again.
    """

    video: Path
    poster: Path
    certificate_json: Path
    timeline_json: Path | None
    certificate: Certificate
    timeline: Timeline | None
    width: int
    height: int
    fps: float
    frames: int
    photo_sha256: str
    attempts: int = 1
    seconds: Mapping[str, float] = field(default_factory=dict)
