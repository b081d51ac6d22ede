"""How long each stage of a run takes in this process, for the site's figures.

A run tells which stage it is in; the time of a stage is known when the next one begins or the run ends here.
"""

from __future__ import annotations

import threading
import time

from animator.figures import STAGE_SECONDS
from animator.services import figure

_lock = threading.Lock()
#: token of a run -> (stage, moment of its beginning by the monotonic clock)
_under_way: dict[str, tuple[str, float]] = {}


def enter(token: str, stage: str) -> None:
    """The run named ``token`` is in ``stage`` now; the same stage again changes nothing."""
    _change(token, stage)


def leave(token: str) -> None:
    """The run has ended in this process, or goes on in another."""
    _change(token, "")


def _change(token: str, stage: str) -> None:
    now = time.monotonic()
    with _lock:
        before = _under_way.get(token)
        if before is not None and before[0] == stage:
            return
        if stage:
            _under_way[token] = (stage, now)
        else:
            _under_way.pop(token, None)
    if before is not None:
        figure.observe(STAGE_SECONDS, now - before[1], stage=before[0])
