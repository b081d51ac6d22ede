"""Optional model files: what they are, where they are looked for, and whether they are the right ones.

Nothing here downloads, and nothing knows an address: an operator who wants a model puts its file into the models
folder. The embedded engine needs none of them.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

FileState = Literal["present", "missing", "wrong_size", "wrong_checksum"]

_CHUNK = 1 << 20


@dataclass(frozen=True)
class ModelFile:
    """One file of weights.

    ``path`` is relative to the models folder. ``size`` (bytes) and ``sha256`` are those of the one right file;
    None where the makers publish none, and then ``checksum_prefix`` holds what the file's own name promises.
    ``commercial_use`` says whether the licence of the weights allows it.
    """

    name: str
    purpose: str
    path: str
    licence: str
    commercial_use: bool
    without_it: str
    size: int | None = None
    sha256: str | None = None
    checksum_prefix: str = ""


@dataclass(frozen=True)
class FoundFile:
    """Where a model file was found, or that and why it cannot be used."""

    model: ModelFile
    state: FileState
    path: Path | None
    reason: str


_FAN_LICENCE = "BSD-3-Clause code; weights trained on 300W-LP, whose pictures are for research"

#: The files that face-alignment loads, by the names under which its own loader looks for them.
FAN_2D = ModelFile(
    name="fan-2d",
    purpose="68 face landmarks in the picture plane (FAN, four hourglasses)",
    path="hub/checkpoints/2DFAN4-11f355bf06.pth.tar",
    licence=_FAN_LICENCE,
    commercial_use=False,
    without_it="landmarks come from the MediaPipe mesh",
    checksum_prefix="11f355bf06",
)
FAN_3D = ModelFile(
    name="fan-3d",
    purpose="68 face landmarks projected from a 3D face (FAN, four hourglasses)",
    path="hub/checkpoints/3DFAN4-7835d9f11d.pth.tar",
    licence=_FAN_LICENCE,
    commercial_use=False,
    without_it="landmarks come from the MediaPipe mesh",
    checksum_prefix="7835d9f11d",
)
FAN_DEPTH = ModelFile(
    name="fan-depth",
    purpose="depth of the 68 landmarks of fan-3d",
    path="hub/checkpoints/depth-2a464da4ea.pth.tar",
    licence=_FAN_LICENCE,
    commercial_use=False,
    without_it="depth comes from the reference face",
    checksum_prefix="2a464da4ea",
)
S3FD = ModelFile(
    name="s3fd",
    purpose="face detector (S3FD) of face-alignment",
    path="hub/checkpoints/s3fd-619a316812.pth",
    licence="trained on WIDER FACE, whose pictures are for research",
    commercial_use=False,
    without_it="faces are found by the MediaPipe detectors",
    checksum_prefix="619a316812",
)

#: Every optional model file the product knows of.
MODEL_FILES: tuple[ModelFile, ...] = (FAN_2D, FAN_3D, FAN_DEPTH, S3FD)


def models_folders() -> tuple[Path, ...]:
    """Where model files are looked for, in order: ``PICTURETALK_MODELS``, then torch's own folder.

    Torch's is ``TORCH_HOME``, or ``torch`` under ``XDG_CACHE_HOME`` (default ``~/.cache``).
    """
    folders = []
    own = os.environ.get("PICTURETALK_MODELS")
    if own:
        folders.append(Path(own))
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    folders.append(Path(os.environ.get("TORCH_HOME", cache / "torch")))
    return tuple(folders)


def find(model: ModelFile, folders: Iterable[Path] | None = None, *, verify: bool = False) -> FoundFile:
    """Look for ``model`` in ``folders`` (default: :func:`models_folders`); the first one found counts.

    With ``verify`` the checksum is computed too, which takes about a second per gigabyte; the size is always checked.
    """
    searched = tuple(models_folders() if folders is None else folders)
    for folder in searched:
        path = folder / model.path
        if path.is_file():
            return _judged(model, path, verify)
    places = ", ".join(str(folder / model.path) for folder in searched)
    return FoundFile(model, "missing", None, f"{model.name} was not found; looked for {places}")


def sha256_of(path: Path) -> str:
    """Hexadecimal SHA-256 of a file of any size."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _judged(model: ModelFile, path: Path, verify: bool) -> FoundFile:
    size = path.stat().st_size
    if size == 0 or (model.size is not None and size != model.size):
        expected = "more than none" if model.size is None else f"{model.size}"
        return FoundFile(model, "wrong_size", path, f"{path} has {size} bytes, not {expected}")
    if verify and (model.sha256 or model.checksum_prefix):
        found = sha256_of(path)
        promised = model.sha256 or model.checksum_prefix
        if not found.startswith(promised):
            return FoundFile(model, "wrong_checksum", path, f"{path} has the checksum {found}, not {promised}...")
    return FoundFile(model, "present", path, f"{model.name} is {path}")
