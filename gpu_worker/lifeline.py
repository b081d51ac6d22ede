"""Signs of life from a thread of their own while work runs, and the order to stop it.

Knows threads, clocks and signals; how a sign is given, and whether the work is still wanted, is told by the caller.
Work asks :meth:`Lifeline.stop` as it goes; what runs inside :func:`interruptible` and has not asked in time is
interrupted where it is, as RQ does when the time is up.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType

from gpu_worker.errors import Cancelled

log = logging.getLogger(__name__)

#: Set by the worker when it is told to end: work in progress goes back to the queue.
DRAIN = threading.Event()


class Lifeline:
    """``beat`` says that the worker lives, ``wanted`` asks whether the work still counts; both answer False when not.

    After ``limit_s`` the signs end, so that work which hangs where no signal reaches it is taken for lost like that of
    a dead worker. Where work that should end has not done so after ``insist_after_s``, ``insist`` is called, and again
    after twice that time, and so on. Errors of the kinds in ``passing`` cost one turn. ``reset`` runs after such an
    error and at the end, in the thread itself (to close what belongs to it).
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
        insist: Callable[[], None] = lambda: None,
        insist_after_s: float = 1.0,
    ) -> None:
        self._beat, self._wanted = beat, wanted
        self._beat_every_s, self._ask_every_s = beat_every_s, ask_every_s
        self._ends = time.monotonic() + limit_s
        self._passing, self._reset = passing, reset
        self._insist, self._insist_after_s = insist, insist_after_s
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
                if DRAIN.is_set():
                    self._press()
                    return
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
                    self._press()
                    return
        finally:
            self._reset()

    def _press(self) -> None:
        patience = self._insist_after_s
        while not self._over.wait(patience):
            self._insist()
            patience *= 2


@contextlib.contextmanager
def interruptible() -> Iterator[Callable[[], None]]:
    """Work that can be interrupted from another thread: calling what is yielded raises Cancelled inside the block.

    It arrives between two steps of the interpreter, also where that waits for a lock, a thread or a program; a call
    into a library that computes is not cut short. Outside the main thread nothing can be interrupted.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return
    inside = True

    def arrive(*_: object) -> None:
        if inside:
            raise Cancelled

    def interrupt() -> None:
        if inside:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)

    # It stays when the block is left: one that is sent at the last moment then meets nobody.
    signal.signal(signal.SIGUSR1, arrive)
    try:
        yield interrupt
    finally:
        inside = False
