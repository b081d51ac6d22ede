"""Weights as safetensors: numbers and names, nothing that could be executed."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch
from torch import nn

from gpu_worker.errors import InputError


def save_weights(path: Path, model: nn.Module, half: bool = False, told: dict[str, str] | None = None) -> None:
    """Write the weights; ``half``: as float16. ``told`` goes into the file's header."""
    from safetensors.torch import save_file

    tensors = {
        name: (value.half() if half and value.is_floating_point() else value).detach().cpu().contiguous()
        for name, value in model.state_dict().items()
    }
    unfinished = path.with_name(path.name + ".unfinished")
    save_file(tensors, unfinished, metadata=told)
    unfinished.chmod(0o644)
    unfinished.replace(path)


def load_weights(path: Path, model: nn.Module) -> None:
    """Put the weights of a file into ``model``. Raises :class:`InputError` ``bad_weights`` where they do not fit."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        tensors = {
            name: value.float() if value.dtype == torch.float16 else value for name, value in load_file(path).items()
        }
        model.load_state_dict(tensors)
    except (OSError, SafetensorError, RuntimeError) as problem:
        raise InputError(
            "bad_weights", f"{path} does not hold the weights of this network.", str(problem)[:200]
        ) from problem


def checksum(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
