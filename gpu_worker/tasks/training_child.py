"""A process of its own for one piece of training work, as the worker that started it sees it."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from gpu_worker.errors import EngineError, InputError

ROOT = Path(__file__).resolve().parents[2]
#: A process that was told to end, and has not, is killed after so long, seconds.
PATIENCE_S = 8.0
#: So often is looked whether the work is still wanted, seconds.
_LOOK_EVERY_S = 0.2

Heard = Callable[[dict[str, Any]], None]


class TookTooLong(InputError):  # noqa: N818 - the operator's limit, no failure of ours
    """The time that the operator allows is over."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            "training_took_too_long",
            f"It took longer than {seconds / 3600:.3g} hours and was stopped.",
            "Resume it, or let TRAINING_TIMEOUT be longer.",
        )


def carry_out(
    order: dict[str, Any], heard: Heard, should_stop: Callable[[], bool], limit_s: float
) -> dict[str, Any] | None:
    """Have a process carry out ``order`` (:mod:`gpu_worker.training.job_process`); its result, or None when it was
    told to stop.

    ``heard`` gets every message in between. Raises the :class:`InputError` that the process told of,
    :class:`TookTooLong`, or :class:`EngineError` where it broke. What ``heard`` raises ends the
    process and passes through.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "gpu_worker.training.job_process"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8", start_new_session=True,
    )  # fmt: skip
    try:
        return _converse(process, order, heard, should_stop, time.monotonic() + limit_s, limit_s)
    finally:
        _end(process)


def _converse(
    process: subprocess.Popen[str],
    order: dict[str, Any],
    heard: Heard,
    should_stop: Callable[[], bool],
    until: float,
    limit_s: float,
) -> dict[str, Any] | None:
    lines: queue.Queue[str | None] = queue.Queue()
    stdin, stdout = _pipes(process)
    threading.Thread(target=_read, args=(stdout, lines), name="training", daemon=True).start()
    stdin.write(json.dumps(order) + "\n")
    stdin.flush()
    told_to_stop: float | None = None
    late = False
    while True:
        try:
            line = lines.get(timeout=_LOOK_EVERY_S)
        except queue.Empty:
            line = ""
        if line is None:
            break
        if line:
            message = json.loads(line)
            if "result" in message:
                result: dict[str, Any] = message["result"]
                return None if result.get("left") else result
            _raise_told(message)
            heard(message)
        late = late or time.monotonic() > until
        if told_to_stop is None and (late or should_stop()):
            told_to_stop = time.monotonic()
            process.terminate()
        if told_to_stop is not None and time.monotonic() - told_to_stop > PATIENCE_S:
            _kill(process)
    if late:
        raise TookTooLong(limit_s)
    if told_to_stop is not None:
        return None
    code = process.wait()
    by = f"signal {-code}" if code < 0 else f"code {code}"
    raise EngineError(f"The process ended with {by}{'; perhaps memory ran out' if code == -signal.SIGKILL else ''}.")


def _raise_told(message: dict[str, Any]) -> None:
    if "refused" in message:
        told = message["refused"]
        raise InputError(told["error"], told["message"], told["hint"])
    if "broke" in message:
        raise EngineError(message["broke"], permanent=message.get("permanent", False))


def _read(stream: IO[str], lines: queue.Queue[str | None]) -> None:
    for line in stream:
        lines.put(line)
    lines.put(None)


def _pipes(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    if process.stdin is None or process.stdout is None:
        raise EngineError("The process has no pipes.")
    return process.stdin, process.stdout


def _kill(process: subprocess.Popen[str]) -> None:
    """With all that it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _end(process: subprocess.Popen[str]) -> None:
    """Whatever happened, nothing of it stays."""
    if process.poll() is None:
        try:
            process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            _kill(process)
    _kill(process)
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
