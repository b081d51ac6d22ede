"""A progress bar for people: one line on a terminal, nothing anywhere else."""

from __future__ import annotations

from typing import TextIO

from gpu_worker.progress import Progress

_WIDTH = 28


class ProgressBar:
    """Call it with each :class:`Progress`; draws only when ``stream`` is a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._shown = stream.isatty()
        self._drawn = False

    def __call__(self, progress: Progress) -> None:
        if not self._shown:
            return
        full = round(_WIDTH * progress.percent / 100.0)
        left = "" if progress.eta_s is None or progress.percent >= 100 else f"  {progress.eta_s:.0f} s left"
        bar = "█" * full + "·" * (_WIDTH - full)
        self._stream.write(f"\r\x1b[K{progress.stage:<8}{bar} {progress.percent:3.0f} %{left}")
        self._stream.flush()
        self._drawn = True

    def close(self) -> None:
        """Leave the line."""
        if self._drawn:
            self._stream.write("\n")
            self._stream.flush()
