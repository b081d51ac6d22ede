"""Whether a photo shows somebody undressed: the classifier in its own process, and what its answers mean.

The detector (a YOLOv8 network of 320 pixels) names parts of the body, covered or exposed, with a score. Only exposed
parts that count as intimate speak against a photo; a man's or a baby's bare chest does not.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from gpu_worker.schema import Image
from gpu_worker.screening.classifier_file import classifier_file

log = logging.getLogger(__name__)

_ROOT = Path(__file__).resolve().parents[2]
#: Longest wait for one answer, the start of the process included, seconds.
ANSWER_SECONDS = 30.0
#: Parts of the body that speak against a photo.
INTIMATE = frozenset(
    {
        "FEMALE_BREAST_EXPOSED",
        "FEMALE_GENITALIA_EXPOSED",
        "MALE_GENITALIA_EXPOSED",
        "BUTTOCKS_EXPOSED",
        "ANUS_EXPOSED",
    }
)
#: Answers below this score are noise.
LEAST_SCORE = 0.2


@dataclass(frozen=True)
class Part:
    """A part of the body that was found, with the detector's score in [0, 1]."""

    name: str
    score: float


@dataclass(frozen=True)
class NudityReport:
    """``parts`` are the best of each name, the surest first. ``checked`` is False where the check could not be made."""

    checked: bool
    parts: tuple[Part, ...] = ()
    why: str = ""


def intimate_parts(parts: Iterable[Part], threshold: float) -> tuple[Part, ...]:
    """The parts that speak against a photo, the surest first."""
    return tuple(part for part in parts if part.name in INTIMATE and part.score >= threshold)


def best_parts(output: NDArray[np.float32], names: Sequence[str]) -> tuple[Part, ...]:
    """What the network's output (4 numbers of a box, then a score for each name; one column a candidate) names.

    Boxes do not matter here, so overlapping candidates need not be told apart: the best score of each name counts,
    among the candidates whose first choice it is.
    """
    scores = output[4 : 4 + len(names)]
    if scores.size == 0:
        return ()
    first = scores.argmax(axis=0)
    found = []
    for index, name in enumerate(names):
        mine = scores[index][first == index]
        if mine.size and float(mine.max()) >= LEAST_SCORE:
            found.append(Part(name, round(float(mine.max()), 3)))
    return tuple(sorted(found, key=lambda part: -part.score))


def squared(pixels: Image, side: int) -> Image:
    """The picture reduced to fit a square of ``side`` pixels, at its upper left, black beside and below it."""
    height, width = pixels.shape[:2]
    factor = side / max(height, width)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR)
    canvas = np.zeros((side, side, 3), np.uint8)
    canvas[: size[1], : size[0]] = small
    return canvas


class NudityProcess:
    """Starts the process at the first picture and again after it was lost. Safe to share between threads."""

    def __init__(self, model: Path) -> None:
        self._model = model
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._names: tuple[str, ...] = ()
        self._side = 0

    def look(self, pixels: Image) -> NudityReport:
        """What is seen in (height, width, 3) uint8 RGB; ``checked`` is False when the process does not answer."""
        with self._lock:
            watchdog: threading.Timer | None = None
            try:
                child = self._running()
                watchdog = threading.Timer(ANSWER_SECONDS, child.kill)
                watchdog.start()
                self._greeted(child)
                return NudityReport(True, best_parts(self._answer(child, pixels), self._names))
            except (OSError, ValueError, KeyError, TypeError) as problem:
                log.error("The nudity classifier does not work: %s", problem)
                self._end()
                return NudityReport(False, why="the classifier does not work")
            except BaseException:
                self._end()  # an answer left half read would be taken for the next one's
                raise
            finally:
                if watchdog is not None:
                    watchdog.cancel()

    def warm(self) -> None:
        """Start it now, so that nobody waits for it."""
        self.look(np.zeros((8, 8, 3), np.uint8))

    def close(self) -> None:
        with self._lock:
            self._end()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is not None and self._child.poll() is None:
            return self._child
        self._end()
        environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
        self._child = subprocess.Popen(
            [sys.executable, "-m", "gpu_worker.screening.nudity_process", str(self._model)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment,
        )  # fmt: skip
        return self._child

    def _greeted(self, child: subprocess.Popen[bytes]) -> None:
        if not self._names:
            greeting = json.loads(_line(child))
            self._names, self._side = tuple(map(str, greeting["names"])), int(greeting["side"])

    def _answer(self, child: subprocess.Popen[bytes], pixels: Image) -> NDArray[np.float32]:
        if child.stdin is None or child.stdout is None:
            raise OSError("no pipes")
        child.stdin.write(squared(pixels, self._side).tobytes())
        child.stdin.flush()
        rows, columns = json.loads(_line(child))["shape"]
        data = child.stdout.read(4 * rows * columns)
        if len(data) != 4 * rows * columns:
            raise OSError("the process ended in the middle of its answer")
        return np.frombuffer(data, "<f4").reshape(rows, columns)

    def _end(self) -> None:
        child, self._child, self._names = self._child, None, ()
        if child is None:
            return
        with contextlib.suppress(OSError):
            child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


def _line(child: subprocess.Popen[bytes]) -> bytes:
    if child.stdout is None:
        raise OSError("no pipes")
    line = child.stdout.readline()
    if not line.endswith(b"\n"):
        raise OSError("the process ended")
    return line


@lru_cache(maxsize=1)
def _process(model: Path, owner: int) -> NudityProcess:
    process = NudityProcess(model)
    atexit.register(process.close)
    return process


def look_for_nudity(pixels: Image) -> NudityReport:
    """Ask the classifier, where it is installed."""
    model = classifier_file()
    if model is None:
        return NudityReport(False, why="no classifier is installed")
    return _process(model, os.getpid()).look(pixels)


def warm_up() -> None:
    """Start the classifier's process, where one is installed."""
    model = classifier_file()
    if model is not None:
        _process(model, os.getpid()).warm()
