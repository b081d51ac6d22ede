"""Batches of work that make parts of a data set: here, on every core, or on the workers of a queue.

A batch is a value that can be sent anywhere and knows how to make its part. Its shards and its record appear when all
of it is done, so whatever was interrupted is simply made again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Protocol, TextIO

from gpu_worker.cores import cpu_seconds, usable_cores
from gpu_worker.training.data.index import PARTS, Part, write_part
from gpu_worker.training.data.shards import SHARDS


class Batch(Protocol):
    """Something that makes a part of the data set in a folder."""

    @property
    def stem(self) -> str: ...

    def make(self, folder: Path) -> Part: ...


@dataclass(frozen=True)
class Throughput:
    """What a build did. ``seconds`` is the length of what went in; ``busy_s`` is the time that
    all batches took, one after the other."""

    batches: int
    skipped: int
    seconds: float
    clips: int
    wall_s: float
    busy_s: float

    @property
    def times_real_time(self) -> float:
        return self.seconds / self.wall_s if self.wall_s > 0 else 0.0

    @property
    def times_real_time_per_core(self) -> float:
        return self.seconds / self.busy_s if self.busy_s > 0 else 0.0


def finished(folder: Path, batch: Batch) -> bool:
    """Whether this batch was made before."""
    return (folder / PARTS / f"{batch.stem}.json").is_file()


def make_batch(folder: Path, batch: Batch) -> Part:
    """Make one batch and record it: what a process or a worker of a queue does."""
    began = cpu_seconds()
    for begun in (folder / SHARDS).glob(f".*-{batch.stem}.tar.*.part"):
        begun.unlink(missing_ok=True)  # by somebody who was killed
    part = batch.make(folder)
    part = replace(part, measured=part.measured | {"cpu_s": cpu_seconds() - began})
    write_part(folder, part)
    return part


def run_batches(folder: Path, batches: Sequence[Batch], processes: int = 0, stream: TextIO | None = None) -> Throughput:
    """Make those that are not there yet, on ``processes`` processes (0: one for each core; 1: in this one).

    Progress goes to ``stream``, a line for each batch.
    """
    todo = [batch for batch in batches if not finished(folder, batch)]
    began = time.perf_counter()
    tally = _Tally(len(todo), len(batches) - len(todo), began, stream)
    processes = min(processes or usable_cores(), max(len(todo), 1))
    if processes == 1:
        for batch in todo:
            tally.add(make_batch(folder, batch))
    else:
        _in_processes(folder, todo, processes, tally.add)
    return tally.throughput()


def _in_processes(folder: Path, todo: Sequence[Batch], processes: int, done: Callable[[Part], None]) -> None:
    """Started anew rather than forked: models and pipes do not survive a fork."""
    waiting: set[Future[Part]] = set()
    queue = list(todo)
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        try:
            while queue or waiting:
                while queue and len(waiting) < 2 * processes:
                    waiting.add(pool.submit(make_batch, folder, queue.pop(0)))
                finished_ones, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in finished_ones:
                    done(future.result())
        except BaseException:
            for future in waiting:
                future.cancel()
            raise


class _Tally:
    def __init__(self, total: int, skipped: int, began: float, stream: TextIO | None) -> None:
        self._total, self._skipped, self._began, self._stream = total, skipped, began, stream
        self._parts = self._clips = 0
        self._seconds = self._busy = 0.0

    def add(self, part: Part) -> None:
        self._parts += 1
        self._clips += len(part.clips)
        self._seconds += part.measured.get("seconds", 0.0)
        self._busy += part.measured.get("wall_s", 0.0)
        if self._stream is not None:
            now = self.throughput()
            self._stream.write(
                f"{self._parts}/{self._total} batches, {self._clips} clips of {self._seconds / 3600:.2f} h of input, "
                f"{now.times_real_time:.1f} times real time ({now.times_real_time_per_core:.1f} for each core)\n"
            )
            self._stream.flush()

    def throughput(self) -> Throughput:
        wall = time.perf_counter() - self._began
        return Throughput(self._parts, self._skipped, self._seconds, self._clips, wall, self._busy)
