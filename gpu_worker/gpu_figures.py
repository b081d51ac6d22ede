"""How much memory the GPUs of this machine have and use, as the driver's own program says; none where it is missing."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import asdict, dataclass

QUERY = ("--query-gpu=index,name,memory.used,memory.total", "--format=csv,noheader,nounits")
#: Patience with the program, seconds.
TIMEOUT = 10.0
MIB = 1024 * 1024


@dataclass(frozen=True)
class GpuMemory:
    """One GPU; ``used`` and ``total`` in bytes, ``used`` by all processes of the machine."""

    index: int
    name: str
    used: int
    total: int

    def as_dict(self) -> dict[str, int | str]:
        return asdict(self)


def gpu_memory() -> list[GpuMemory]:
    """Every GPU that ``nvidia-smi`` knows; an empty list where there is none, or it does not answer."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    try:
        done = subprocess.run(
            [program, *QUERY], capture_output=True, text=True, timeout=TIMEOUT, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return parse(done.stdout) if done.returncode == 0 else []


def parse(text: str) -> list[GpuMemory]:
    """Lines ``0, NVIDIA A100, 1024, 40960`` (MiB); lines of another form, as of a GPU that is lost, are left out."""
    found = []
    for line in text.splitlines():
        parts = [part.strip() for part in line.split(",")]
        if len(parts) == 4 and all(part.isdigit() for part in (parts[0], parts[2], parts[3])):
            found.append(GpuMemory(int(parts[0]), parts[1], int(parts[2]) * MIB, int(parts[3]) * MIB))
    return found
