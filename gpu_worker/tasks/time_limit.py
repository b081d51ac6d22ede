"""The time that one stage may take, within the time of the whole message that RQ watches over."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Iterator

from rq.timeouts import JobTimeoutException


@contextlib.contextmanager
def time_limit(seconds: int, what: str) -> Iterator[None]:
    """Raises ``JobTimeoutException`` inside the block after ``seconds``. An alarm that was set before goes on after it.

    Outside the main thread there is no limit.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def over(*_: object) -> None:
        raise JobTimeoutException(f"{what} took longer than {seconds} seconds")

    before, began = signal.signal(signal.SIGALRM, over), time.monotonic()
    left = signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
        if left:
            signal.alarm(max(1, left - int(time.monotonic() - began)))
