"""Which engine finds the faces of a photo: the one that was chosen, or the next where that one fails.

``auto`` is the MediaPipe mesh; where it finds nobody, face-alignment is asked, if its files are installed and may be
used. Where face-alignment is chosen and cannot be used, the mesh works in its place. Whatever stands in says so.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from gpu_worker import weights
from gpu_worker.capabilities import cuda_present
from gpu_worker.config import EngineConfig
from gpu_worker.errors import EngineError, FallbackForbiddenError
from gpu_worker.landmarks.base import LandmarkEngine, LocatedFace
from gpu_worker.landmarks.fan import FILES, FanEngine, Flavour
from gpu_worker.schema import Fallback, Image
from gpu_worker.weights import S3FD

log = logging.getLogger(__name__)

_MESH = "mediapipe-mesh"
_FLAVOURS: dict[str, Flavour] = {"face-alignment-3d": "3d", "face-alignment-2d": "2d"}


@dataclass(frozen=True)
class Located:
    """Faces as one engine found them, its name, and which engines it stands in for."""

    faces: tuple[LocatedFace, ...]
    engine: str
    fallbacks: tuple[Fallback, ...] = ()

    @property
    def anybody(self) -> bool:
        return any(face.human for face in self.faces)


def locate(pixels: Image, config: EngineConfig, mesh: LandmarkEngine) -> Located:
    """The faces of a picture by the engine that ``config.landmark_engine`` names, or by what stands in for it.

    Raises :class:`FallbackForbiddenError` where nothing may stand in, :class:`EngineError` where nothing works.
    """
    if config.landmark_engine in _FLAVOURS:
        return _by_fan(pixels, config.landmark_engine, config, mesh)
    return _by_mesh(pixels, config, mesh)


def _by_fan(pixels: Image, wanted: str, config: EngineConfig, mesh: LandmarkEngine) -> Located:
    try:
        return Located(tuple(shared_fan(_FLAVOURS[wanted]).locate(pixels)), wanted)
    except EngineError as error:
        reason = str(error)
    if wanted in config.no_fallback:
        raise FallbackForbiddenError(wanted, mesh.name, reason)
    log.warning("%s is left: %s", wanted, reason)
    return Located(tuple(mesh.locate(pixels)), mesh.name, (Fallback("inspect", wanted, mesh.name, reason),))


def _by_mesh(pixels: Image, config: EngineConfig, mesh: LandmarkEngine) -> Located:
    """The mesh's faces; face-alignment's where the mesh finds nobody, or fails, and face-alignment finds somebody."""
    faces: Sequence[LocatedFace] = ()
    failure: EngineError | None = None
    try:
        faces = mesh.locate(pixels)
        reason = "The mesh found nobody in the picture."
    except EngineError as error:
        failure, reason = error, f"The mesh failed: {error}"
    found = Located(tuple(faces), mesh.name)
    other = usable_fan() if config.landmark_engine == "auto" else None
    if found.anybody or other is None or _MESH in config.no_fallback:
        if failure is not None:
            raise failure
        return found
    try:
        others = tuple(shared_fan(_FLAVOURS[other]).locate(pixels))
    except EngineError as error:
        log.warning("%s is left: %s", other, error)
        others = ()
    if failure is None and not any(face.human for face in others):
        return found
    if not others and failure is not None:
        raise failure
    return Located(others, other, (Fallback("inspect", _MESH, other, reason),))


def usable_fan() -> str | None:
    """The face-alignment engine whose files are installed and may be used, the one with depth first; else None."""
    for name, flavour in _FLAVOURS.items():
        if all(weights.find(model).state == "present" for model in FILES[flavour]):
            return name
    return None


def shared_fan(flavour: Flavour) -> FanEngine:
    """The process's own face-alignment engine, with its own detector where that is installed; loaded once.

    Raises :class:`EngineError` where it cannot be loaded.
    """
    folders = tuple(str(folder) for folder in weights.models_folders())
    return _loaded(flavour, weights.find(S3FD).state == "present", folders)


@functools.lru_cache(maxsize=2)
def _loaded(flavour: Flavour, with_detector: bool, folders: tuple[str, ...]) -> FanEngine:
    """``folders`` are only looked at so that other folders give another engine."""
    device = "cuda" if cuda_present() else "cpu"
    return FanEngine(flavour, "sfd" if with_detector else "mediapipe", device)
