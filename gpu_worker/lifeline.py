"""Signs of life from a thread of their own while work runs, and the order to stop it.

Knows threads and clocks; how a sign is given, and whether the work is still wanted, is told by the caller.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from types import TracebackType

log = logging.getLogger(__name__)

#: Set by the worker when it is told to end: work in progress goes back to the queue.
DRAIN = threading.Event()


class Lifeline:
    """``beat`` says that the worker lives, ``wanted`` asks whether the work still counts; both answer False when not.

    After ``limit_s`` the signs end, so that work which hangs where no signal reaches it is taken for lost like that of
    a dead worker. Errors of the kinds in ``passing`` cost one turn. ``reset`` runs after such an error and at the end,
    in the thread itself (to close what belongs to it).
    """

    def __init__(
        self,
        beat: Callable[[], bool],
        wanted: Callable[[], bool],
        *,
        beat_every_s: float,
        ask_every_s: float,
        limit_s: float,
        passing: tuple[type[Exception], ...] = (),
        reset: Callable[[], None] = lambda: None,
    ) -> None:
        self._beat, self._wanted = beat, wanted
        self._beat_every_s, self._ask_every_s = beat_every_s, ask_every_s
        self._ends = time.monotonic() + limit_s
        self._passing, self._reset = passing, reset
        self._over = threading.Event()
        self._unwanted = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="lifeline", daemon=True)

    def __enter__(self) -> Lifeline:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    @property
    def unwanted(self) -> bool:
        """The work was cancelled or given to another worker."""
        return self._unwanted.is_set()

    def stop(self) -> bool:
        """Whether the work should end as soon as it can, for whatever reason."""
        return self._unwanted.is_set() or DRAIN.is_set()

    def _watch(self) -> None:
        next_beat = time.monotonic() + self._beat_every_s
        try:
            while not self._over.wait(self._ask_every_s) and time.monotonic() < self._ends:
                due = time.monotonic() >= next_beat
                try:
                    counts = self._beat() if due else self._wanted()
                except self._passing as error:
                    log.warning("No sign of life was given: %s", error)
                    self._reset()
                    continue
                if due:
                    next_beat = time.monotonic() + self._beat_every_s
                if not counts:
                    self._unwanted.set()
                    return
        finally:
            self._reset()
