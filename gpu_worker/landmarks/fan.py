"""Landmarks by face-alignment (FAN, Bulat & Tzimiropoulos 2017), fitted to the rig: an optional engine on torch.

The package downloads weights inside its constructor and unpickles one of them. Here every file is looked for first,
given to the networks by its path and read with ``weights_only``; the package's own loader is never reached.
"""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Literal

import numpy as np

from gpu_worker import weights
from gpu_worker.errors import EngineError
from gpu_worker.landmarks.base import LocatedFace
from gpu_worker.landmarks.crop import Region, region_around
from gpu_worker.landmarks.likeness import HUMAN_LIKENESS, confirmation
from gpu_worker.landmarks.mediapipe_models import DetectorModels
from gpu_worker.landmarks.rig_fit import RigFit
from gpu_worker.landmarks.search import candidates
from gpu_worker.less_memory import Step, with_less_memory
from gpu_worker.schema import FloatArray, Image
from gpu_worker.weights import FAN_2D, FAN_3D, FAN_DEPTH, S3FD, ModelFile

Flavour = Literal["2d", "3d"]
FaceFinder = Literal["sfd", "mediapipe"]

FILES: dict[Flavour, tuple[ModelFile, ...]] = {"2d": (FAN_2D,), "3d": (FAN_3D, FAN_DEPTH)}
#: Side of the upright crop a face is shown on, and of the face's box in it, pixels. FAN reduces the box to about 200.
_CROP_SIDE, _BOX_SIDE = 384, 230.0
#: A region as the search gives it is this many times as large as the box FAN was trained with.
_BOX_IN_REGION = 1.4
_MOST_FACES = 48
#: A face that S3FD is so sure of, with points so near a face's shape (:meth:`RigFit.misfit`), is human whatever
#: MediaPipe's detectors see in it: they are what the mesh's failures come from.
_SURE_BOX, _MOST_MISFIT = 0.9, 0.1


class FanEngine:
    """FAN with given boxes (MediaPipe's detectors, heads at any inclination) or with its own S3FD detector.

    Loads everything at construction, downloads nothing; calls from several threads take turns. When an accelerator's
    memory is full, it goes on with the CPU.

    Raises:
        EngineError: permanent, when the package or a file is missing or a file is not what it should be.
    """

    def __init__(
        self,
        flavour: Flavour = "2d",
        finder: FaceFinder = "mediapipe",
        device: str = "cpu",
        folders: Iterable[Path] | None = None,
    ) -> None:
        self._flavour, self._finder = flavour, finder
        wanted = FILES[flavour] + ((S3FD,) if finder == "sfd" else ())
        searched = tuple(weights.models_folders() if folders is None else folders)
        paths = {model.name: _required(model, searched) for model in wanted}
        self._paths = paths
        self._device = device
        self._networks = {device: _build(flavour, finder, device, paths)}
        self._detectors = DetectorModels()
        self._fit = RigFit.load()
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        return f"face-alignment-{self._flavour}"

    def locate(self, pixels: Image) -> list[LocatedFace]:
        """All faces, and what resembles one (``human`` False), the surest first."""
        found = [self._face(pixels, region, sure) for region, sure in self._regions(pixels)]
        return sorted((face for face in found if face is not None), key=lambda face: (not face.human, -face.likeness))

    def follow(self, pixels: Image, landmarks: FloatArray) -> LocatedFace | None:
        """The face near ``landmarks`` of an earlier picture; None where there is none any more."""
        face = self._face(pixels, region_around(landmarks), 0.0)
        return face if face is not None and face.human else None

    def close(self) -> None:
        self._detectors.close()
        self._networks.clear()

    def points(self, pixels: Image, region: Region) -> FloatArray:
        """FAN's own 68 points in ``region``, ``(68, 2)`` or with depth ``(68, 3)``, in pixels of the picture."""
        crop = region.scaled(_CROP_SIDE / _BOX_SIDE / _BOX_IN_REGION).cut(pixels, _CROP_SIDE)
        low, high = (_CROP_SIDE - _BOX_SIDE) / 2, (_CROP_SIDE + _BOX_SIDE) / 2
        # FAN looks higher than the middle of its box, since S3FD's boxes reach further down than ours.
        down = 0.12 * _BOX_SIDE
        box = [low, low + down, high, high + down]
        found = self._run(lambda network: network.get_landmarks_from_image(crop, detected_faces=[box]))
        cut = region.scaled(_CROP_SIDE / _BOX_SIDE / _BOX_IN_REGION)
        return cut.to_picture(np.asarray(found[0], dtype=np.float32), _CROP_SIDE)

    def _regions(self, pixels: Image) -> list[tuple[Region, float]]:
        """Where to look, and how sure S3FD is of a face there (0 without it)."""
        if self._finder == "mediapipe":
            return [(candidate.region, 0.0) for candidate in candidates(pixels, self._detectors)[:_MOST_FACES]]
        boxes = self._run(lambda network: network.face_detector.detect_from_image(pixels))
        return [(_region_of(box), float(box[4])) for box in boxes[:_MOST_FACES]]

    def _run(self, work: Callable[[Any], Any]) -> Any:
        """``work(network)`` on the engine's device, or on the CPU when that one's memory is full."""

        def attempt(step: Step) -> Any:
            if step.device not in self._networks:
                # The one that filled the memory goes; from now on the CPU does the work.
                self._networks.clear()
                self._networks[step.device] = _build(self._flavour, self._finder, step.device, self._paths)
                self._device = step.device
            return work(self._networks[step.device])

        with self._lock:
            try:
                return with_less_memory(attempt, self._device, 1)[0]
            except RuntimeError as error:
                raise EngineError(f"face-alignment failed: {error}") from error

    def _face(self, pixels: Image, region: Region, sure: float) -> LocatedFace | None:
        try:
            points = self.points(pixels, region)
            landmarks = self._fit.rig(points)
            shaped = self._fit.misfit(points) <= _MOST_MISFIT
        except EngineError:
            return None
        if not np.isfinite(landmarks).all():
            return None
        likeness = confirmation(pixels, region_around(landmarks), self._detectors)
        known = shaped and sure >= _SURE_BOX
        human = shaped and (known or likeness >= HUMAN_LIKENESS)
        return LocatedFace(landmarks, max(likeness, sure) if known else likeness, human, self.name)


def _region_of(box: Any) -> Region:
    left, top, right, bottom = (float(value) for value in box[:4])
    side = ((right - left) + (bottom - top)) / 2
    # The middle of a region lies lower in the face than that of a detector's box.
    middle = (top + bottom) / 2 - 0.12 * (bottom - top)
    return Region((left + right) / 2, middle, side * _BOX_IN_REGION)


def _required(model: ModelFile, folders: tuple[Path, ...]) -> Path:
    found = weights.find(model, folders)
    if found.state != "present" or found.path is None:
        raise EngineError(found.reason, permanent=True)
    return found.path


def _build(flavour: Flavour, finder: FaceFinder, device: str, paths: dict[str, Path]) -> Any:
    """The package's FaceAlignment on files already found."""
    try:
        import torch
        from face_alignment import FaceAlignment, LandmarksType
        from face_alignment.models import FAN, ResNetDepth
    except ImportError as error:
        raise EngineError(f"face-alignment cannot be loaded: {error}", permanent=True) from error

    class LocalFaceAlignment(FaceAlignment):  # type: ignore[misc]
        """FaceAlignment that takes its networks from named files."""

        def _load_native(self, _network: str, size: int, device: str, dtype: Any) -> Any:
            state = _read(torch, paths[f"fan-{flavour}"], device)
            return _filled(FAN(size), state, paths[f"fan-{flavour}"]).to(device, dtype=dtype).eval()

        def _load_native_depth(self, device: str, dtype: Any) -> Any:
            state = _read(torch, paths["fan-depth"], device).get("state_dict", {})
            plain = {key.removeprefix("module."): value for key, value in state.items()}
            return _filled(ResNetDepth(), plain, paths["fan-depth"]).to(device, dtype=dtype).eval()

    options = {"path_to_detector": str(paths["s3fd"])} if finder == "sfd" else {}
    try:
        return LocalFaceAlignment(
            LandmarksType.THREE_D if flavour == "3d" else LandmarksType.TWO_D,
            device=device,
            # The "folder" detector does nothing by itself: the boxes are given.
            face_detector="sfd" if finder == "sfd" else "folder",
            face_detector_kwargs=options,
            compile=False,
        )
    except (RuntimeError, OSError, KeyError, pickle.UnpicklingError) as error:
        raise EngineError(f"face-alignment cannot use its files: {error}", permanent=True) from error


def _read(torch: Any, path: Path, device: str) -> dict[str, Any]:
    state = torch.load(path, map_location=device, weights_only=True)
    if not isinstance(state, dict):
        raise EngineError(f"{path} does not hold a network's weights", permanent=True)
    return state


def _filled(network: Any, state: dict[str, Any], path: Path) -> Any:
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise EngineError(f"{path} holds another network: {str(error)[:200]}", permanent=True) from error
    return network
