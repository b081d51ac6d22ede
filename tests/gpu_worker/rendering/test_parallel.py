from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from gpu_worker.rendering.parallel import FramePool, in_order


@pytest.mark.parametrize("threads", [1, 3])
def test_results_come_in_order_whatever_they_take(threads: int) -> None:
    def work(i: int) -> int:
        time.sleep(0.004 * ((7 * i) % 3))
        return i * i

    assert list(in_order(work, 20, threads)) == [i * i for i in range(20)]


def test_only_a_few_results_wait() -> None:
    begun: list[int] = []
    lock = threading.Lock()

    def work(i: int) -> int:
        with lock:
            begun.append(i)
        return i

    results = in_order(work, 1000, 2)
    assert next(results) == 0
    time.sleep(0.05)
    assert len(begun) <= 5
    results.close()  # type: ignore[attr-defined]
    time.sleep(0.05)
    assert len(begun) <= 6


def test_an_error_is_raised_in_its_turn() -> None:
    def work(i: int) -> int:
        if i == 3:
            raise RuntimeError("third")
        return i

    results = in_order(work, 10, 2)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(RuntimeError, match="third"):
        next(results)


def test_a_frame_is_used_again_only_when_nobody_holds_it() -> None:
    pool = FramePool(np.zeros((4, 5, 3), np.uint8), 2)
    first = pool.take()
    second = pool.take()
    assert first is not second
    view = first[1:, :, 0]
    address = first.ctypes.data
    del first
    assert pool.take().ctypes.data != address, "a view still needs the frame"
    del view
    assert pool.take().ctypes.data == address
