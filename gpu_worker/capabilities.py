"""What this machine can run, and why not: known before it is needed, without loading a single model.

Only package metadata and file names are looked at, so the site may ask at every page view. What a package does once
it is loaded (a broken driver, a wrong file) shows when the engine starts; this page says what is in its place.
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
import importlib.util
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gpu_worker import weights
from gpu_worker.weights import FoundModel, Model, ModelFile


@dataclass(frozen=True)
class Capability:
    """One engine: whether it can be used here, and what stands in when it cannot.

    ``stage`` is the stage of a job it serves; ``device`` is ``cpu``, ``cuda`` or empty when unavailable;
    ``version`` is that of the package that does the work, empty when it is not installed. ``embedded`` engines belong
    to the base installation: one that is missing is a fault. ``commercial_use`` is that of its model files.
    ``unmeasured`` says why its speed cannot be measured here; empty when it can.
    """

    name: str
    stage: str
    purpose: str
    available: bool
    reason: str
    version: str
    device: str
    embedded: bool
    commercial_use: bool
    without_it: str
    unmeasured: str = ""


@dataclass(frozen=True)
class _Engine:
    """What an engine needs: importable modules, the package whose version counts, model files.

    ``moment`` says of one that is not measured when it works; ``chosen`` are models of which it works with any.
    """

    name: str
    stage: str
    purpose: str
    package: str
    modules: tuple[str, ...]
    without_it: str
    embedded: bool = True
    torch: bool = False
    files: tuple[ModelFile, ...] = ()
    chosen: tuple[Model, ...] = ()
    moment: str = ""


#: Engines that hear speech are measured in this language.
MEASURED_LANGUAGE = "en"
_NOTHING = "nothing stands in: this stage cannot run"
_ENGINES: tuple[_Engine, ...] = (
    _Engine("pillow", "inspect", "reads JPEG, PNG, WebP and AVIF photos", "pillow", ("PIL",), _NOTHING,
        moment="once for a photo"),
    _Engine("pi-heif", "inspect", "reads HEIC photos", "pi-heif", ("pi_heif",), _NOTHING, moment="once for a photo"),
    _Engine(
        "mediapipe-mesh", "inspect", "finds faces and their 478 landmarks", "mediapipe", ("mediapipe", "cv2"), _NOTHING
    ),
    _Engine(
        "face-alignment-2d", "inspect", "68 landmarks in the picture plane, fitted to the 478", "face-alignment",
        ("face_alignment", "torch"), weights.FAN_2D.without_it, embedded=False, torch=True, files=(weights.FAN_2D,),
    ),
    _Engine(
        "face-alignment-3d", "inspect", "68 landmarks with depth, fitted to the 478", "face-alignment",
        ("face_alignment", "torch"), weights.FAN_3D.without_it, embedded=False, torch=True,
        files=(weights.FAN_3D, weights.FAN_DEPTH),
    ),
    _Engine(
        "espeak-ng", "speech", "speaks typed text and knows when each phone sounds", "espeakng-loader",
        ("espeakng_loader",), "typed text cannot be spoken; recorded and uploaded speech still works",
    ),
    _Engine(
        "pocketsphinx", "align", "aligns and recognises recorded English speech", "pocketsphinx", ("pocketsphinx",),
        "recorded speech is timed by its phones' or its energy's course",
    ),
    _Engine(
        "whisperx", "align", "recognises and aligns speech in many languages", "whisperx", ("whisperx", "torch"),
        "the embedded aligner is used", embedded=False, torch=True,
        chosen=(weights.WHISPER, weights.align_model(MEASURED_LANGUAGE)),
    ),
    _Engine("warp", "render", "renders the moving portrait", "numba", ("numba", "scipy", "cv2"), _NOTHING),
    _Engine(
        "torch", "render", "renders the moving portrait in batches", "torch", ("torch",), "warp renders on all cores",
        embedded=False, torch=True,
    ),
    _Engine("ffmpeg", "encode", "reads sound and writes video", "imageio-ffmpeg", ("imageio_ffmpeg",), _NOTHING),
    _Engine("c2pa", "sign", "signs the provenance manifest", "c2pa-python", ("c2pa",), "videos are not signed",
        moment="once for a video"),
)  # fmt: skip

#: Engines in whose place another works when they are missing or fail, unless an administrator forbids it, and which.
STAND_INS: dict[str, str] = {
    "mediapipe-mesh": "face-alignment, where its files are installed",
    "face-alignment-2d": "the MediaPipe mesh",
    "face-alignment-3d": "the MediaPipe mesh",
    "whisperx": "the embedded recogniser and aligner",
    "pocketsphinx": "phones decoded without words, or loudness alone",
    "torch": "the renderer on the CPU",
}


def capabilities(folders: Iterable[Path] | None = None) -> list[Capability]:
    """Every engine the product knows of, in the order of a job's stages.

    ``folders`` are the model folders to look in, by default :func:`gpu_worker.weights.models_folders`.
    """
    searched = tuple(weights.models_folders() if folders is None else folders)
    return [_judged(engine, searched) for engine in _ENGINES]


def package_version(engine: str) -> str:
    """The package that does an engine's work with its version, as in “mediapipe 0.10.21”; or the package called so
    itself; empty where there is none."""
    package = next((one.package for one in _ENGINES if one.name == engine), engine)
    version = _version(package) if package else ""
    return f"{package} {version}" if version else ""


def as_json(found: Iterable[Capability]) -> str:
    """The list as indented JSON, for the command line and for operators' scripts."""
    return json.dumps([dataclasses.asdict(entry) for entry in found], indent=2)


def cuda_present() -> bool:
    """Whether torch was built for CUDA and the driver of an NVIDIA card is loaded; torch itself is not imported."""
    return _torch_has_cuda() and Path("/proc/driver/nvidia/version").exists()


def _judged(engine: _Engine, folders: tuple[Path, ...]) -> Capability:
    version = _version(engine.package)
    checks: tuple[Callable[[], str], ...] = (
        partial(_missing_modules, engine.modules),
        partial(_missing_files, engine.files, folders),
    )
    reason = next((reason for check in checks if (reason := check())), "")
    device = "cuda" if engine.torch and cuda_present() else "cpu"
    return Capability(
        name=engine.name,
        stage=engine.stage,
        purpose=engine.purpose,
        available=not reason,
        reason=reason or "installed",
        version=version,
        device="" if reason else device,
        embedded=engine.embedded,
        commercial_use=all(file.commercial_use for file in engine.files),
        without_it=engine.without_it,
        unmeasured="it cannot run here" if reason else _why_unmeasured(engine, folders),
    )


def models_in_use(name: str, folders: Iterable[Path] | None = None) -> list[FoundModel]:
    """The installed models that the engine ``name`` works with when it is measured; those that may not be used are
    left out."""
    searched = tuple(weights.models_folders() if folders is None else folders)
    engine = next(one for one in _ENGINES if one.name == name)
    found = [weights.find(model, searched) for model in (*engine.files, *engine.chosen)]
    return [one for one in found if one.state == "present"]


def _why_unmeasured(engine: _Engine, folders: tuple[Path, ...]) -> str:
    if engine.moment:
        return f"it works {engine.moment}, for a moment"
    if engine.chosen and not models_in_use(engine.name, folders):
        return "; ".join(weights.find(model, folders).reason for model in engine.chosen)
    return ""


def _missing_modules(modules: tuple[str, ...]) -> str:
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    return f"not installed: {', '.join(missing)}" if missing else ""


def _missing_files(files: tuple[ModelFile, ...], folders: tuple[Path, ...]) -> str:
    found = [weights.find(file, folders) for file in files]
    return "; ".join(entry.reason for entry in found if entry.state != "present")


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _torch_has_cuda() -> bool:
    version = _version("torch")
    if "+cu" in version:
        return True
    # Builds without a suffix bring CUDA's libraries as packages of their own.
    return bool(version) and "+cpu" not in version and bool(_version("nvidia-cublas-cu12") or _version("nvidia-cublas"))
