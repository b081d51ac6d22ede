"""A process that does one piece of training work and tells of it: ``python -m gpu_worker.training.job_process``.

Training is apart from the worker that asked for it so that it can be stopped at any moment and its memory goes back to
the machine. The order is the first line of standard input, JSON; messages are lines of JSON on standard output:

    {"say": line}                    for the log
    {"step", "loss", ...}            where a run is, at most one a second
    {"metrics": [...]}               rows of metrics.jsonl as they come, and losses of single steps, thinned out
    {"batch": n, "batches": m}       of a data set
    {"result": {...}}                the end
    {"refused": {...}}               an InputError
    {"broke": sentence}              anything else

SIGTERM lets a run save a checkpoint after the step in work; everything else ends at once, since files appear whole or
not at all. So does the end of standard input: nobody waits for the outcome any more.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from gpu_worker.errors import EngineError, InputError

#: After the end of standard input a step may take so long to end by itself, seconds.
_LAST_STEP_S = 15.0
#: Another process that was told to leave the same folder gets so long, seconds.
_LEAVE_S = 60.0
LOCK = ".lock"


class Teller:
    """Sends messages to whoever gave the order, and knows whether the work is to end."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream, self._lock = stream, threading.Lock()
        self.stopping = False
        #: Set while a run takes steps: it ends by itself then.
        self.ends_itself = False

    def __call__(self, **message: Any) -> None:
        with self._lock:
            self._stream.write(json.dumps(message, ensure_ascii=False) + "\n")
            self._stream.flush()

    def say(self, line: str) -> None:
        self(say=line.rstrip("\n"))

    def stop(self) -> None:
        """Leave, after the step in work or now."""
        self.stopping = True
        if not self.ends_itself:
            end_group()


def main() -> int:
    """Carry out the order; 0 when a result or a refusal was told."""
    # Libraries print what they like to the console; the messages have a channel of their own.
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    teller = Teller(channel)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: teller.stop())
    order = json.loads(sys.stdin.readline())
    threading.Thread(target=_until_nobody_waits, args=(teller,), name="input", daemon=True).start()
    try:
        found = carry_out(order, teller)
    except InputError as error:
        teller(refused=error.as_dict())
    except EngineError as error:
        teller(broke=str(error), permanent=error.permanent)
        return 1
    except (ArithmeticError, LookupError, MemoryError, OSError, RuntimeError, TypeError, ValueError) as error:
        traceback.print_exc()
        teller(broke=f"{type(error).__name__}: {error}"[:300])
        return 1
    else:
        teller(result=found)
    return 0


def carry_out(order: dict[str, Any], teller: Teller) -> dict[str, Any]:
    """One order. Raises what the commands of ``gpu_worker.training`` raise."""
    from gpu_worker.training import job_orders

    folder = Path(order["folder"])
    with held(folder):
        carried: Callable[[dict[str, Any], Teller], dict[str, Any]] = job_orders.ORDERS[order["do"]]
        return carried(order, teller)


class held:  # noqa: N801 - read as a phrase
    """A folder that no other process works in. Raises :class:`EngineError` where one does not leave."""

    def __init__(self, folder: Path) -> None:
        self._path = folder.with_name(folder.name + LOCK)

    def __enter__(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("w")
        until = time.monotonic() + _LEAVE_S
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError as error:
                if time.monotonic() > until:
                    raise EngineError("Another process works in the same folder and does not leave it.") from error
                time.sleep(0.2)

    def __exit__(self, *_: object) -> None:
        self._file.close()


def end_group() -> None:
    """End this process and all that it started, now."""
    os.killpg(os.getpgid(0), signal.SIGKILL)


def _until_nobody_waits(teller: Teller) -> None:
    while sys.stdin.readline():
        pass
    teller.stop()
    time.sleep(_LAST_STEP_S)
    end_group()


if __name__ == "__main__":
    sys.exit(main())
