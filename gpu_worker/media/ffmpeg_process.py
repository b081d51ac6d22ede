"""One ffmpeg as a child process: bounded in time and memory, its complaints drained, killed and reaped when done.

ffmpeg's terms (GPL) ask that it stays a program of its own; nothing of it is loaded into this process. Whatever is
decoded comes through a pipe. Arguments are lists, never a shell's string.
"""

from __future__ import annotations

import fcntl
import os
import select
import subprocess
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from gpu_worker.errors import EngineError

#: Lines of ffmpeg's complaints that are kept, and the longest part of one.
_STDERR_LINES, _STDERR_LINE_BYTES = 20, 2000
_BLOCK = 1 << 16
#: A pipe of this size, bytes, takes a whole frame: a twelfth of the wake-ups.
_PIPE_BYTES = 1 << 20


class FfmpegTimeoutError(Exception):
    """ffmpeg was silent for too long, or took longer than it may; it has been killed."""


def ffmpeg_executable() -> str:
    """Path of the ffmpeg binary that comes with imageio-ffmpeg; raises EngineError when there is none."""
    import imageio_ffmpeg

    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise EngineError("no ffmpeg binary was found", permanent=True) from error


def untrusted_input(path: Path, demuxer: str, codecs: Sequence[str] = ()) -> list[str]:
    """The arguments, up to and with ``-i``, that open a file from strangers.

    ``demuxer`` is ffmpeg's name of the one container format the file may have (all names of a family, such as
    ``matroska,webm``); a playlist never reaches the demuxer that would follow it. ``codecs``, where given, are the only
    decoders that may run, on one thread.
    """
    arguments = ["-threads", "1", "-f", demuxer.split(",")[0], "-format_whitelist", demuxer]
    arguments += ["-protocol_whitelist", "file,pipe", "-probesize", "5M", "-analyzeduration", "10M"]
    if codecs:
        arguments += ["-codec_whitelist", ",".join(codecs)]
    return [*arguments, "-i", f"file:{path.resolve()}"]


class StderrTail(threading.Thread):
    """Reads a process's stderr to its end, so that it never blocks on a full pipe, and keeps the last lines."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        super().__init__(name="ffmpeg-stderr", daemon=True)
        self._stream = process.stderr
        self._lines: deque[str] = deque(maxlen=_STDERR_LINES)

    def run(self) -> None:
        if self._stream is not None:
            while line := self._stream.readline(_STDERR_LINE_BYTES):
                self._lines.append(line.decode("utf-8", "replace").rstrip())

    def text(self) -> str:
        self.join(timeout=5.0)
        return "\n".join(self._lines)


class FfmpegOutput:
    """Context manager: runs ffmpeg with ``arguments`` and reads its standard output.

    ``stall_s`` is the longest silence, ``limit_s`` the longest time in all (None: as long as it goes on answering and
    whoever reads takes). With ``with_log`` what it says on stderr is the output. ``pass_fds`` are open files that
    ``arguments`` name as ``pipe:NUMBER``. Leaving the block ends the process,
    whatever state it is in.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        stall_s: float,
        limit_s: float | None = None,
        with_log: bool = False,
        pass_fds: Sequence[int] = (),
    ) -> None:
        self._command = [ffmpeg_executable(), "-hide_banner", "-nostdin", *arguments]
        self._stall_s, self._limit_s, self._with_log = stall_s, limit_s, with_log
        self._pass_fds = tuple(pass_fds)

    def __enter__(self) -> FfmpegOutput:
        self._deadline = None if self._limit_s is None else time.monotonic() + self._limit_s
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if self._with_log else subprocess.PIPE,
            bufsize=0,
            pass_fds=self._pass_fds,
        )
        stdout = self._process.stdout
        assert stdout is not None  # noqa: S101 - asked for with PIPE
        self._stdout = stdout
        widen_pipe(stdout.fileno())
        self._poll = select.poll()
        self._poll.register(stdout, select.POLLIN)
        self._stderr = StderrTail(self._process)
        self._stderr.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._stdout.close()
        self._process.wait()
        self._stderr.join(timeout=5.0)
        if self._process.stderr is not None:
            self._process.stderr.close()

    def read_into(self, buffer: memoryview) -> int:
        """Fill ``buffer`` (bytes, contiguous); how many bytes there were, less than its length only at the end.

        Raises FfmpegTimeoutError.
        """
        got = 0
        while got < len(buffer):
            self._await_output()
            count = os.readv(self._stdout.fileno(), [buffer[got:]])
            if not count:
                break
            got += count
        return got

    def read_up_to(self, most: int) -> bytes:
        """Everything until the end, but no more than ``most`` bytes. Raises FfmpegTimeoutError."""
        blocks, left = [], most
        while left > 0:
            block = bytearray(min(_BLOCK, left))
            count = self.read_into(memoryview(block))
            blocks.append(bytes(block[:count]))
            left -= count
            if count < len(block):
                break
        return b"".join(blocks)

    def finish(self) -> int:
        """Wait for the end of a process whose output was read to the end; its status. Raises FfmpegTimeoutError."""
        try:
            return self._process.wait(timeout=self._patience())
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise FfmpegTimeoutError("ffmpeg did not end") from None

    def complaints(self) -> str:
        """The last lines it wrote to stderr, once it has ended."""
        return self._stderr.text()

    def _patience(self) -> float:
        if self._deadline is None:
            return self._stall_s
        return max(0.0, min(self._stall_s, self._deadline - time.monotonic()))

    def _await_output(self) -> None:
        if not self._poll.poll(self._patience() * 1000.0):
            self._process.kill()
            raise FfmpegTimeoutError("ffmpeg gave nothing in time")


def widen_pipe(pipe: int) -> None:
    """Give a pipe room for a whole frame where the system allows it."""
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        try:
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        except OSError:  # more than this user may have: the pipe stays as it is
            pass
