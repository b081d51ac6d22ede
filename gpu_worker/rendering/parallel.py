"""Work on all cores with the results in order and a bounded number of them in flight."""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from gpu_worker.cores import usable_cores
from gpu_worker.rendering.arrays import U8

Result = TypeVar("Result")


def in_order(work: Callable[[int], Result], count: int, threads: int, ahead: int | None = None) -> Iterator[Result]:
    """Yield ``work(0) ... work(count - 1)`` in order, computed on ``threads`` threads (0 = one for each core).

    At most ``ahead`` results (by default two for each thread) exist that were not yet yielded. An exception of ``work``
    is raised in its turn, and closing the iterator cancels what has not begun.
    """
    threads = threads if threads > 0 else usable_cores()
    if threads == 1:
        for i in range(count):
            yield work(i)
        return
    pool = ThreadPoolExecutor(threads, thread_name_prefix="frame")
    waiting: deque[Future[Result]] = deque()
    most = 2 * threads if ahead is None else ahead
    try:
        for i in range(count):
            waiting.append(pool.submit(work, i))
            if len(waiting) >= most:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


class FramePool:
    """Frames that nobody holds any more are used again: fresh memory costs more than the drawing in it.

    Every frame of the pool equals the photo outside the moving region, so only the region has to be drawn.
    """

    def __init__(self, photo: U8, size: int) -> None:
        self._photo = photo
        self._frames: list[U8] = []
        self._size = size
        self._lock = threading.Lock()
        # references to an element while it is looked at, taken from a frame that only a list holds
        probe = [np.empty(1)]
        self._idle = next(sys.getrefcount(frame) for frame in probe)

    def take(self) -> U8:
        """A frame to draw into; it belongs to the caller until nobody refers to it (or to a view of it)."""
        with self._lock:
            for frame in self._frames:
                if sys.getrefcount(frame) <= self._idle:
                    return frame
            fresh = self._photo.copy()
            if len(self._frames) < self._size:
                self._frames.append(fresh)
            return fresh
