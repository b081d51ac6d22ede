"""Keeps one process of the site alive: ``python -m picturetalk_site.keep NAME COMMAND...``.

The process runner starts each line of the Procfile through this. When the command dies it is started again, with a
pause that grows; when it keeps dying at once, this gives up with a sentence and the runner ends the site. It ends its
command when it is told to stop, and also when the runner itself vanished (``RUNNER_PID``), so that nothing is left
behind even after a ``kill -9``. Not in charge of what the command does.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial
from types import FrameType

#: A command that lived this long was healthy: the count of failures starts anew. Seconds.
HEALTHY_SECONDS = 30.0
#: Failures in a row after which it is no use.
MOST_FAILURES = 5
#: First pause before a new start, seconds; it doubles with every failure.
FIRST_PAUSE = 0.5
#: Time that the command has to stop by itself, seconds; less than the runner's own patience.
STOP_SECONDS = 4.0
#: From <linux/prctl.h>: the signal that a process gets when its parent dies.
PR_SET_PDEATHSIG = 1


class Keeper:
    """Starts, watches, restarts and stops one command."""

    def __init__(self, name: str, command: Sequence[str], runner: int | None) -> None:
        self.name = name
        self.command = list(command)
        self.stopping = False
        self._runner = _watch(runner)

    def run(self) -> int:
        """Until told to stop: 0; the command's own code when it failed too often."""
        signal.signal(signal.SIGTERM, self._asked_to_stop)
        signal.signal(signal.SIGINT, self._asked_to_stop)
        failures = 0
        while not self.stopping:
            started = time.monotonic()
            code = self._run_once()
            if self._told():
                break
            failures = 1 if time.monotonic() - started > HEALTHY_SECONDS else failures + 1
            if failures >= MOST_FAILURES:
                say(f"{self.name} ended {failures} times in a row ({describe(code)}); giving up")
                return code if code > 0 else 1
            say(f"{self.name} ended by itself ({describe(code)}); starting it again")
            self._pause(FIRST_PAUSE * 2 ** (failures - 1))
        return 0

    def _run_once(self) -> int:
        try:
            # A process group of its own: the runner's signal to ours must not reach it besides the one we send, for a
            # worker takes a second signal as "at once"; and what it leaves behind can be ended as a whole.
            child = subprocess.Popen(self.command, preexec_fn=partial(_die_with, os.getpid()), process_group=0)
        except OSError as error:
            say(f"{self.name}: cannot start {self.command[0]} ({error.strerror})")
            return 127
        try:
            while child.poll() is None:
                if self._pause(0.2) or self.stopping:
                    _stop(child)
        finally:
            _end_group(child.pid)
        return child.returncode

    def _told(self) -> bool:
        """Whether the end was asked for, meanwhile perhaps."""
        return self.stopping

    def _pause(self, seconds: float) -> bool:
        """Waits; True, at once, when the runner is gone."""
        if self._runner is None:
            time.sleep(seconds)
            return False
        gone = bool(select.select([self._runner], [], [], seconds)[0])
        self.stopping = self.stopping or gone
        return gone

    def _asked_to_stop(self, number: int, frame: FrameType | None) -> None:
        # The loop that watches the child sees it within its next pause.
        self.stopping = True


def _watch(runner: int | None) -> int | None:
    """A descriptor that becomes readable when process ``runner`` ends."""
    if runner is None:
        return None
    try:
        return os.pidfd_open(runner)
    except OSError:
        sys.exit(f"the process that started this one ({runner}) is gone")


def _stop(child: subprocess.Popen[bytes]) -> None:
    """One SIGTERM, patience, then force."""
    child.terminate()
    try:
        child.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _end_group(leader: int) -> None:
    """Ends what a command that is gone left behind in its process group."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        pass


def _die_with(parent: int) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before this was asked for: no signal will come
        os._exit(1)


def describe(code: int) -> str:
    """An exit code in words."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def main(arguments: Sequence[str]) -> int:
    if len(arguments) < 2:
        say("usage: python -m picturetalk_site.keep NAME COMMAND...")
        return 2
    runner = os.environ.get("RUNNER_PID")
    return Keeper(arguments[0], arguments[1:], int(runner) if runner else None).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
