"""An event loop that lasts, for code that has none: what runs in it keeps its connections from one call to the next.

``async_to_sync`` makes a loop for every call, and a channel layer, which belongs to its loop, then connects to Redis
anew for every message.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class MessageLoop:
    """One loop in a thread of its own, begun with the first call; a process that was forked begins its own.

    Not in charge of what runs in it. Several threads may call at a time.
    """

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._process = 0
        os.register_at_fork(after_in_child=self._forget)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What ``work`` returns. Raises what it raises, and ``TimeoutError`` after ``patience_s``.

        Whoever is interrupted while waiting leaves the work to end by itself.
        """
        future = asyncio.run_coroutine_threadsafe(work, self._running())
        try:
            return future.result(self._patience_s)
        except TimeoutError:
            future.cancel()
            raise

    def close(self) -> None:
        """End the loop and, with it, the connections of what ran in it. The next call begins another."""
        with self._lock:
            loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
        if loop is None or thread is None:
            return
        loop.call_soon_threadsafe(loop.stop)
        thread.join(self._patience_s)
        if not thread.is_alive():
            # A channel layer flushes its connections when its loop is closed.
            loop.close()

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                if self._process != os.getpid():
                    atexit.register(self.close)
                self._loop, self._process = asyncio.new_event_loop(), os.getpid()
                self._thread = threading.Thread(target=self._loop.run_forever, name="messages", daemon=True)
                self._thread.start()
            return self._loop

    def _forget(self) -> None:
        """The threads of a process do not live on in its copy."""
        self._lock, self._loop, self._thread = threading.Lock(), None, None
