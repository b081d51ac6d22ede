"""Work that holds the interpreter for seconds, done in a copy of this process: whoever waits for it can be interrupted.

pocketsphinx does not let go of the interpreter's lock while it decodes, so that neither signs of life nor the order to
stop would get through. The copy has the loaded decoder at no cost (its pages are shared) and ends after one piece of
work; what it changes in the decoder ends with it, so that every piece begins from the same state.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from typing import Any, NoReturn

from gpu_worker.errors import EngineError

#: What a decoder raises when it fails.
_FAILURES = (RuntimeError, EngineError)
_CHUNK = 1 << 16


def may_copy() -> bool:
    """Whether this process may be copied while its threads work. OpenBLAS ends its own threads for a copy, and whoever
    is in the middle of a product then waits for ever; with one thread (``gpu_worker/__init__.py``) it has none."""
    return os.environ.get("OPENBLAS_NUM_THREADS") == "1"


def apart(work: Callable[[], Any]) -> Any:
    """What ``work`` returns, which must be JSON (tuples come back as lists); floats come back exactly.

    ``work`` may use what this process has loaded, but no thread, lock or connection of it. Raises EngineError when it
    fails or its process dies. Whatever interrupts the waiting ends the work at once.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        _do(work, writing)
    os.close(writing)
    try:
        answer = _read(reading)
    except BaseException:
        os.kill(child, signal.SIGKILL)
        raise
    finally:
        os.close(reading)
        os.waitpid(child, 0)
    if not answer:
        raise EngineError("The decoder ended without an answer.")
    told = json.loads(answer)
    if "error" in told:
        raise EngineError(told["error"])
    return told["result"]


def _read(reading: int) -> bytes:
    parts = []
    while part := os.read(reading, _CHUNK):
        parts.append(part)
    return b"".join(parts)


def _do(work: Callable[[], Any], writing: int) -> NoReturn:
    """In the copy: nothing of the process it was copied from may run on, neither its handlers nor its ends."""
    status = 1
    try:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGALRM):
            signal.signal(number, signal.SIG_DFL)
        try:
            told = {"result": work()}
        except _FAILURES as problem:
            told = {"error": str(problem)}
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(json.dumps(told).encode())
        status = 0
    finally:
        os._exit(status)
