"""What a run tells while it goes: event files for TensorBoard, and the same numbers as lines of JSON.

The lines are what pages and pictures read; TensorBoard's files are for those who have it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

LINES = "metrics.jsonl"
EVENTS = "tensorboard"


class RunLog:
    """Writes to ``metrics.jsonl`` and ``tensorboard/`` of a run's folder. ``from_step``: later lines of an earlier
    attempt are dropped, since those steps are taken again."""

    def __init__(self, folder: Path, from_step: int = 0) -> None:
        from tensorboardX import SummaryWriter

        kept = [row for row in read_log(folder) if row["step"] <= from_step]
        self._file = (folder / LINES).open("w", encoding="utf-8")
        for row in kept:
            self._file.write(json.dumps(row) + "\n")
        self._file.flush()
        self._events = SummaryWriter(str(folder / EVENTS), purge_step=from_step + 1)

    def add(self, step: int, part: str, values: Mapping[str, float]) -> None:
        """``part`` is ``train`` or ``validation``; ``step`` counts the steps taken."""
        self._file.write(json.dumps({"step": step, "part": part, **{k: round(v, 6) for k, v in values.items()}}) + "\n")
        self._file.flush()
        for name, value in values.items():
            self._events.add_scalar(f"{part}/{name}", value, step)
        self._events.flush()

    def close(self) -> None:
        self._file.close()
        self._events.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read_log(folder: Path) -> list[dict[str, Any]]:
    """The lines so far, in order; a last line that was cut short is left out."""
    path = folder / LINES
    rows: list[dict[str, Any]] = []
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                row = json.loads(line)
            except json.JSONDecodeError:
                continue
            if isinstance(row, dict) and isinstance(row.get("step"), int):
                rows.append(row)
    return rows
