"""Keeps what compiled libraries write to stderr by themselves away from the user and from programs that read it."""

from __future__ import annotations

import os
import sys


def mute_native_stderr() -> None:
    """Lead file descriptor 2 nowhere for the rest of this process; ``sys.stderr`` still reaches the real one.

    There is no way back on purpose: threads of those libraries write until the process ends. With
    ``PICTURETALK_DEBUG`` set in the environment nothing is muted.
    """
    if os.environ.get("PICTURETALK_DEBUG"):
        return
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    sys.stderr = os.fdopen(kept, "w", encoding="utf-8", errors="replace", buffering=1)
