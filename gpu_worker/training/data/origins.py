"""What a data set was made of, in a form by which it can be made again."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from gpu_worker.training.data.index import read_parts
from gpu_worker.training.data.synthetic import BATCH, MEAN_SECONDS

_SYNTHETIC = re.compile(r"synthetic-(\d+)-\d{6}")


def origins(folder: Path) -> dict[str, Any]:
    """``synthetic``: the hours that ``dataset synthesise`` was told, by seed; ``recordings``: for each recording that
    clips came of its name, and ``checksums``: the SHA-256 of every file that was read."""
    batches: dict[str, int] = {}
    names: set[str] = set()
    checksums: set[str] = set()
    for part in read_parts(folder):
        made = _SYNTHETIC.fullmatch(part.stem)
        if made:
            batches[made[1]] = batches.get(made[1], 0) + 1
        names |= {str(row["input"]) for row in part.clips if "input" in row}
        checksums |= set(part.checksums)
    # A hundredth less than the batches hold, so that rounding never asks for one more.
    hours = {seed: round(count * BATCH * MEAN_SECONDS / 3600 - 0.01, 2) for seed, count in batches.items()}
    return {"synthetic": hours, "recordings": sorted(names), "checksums": sorted(checksums)}
