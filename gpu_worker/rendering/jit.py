"""The one way in which the renderer compiles its inner loops, and where the compiled code is kept."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., object])

#: Folder below an environment's or a user's own that keeps compiled code where the package's own is read-only.
_CACHE_NAME = "picturetalk-kernels"


def cache_folder(package: Path, candidates: list[Path]) -> Path | None:
    """The first of ``candidates`` that can be written to; None where the package folder itself can, or none can.

    numba keeps compiled code beside the source where it may write there, which needs no other folder.
    """
    if _is_writable(package / "__pycache__"):
        return None
    return next((folder for folder in candidates if _is_writable(folder)), None)


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


def _prepare_cache() -> bool:
    """Tell numba where to keep compiled code; whether there is such a place."""
    config: Any = numba.config
    if config.CACHE_DIR:
        return _is_writable(Path(config.CACHE_DIR))
    package = Path(__file__).parent
    candidates = [Path(sys.prefix) / "var" / _CACHE_NAME, Path.home() / ".cache" / _CACHE_NAME]
    chosen = cache_folder(package, candidates)
    if chosen is not None:
        config.CACHE_DIR = str(chosen)
    return chosen is not None or _is_writable(package / "__pycache__")


_CACHED = _prepare_cache()


def compiled(function: Function) -> Function:
    """Compile with numba: kept on disk, without the interpreter lock, and with relaxed floating point.

    Relaxed arithmetic may change the last bits between machines; nothing in the renderer depends on NaN or infinity.
    """
    return cast(Function, numba.njit(cache=_CACHED, fastmath=True, nogil=True, error_model="numpy")(function))
