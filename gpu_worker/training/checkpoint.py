"""Checkpoints: everything a run needs to go on exactly where it was, written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import torch

from gpu_worker.errors import InputError

NAME = "checkpoint.pt"


def save_checkpoint(folder: Path, state: dict[str, Any]) -> None:
    """Replace the run's checkpoint. Killed at any moment, either the old or the new one is there, never half of one."""
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".checkpoint-", delete=False) as file:
        try:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
            os.replace(file.name, folder / NAME)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def load_checkpoint(folder: Path, device: torch.device) -> dict[str, Any] | None:
    """The run's checkpoint, or None where it has none. Tensors, numbers and texts only: nothing in it is executed.

    Raises :class:`InputError` ``bad_checkpoint``.
    """
    path = folder / NAME
    if not path.is_file():
        return None
    try:
        state = torch.load(path, map_location=device, weights_only=True)
    except (OSError, RuntimeError, ValueError, EOFError, KeyError) as problem:
        raise InputError("bad_checkpoint", f"{path} cannot be read: {problem}", "Start the run anew.") from problem
    except Exception as problem:
        # The reader's own error for content it refuses is of a private kind.
        if type(problem).__name__ != "UnpicklingError":
            raise
        raise InputError("bad_checkpoint", f"{path} holds something else than weights.", "Start anew.") from problem
    if not isinstance(state, dict) or "step" not in state:
        raise InputError("bad_checkpoint", f"{path} is no checkpoint of a run.", "Start the run anew.")
    return state
