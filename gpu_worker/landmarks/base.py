"""What every landmark engine offers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from gpu_worker.schema import FloatArray, Image


@dataclass(frozen=True)
class LocatedFace:
    """One face as an engine found it, before it is judged.

    ``landmarks`` is ``(478, 3)`` float32 in pixels of the picture, as in :class:`gpu_worker.schema.FaceRig`.
    ``likeness`` in [0, 1] is how surely this is a human face; ``human`` is the engine's verdict on it.
    ``engine`` names the engine that made the landmarks.
    """

    landmarks: FloatArray
    likeness: float
    human: bool
    engine: str


class LandmarkEngine(Protocol):
    """Finds faces and their landmarks. Holds its models from construction to :meth:`close`.

    Engines must be safe to call from several threads; they may do so by taking turns.
    """

    @property
    def name(self) -> str:
        """Stable name, for reports and certificates."""

    def locate(self, pixels: Image) -> Sequence[LocatedFace]:
        """All faces of a picture, one entry each, and what looked like a face and is none (``human`` False)."""

    def follow(self, pixels: Image, landmarks: FloatArray) -> LocatedFace | None:
        """The face near where ``landmarks`` lay in an earlier picture of the same size; None when it is gone."""

    def close(self) -> None:
        """Give the models back. The engine cannot be used afterwards."""
