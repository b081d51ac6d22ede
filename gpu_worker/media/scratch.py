"""Long sound outside the process's own memory: arrays that lie in an unlinked file and are worked through in blocks.

An hour at 48 kHz is 690 MB as float32, and every step that copies it whole doubles that. What is longer than
:data:`IN_MEMORY` is therefore written to a file as it is made and mapped read-only; :func:`blocks` hands it out piece
by piece and gives the pages back after each, so that what a step holds does not depend on the sound's length. The file
has no name any more when it is first written, so nothing is left behind whatever happens; it goes with the last array.
"""

from __future__ import annotations

import contextlib
import mmap
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import numpy as np

from gpu_worker.schema import FloatArray

#: Samples of all channels up to which an array stays in memory: 87 s at 48 kHz.
IN_MEMORY = 1 << 22
#: Samples that are worked on at a time: 4 MB.
BLOCK = 1 << 20

_folder: ContextVar[Path | None] = ContextVar("scratch_folder", default=None)


@contextlib.contextmanager
def within(folder: Path) -> Iterator[None]:
    """Long arrays that are made inside the block lie in ``folder``; elsewhere they lie in the system's own for
    temporary files."""
    token = _folder.set(folder)
    try:
        yield
    finally:
        _folder.reset(token)


def collect(parts: Iterable[FloatArray]) -> FloatArray:
    """The parts ``(n, ...)`` one after the other as one float32 array; a long one cannot be written to."""
    held: list[FloatArray] = []
    count, rows = 0, 0
    file: Any = None
    shape: tuple[int, ...] = ()
    for part in parts:
        part = np.ascontiguousarray(part, np.float32)
        shape = part.shape[1:]
        rows += len(part)
        count += part.size
        if file is None and count > IN_MEMORY:
            file = tempfile.TemporaryFile(dir=_folder.get())  # noqa: SIM115 - lives as long as its mapping
            for earlier in held:
                file.write(earlier.data)
            held = []
        if file is None:
            held.append(part)
        elif part.size:
            file.write(part.data)
    if file is None:
        return np.concatenate(held) if held else np.zeros((0, *shape), np.float32)
    with file:
        file.flush()
        memory = mmap.mmap(file.fileno(), 4 * count, access=mmap.ACCESS_READ)
    return np.frombuffer(memory, np.float32).reshape(rows, *shape)


def zeros(count: int) -> FloatArray:
    """``count`` zeros to write into; many of them lie in a file of which only what was written takes space."""
    if count <= IN_MEMORY:
        return np.zeros(count, np.float32)
    with tempfile.TemporaryFile(dir=_folder.get()) as file:
        file.truncate(4 * count)
        memory = mmap.mmap(file.fileno(), 4 * count)
    return np.frombuffer(memory, np.float32)


def blocks(samples: FloatArray, size: int | None = None) -> Iterator[tuple[int, FloatArray]]:
    """(index of its first row, block) of at most ``size`` (:data:`BLOCK`) rows each, in order; none of an empty array.

    A block of a long array must not be kept: its pages are given back when the next one is asked for.
    """
    size = size or BLOCK
    for first in range(0, len(samples), size):
        yield first, samples[first : first + size]
        release(samples)


def mapped(samples: FloatArray, change: Callable[[FloatArray], FloatArray]) -> FloatArray:
    """``change`` of every block of ``samples``, put together again."""
    return collect(change(block) for _, block in blocks(samples))


def peak_of(samples: FloatArray) -> float:
    """The largest absolute value; 0 of an empty array."""
    return max((float(np.abs(block).max(initial=0.0)) for _, block in blocks(samples)), default=0.0)


def release(samples: FloatArray) -> None:
    """Give back the memory that a long array takes at the moment; its values are read from the file when next asked
    for. Nothing happens to an array that lies in memory."""
    owner: Any = samples
    while isinstance(owner, np.ndarray):
        owner = owner.base
    if isinstance(owner, memoryview):
        owner = owner.obj
    if isinstance(owner, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        owner.madvise(mmap.MADV_DONTNEED)
