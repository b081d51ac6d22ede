"""Limits and defaults of the engine, with units. The site's settings may replace the instance it passes in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EngineConfig:
    #: Longest side of the rendered picture, pixels; larger photos are reduced to it.
    max_side: int = 1920
    #: Largest picture that is decoded at all, megapixels (read from the header, before decoding).
    max_megapixels: float = 60.0
    #: Largest photo file, bytes.
    max_photo_bytes: int = 30 * 1024 * 1024
    #: Smallest face that is animated, pixels from the top of the forehead to the chin.
    min_face_height: float = 48.0
    #: Most faces offered to the user.
    max_faces: int = 12
    #: Longest sound, seconds.
    max_sound_seconds: float = 1800.0
    #: Largest sound file, bytes.
    max_sound_bytes: int = 100 * 1024 * 1024
    #: Longest typed text, characters.
    max_text_chars: int = 5000
    #: Frames per second of the video unless the caller says otherwise.
    fps: float = 25.0
    #: Seed of everything that is drawn at random.
    seed: int = 0
    #: Constant rate factor of x264 (lower is better).
    crf: int = 17
    #: x264 preset.
    preset: str = "veryfast"
    #: Frames rendered at the same time; 0 = one for each core.
    threads: int = 0
    #: Render engine where the request names none: ``auto`` (torch where there is a CUDA device, else warp), ``warp`` or
    #: ``torch``.
    engine: str = "auto"
    #: Engines in whose place no other may work (names of gpu_worker.capabilities): a job fails instead.
    no_fallback: frozenset[str] = frozenset()
    #: What times recorded speech: ``auto`` (WhisperX where it and its models are installed, else the embedded
    #: engine) or ``embedded``.
    speech_engine: str = "auto"
    #: What finds faces: ``auto`` (the MediaPipe mesh; where it finds nobody, face-alignment if its files are
    #: installed), ``mesh``, ``face-alignment-2d`` or ``face-alignment-3d``.
    landmark_engine: str = "auto"
    #: Draw the visible "AI-animated" label.
    label: bool = True
    #: Put the imperceptible watermark with the job's id into every frame.
    watermark: bool = True
