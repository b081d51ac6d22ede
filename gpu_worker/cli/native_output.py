"""Keeps what compiled libraries write to stderr by themselves away from the user and from programs that read it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO


@contextmanager
def own_stderr() -> Iterator[TextIO]:
    """Inside, file descriptor 2 leads nowhere; the yielded stream, and ``sys.stderr``, still reach the real one.

    Set ``PICTURETALK_DEBUG`` in the environment to see everything.
    """
    if os.environ.get("PICTURETALK_DEBUG"):
        yield sys.stderr
        return
    sys.stderr.flush()
    before = sys.stderr
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    stream = os.fdopen(kept, "w", encoding="utf-8", errors="replace", closefd=False)
    sys.stderr = stream
    try:
        yield stream
    finally:
        stream.flush()
        sys.stderr = before
        os.dup2(kept, 2)
        os.close(kept)
