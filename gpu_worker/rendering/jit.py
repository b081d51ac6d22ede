"""The one way in which the renderer compiles its inner loops."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """Compile with numba: cached on disk, without the interpreter lock, and with relaxed floating point.

    Relaxed arithmetic may change the last bits between machines; nothing in the renderer depends on NaN or infinity.
    """
    return cast(Function, numba.njit(cache=True, fastmath=True, nogil=True, error_model="numpy")(function))
