"""Parts of other packages that a GPU worker does without, and what stands in their place while those are imported.

* ``torchaudio._extension``: every wheel of torchaudio links CUDA's libraries, so that its import fails beside a torch
  for the CPU. Its loader, resampler and filters are Python on torch; the compiled part is not needed.
* ``av``: faster-whisper opens sound files with it. Its wheel carries codecs under the GPL; the engine decodes with
  ffmpeg, a program of its own, and hands over arrays.
* ``torchcodec``: pyannote.audio opens sound files with it, through whatever FFmpeg the machine has. Not needed either.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
import types
import warnings
from collections.abc import Callable, Iterator
from importlib.machinery import ModuleSpec
from typing import Any

_EXTENSION = "torchaudio._extension"


def import_torchaudio() -> types.ModuleType:
    """torchaudio, on a torch for the CPU without its compiled part. Raises ImportError where it is not installed."""
    import torch

    if torch.version.cuda is None and "torchaudio" not in sys.modules:
        sys.modules[_EXTENSION] = _no_extension()
    try:
        return importlib.import_module("torchaudio")
    except OSError as error:  # a library that it links is not there
        raise ImportError(f"torchaudio cannot be loaded: {error}") from error


@contextlib.contextmanager
def absent(*names: str) -> Iterator[None]:
    """While it lasts, importing ``names`` fails as if they were not installed; modules already loaded stay."""
    placed = [name for name in names if name not in sys.modules]
    for name in placed:
        sys.modules[name] = None  # type: ignore[assignment]  # the import system's own sign for "not there"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pyannote.audio explains at length how to install what is left out
            yield
    finally:
        for name in placed:
            sys.modules.pop(name, None)


@contextlib.contextmanager
def hollow(name: str) -> Iterator[None]:
    """While it lasts, ``name`` can be imported where it is not installed; whoever then uses it gets an ImportError."""
    if name in sys.modules:
        yield
        return
    module = types.ModuleType(name)
    module.__spec__ = ModuleSpec(name, None)

    def missing(attribute: str) -> Any:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        raise ImportError(f"{name}.{attribute} is not installed on purpose: the engine hands over decoded sound")

    module.__getattr__ = missing  # type: ignore[method-assign]
    sys.modules[name] = module
    try:
        yield
    finally:
        sys.modules.pop(name, None)


def _no_extension() -> types.ModuleType:
    """What torchaudio's other modules take from its compiled part, for the CPU."""
    module = types.ModuleType(_EXTENSION)
    module.__spec__ = ModuleSpec(_EXTENSION, None)

    def fail_if_no_align(function: Callable[..., Any]) -> Callable[..., Any]:
        def refuse(*_: Any, **__: Any) -> Any:
            raise RuntimeError(f"{function.__name__} needs the compiled part of torchaudio")

        return refuse

    module.__dict__.update(
        _IS_TORCHAUDIO_EXT_AVAILABLE=False,
        _IS_ALIGN_AVAILABLE=False,
        fail_if_no_align=fail_if_no_align,
        _check_cuda_version=lambda: None,
    )
    return module
