"""The sound-to-motion models that administrators promoted, on this machine: fetched by checksum, then used.

The database says which model is in use; a worker asks before each piece of work that times speech, so that a promotion
or a step back counts from its next job on. A copy that was fetched is kept.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import tempfile
from pathlib import Path

from django.db import DatabaseError

from animator import storage
from animator.conf import sound_model_folder
from animator.models import SoundModel
from animator.selectors.sound_model import models_in_use
from gpu_worker.errors import EngineError
from gpu_worker.sound_motion.model import Variant, choose_model
from gpu_worker.weights import sha256_of

log = logging.getLogger(__name__)

#: What a model that is damaged, gone or out of reach raises.
_UNUSABLE: tuple[type[Exception], ...] = (EngineError, *storage.UNREACHABLE)
VARIANTS: tuple[Variant, ...] = ("full", "causal")


def use_promoted_models() -> None:
    """Have this process use what is in use now. What cannot be fetched or loaded is logged, and the model that comes
    with the product is used in its place: no video waits for it."""
    try:
        promoted = models_in_use()
    except DatabaseError as error:
        log.error("Which sound model is in use could not be asked; the last one stays: %s", error)
        return
    for variant in VARIANTS:
        model = promoted[variant]
        try:
            choose_model(variant, None if model is None else fetched(model))
        except _UNUSABLE as error:
            log.error("The promoted model for %s cannot be used, the product's own is: %s", variant, error)
            choose_model(variant, None)


def fetched(model: SoundModel) -> Path:
    """This machine's copy of a model, with its description beside it.

    Raises :class:`EngineError` where what lies in storage is not what was exported, and what storage raises.
    """
    name = next((name for name in model.description.get("sha256", {}) if name.endswith(".onnx")), "")
    if not name:
        raise EngineError("The promoted model's description names no file.", permanent=True)
    folder = sound_model_folder() / model.sha256
    target = folder / Path(name).name
    if target.is_file() and target.with_suffix(".json").is_file():
        return target
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".fetching-") as made:
        copy = Path(made) / "model" / target.name
        copy.parent.mkdir()
        with storage.local_copy(model.path) as source:
            shutil.copyfile(source, copy)
        if sha256_of(copy) != model.sha256:
            raise EngineError("The promoted model in storage is not the one that was exported.", permanent=True)
        copy.with_suffix(".json").write_text(json.dumps(model.description), encoding="utf-8")
        try:
            os.rename(copy.parent, folder)
        except OSError:
            # Another worker of this machine was faster, or left half a folder.
            if not (target.is_file() and target.with_suffix(".json").is_file()):
                shutil.rmtree(folder, ignore_errors=True)
                os.rename(copy.parent, folder)
    return target
