"""Long work of a library, watched: progress is told and the wish to stop is heard several times a second.

The library reports only between batches, which may be many seconds apart. So it works in a thread of its own; whoever
waits for it is free to leave at once, and the work itself ends with its next report.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from gpu_worker.speech.alignment import Progress

T = TypeVar("T")
Report = Callable[[float], None]

_TICK = 0.2


class _Abandoned(Exception):  # noqa: N818 - nobody waits for the work any more
    """Ends the work in its thread; nobody sees it."""


class _Work(Generic[T]):
    """Work in a thread: what it has reported, and in the end what it gave or raised."""

    def __init__(self, work: Callable[[Report], T]) -> None:
        self._work = work
        self.done, self.stop = threading.Event(), threading.Event()
        self.fraction = 0.0
        self.results: list[T] = []
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self.results.append(self._work(self._report))
        except BaseException as error:  # noqa: BLE001 - raised again by whoever waits
            self.error = error
        finally:
            self.done.set()

    def _report(self, fraction: float) -> None:
        if self.stop.is_set():
            raise _Abandoned
        self.fraction = fraction


def watched(work: Callable[[Report], T], progress: Progress | None) -> T:
    """``work(report)`` done, with ``progress`` told what it reports (0 to 1). What either raises is raised here.

    Where ``progress`` raises, this returns at once; the work goes on in its thread until it reports again.
    """
    if progress is None:
        return work(lambda _: None)
    task = _Work(work)
    threading.Thread(target=task.run, name="whisperx", daemon=True).start()
    try:
        while not task.done.wait(_TICK):
            progress(task.fraction)
    finally:
        task.stop.set()
    if task.error is not None:
        raise task.error
    progress(1.0)
    return task.results[0]
