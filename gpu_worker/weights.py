"""Optional models: what they are, where they are looked for, and whether they are the right ones.

Nothing here downloads, and nothing knows an address: an operator who wants a model puts it into the models folder,
best with ``manage.py models``. The embedded engine needs none of them.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from gpu_worker.model_register import ModelRecord, read_register

State = Literal["present", "missing", "incomplete", "wrong_size", "wrong_checksum", "not_allowed"]

_CHUNK = 1 << 20
_LANGUAGE = re.compile(r"[a-z]{2,3}")


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
class ModelFolder:
    """A model that is a folder of files, as WhisperX loads them.

    ``path`` is that folder, relative to the models folder. Each entry of ``required`` names a file in it, or several
    of which one suffices, parted by ``|``; ``optional`` names what is taken along where it is there. Sizes and
    checksums of its files, and its licence, are those of the register (``models.json``) once an operator has added it;
    until then ``licence`` and ``commercial_use`` are what the product assumes.
    """

    name: str
    purpose: str
    path: str
    required: tuple[str, ...]
    licence: str
    commercial_use: bool
    without_it: str
    optional: tuple[str, ...] = ()


Model = ModelFile | ModelFolder


@dataclass(frozen=True)
class FoundModel:
    """Where a model was found (a file or a folder), or that and why it cannot be used.

    ``record`` is its entry in the register of the folder where it was found, if it has one.
    """

    model: Model
    state: State
    path: Path | None
    reason: str
    record: ModelRecord | None = None

    @property
    def licence(self) -> str:
        return self.record.licence if self.record is not None else self.model.licence

    @property
    def commercial_use(self) -> bool:
        return self.record.commercial_use if self.record is not None else self.model.commercial_use


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

#: A Whisper model as CTranslate2 stores it: what WhisperX gives to faster-whisper.
WHISPER = ModelFolder(
    name="whisper",
    purpose="recognises speech in many languages (WhisperX: a Whisper model in CTranslate2's form)",
    path="whisper",
    required=("model.bin", "config.json", "tokenizer.json", "vocabulary.json|vocabulary.txt"),
    optional=("preprocessor_config.json",),
    licence="MIT for the weights that OpenAI published",
    commercial_use=True,
    without_it="English is recognised by the embedded recogniser; other languages need the words as text",
)

#: Every optional model of one file that the product knows of.
MODEL_FILES: tuple[ModelFile, ...] = (FAN_2D, FAN_3D, FAN_DEPTH, S3FD)
#: Every model that has a name of its own; the word aligners have one for each language (:func:`align_model`).
MODELS: tuple[Model, ...] = (*MODEL_FILES, WHISPER)


def align_model(language: str) -> ModelFolder:
    """The folder of the word aligner of ``language`` (its first part, ``de`` of ``de-CH``): Wav2Vec2 with CTC.

    Raises:
        ValueError: that is no code of a language.
    """
    code = language.strip().lower().replace("_", "-").split("-")[0]
    if not _LANGUAGE.fullmatch(code):
        raise ValueError(f"{language[:20]!r} is no code of a language")
    return ModelFolder(
        name=f"align-{code}",
        purpose=f"aligns words of {code} with their sound (WhisperX: Wav2Vec2 with CTC)",
        path=f"align/{code}",
        required=("config.json", "preprocessor_config.json", "vocab.json", "model.safetensors|pytorch_model.bin"),
        optional=("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"),
        licence="not known until it is registered: such models come under many terms",
        commercial_use=False,
        without_it="words are timed by the embedded aligner or by the course of the sound",
    )


def find_known(name: str) -> Model | None:
    """The model that the product calls ``name`` (``fan-2d``, ``whisper``, ``align-de``...), or None."""
    if name.startswith("align-") and _LANGUAGE.fullmatch(name.removeprefix("align-")):
        return align_model(name.removeprefix("align-"))
    return next((model for model in MODELS if model.name == name), None)


def commercial_only() -> bool:
    """Whether models whose licence forbids commercial use are refused: so unless
    ``PICTURETALK_NON_COMMERCIAL_MODELS`` is 1."""
    return os.environ.get("PICTURETALK_NON_COMMERCIAL_MODELS", "").strip() != "1"


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


def find(
    model: Model, folders: Iterable[Path] | None = None, *, verify: bool = False, any_licence: bool = False
) -> FoundModel:
    """Look for ``model`` in ``folders`` (default: :func:`models_folders`); the first one found counts.

    With ``verify`` checksums are computed too, which takes about a second per gigabyte; sizes are always checked. A
    model whose licence forbids commercial use is ``not_allowed`` where :func:`commercial_only`, unless ``any_licence``.
    """
    searched = tuple(models_folders() if folders is None else folders)
    for folder in searched:
        path = folder / model.path
        if path.is_file() if isinstance(model, ModelFile) else path.is_dir():
            found = _judged(model, folder, verify)
            refused = found.state == "present" and not found.commercial_use and commercial_only() and not any_licence
            return replace(found, state="not_allowed", reason=_refusal(found)) if refused else found
    places = ", ".join(str(folder / model.path) for folder in searched)
    return FoundModel(model, "missing", None, f"{model.name} was not found; looked for {places}")


def sha256_of(path: Path) -> str:
    """Hexadecimal SHA-256 of a file of any size."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _refusal(found: FoundModel) -> str:
    return (
        f"{found.model.name} may not be used: its licence is not known to allow commercial use ({found.licence}); "
        "PICTURETALK_NON_COMMERCIAL_MODELS=1 allows it where nothing is sold"
    )


def _judged(model: Model, folder: Path, verify: bool) -> FoundModel:
    path, record = folder / model.path, read_register(folder).get(model.name)
    state, reason = _own_fault(model, path, verify)
    if state == "present" and record is not None:
        state, reason = _changed(record, folder, verify)
    return FoundModel(model, state, path, reason or f"{model.name} is {path}", record)


def _own_fault(model: Model, path: Path, verify: bool) -> tuple[State, str]:
    """What is wrong with it by what the product itself knows."""
    if isinstance(model, ModelFolder):
        lacking = [one for one in model.required if not any((path / name).is_file() for name in one.split("|"))]
        if lacking:
            return "incomplete", f"{path} lacks {', '.join(one.replace('|', ' or ') for one in lacking)}"
        return "present", ""
    size = path.stat().st_size
    if size == 0 or (model.size is not None and size != model.size):
        expected = "more than none" if model.size is None else f"{model.size}"
        return "wrong_size", f"{path} has {size} bytes, not {expected}"
    promised = model.sha256 or model.checksum_prefix
    if verify and promised and not (found := sha256_of(path)).startswith(promised):
        return "wrong_checksum", f"{path} has the checksum {found}, not {promised}..."
    return "present", ""


def _changed(record: ModelRecord, folder: Path, verify: bool) -> tuple[State, str]:
    """What is otherwise than on the day it was registered."""
    for file in record.files:
        path = folder / file.path
        if not path.is_file():
            return "incomplete", f"{path} is gone"
        if path.stat().st_size != file.size:
            return "wrong_size", f"{path} has {path.stat().st_size} bytes, not {file.size}"
        if verify and (found := sha256_of(path)) != file.sha256:
            return "wrong_checksum", f"{path} has the checksum {found}, not {file.sha256}"
    return "present", ""
