"""What machine this is, as far as can be known without loading anything: for the page that lists workers."""

from __future__ import annotations

import platform
import re
import socket
from dataclasses import dataclass
from pathlib import Path

from gpu_worker.cores import usable_cores


@dataclass(frozen=True)
class Machine:
    """``cores`` are those this process may use; ``memory_bytes`` is that of the machine, 0 where it is not known;
    ``gpus`` are the names of NVIDIA cards whose driver is loaded."""

    host: str
    processor: str
    cores: int
    memory_bytes: int
    gpus: tuple[str, ...]
    python: str


def this_machine() -> Machine:
    return Machine(
        host=socket.gethostname(),
        processor=_first(Path("/proc/cpuinfo"), r"model name\s*:\s*(.+)") or platform.machine(),
        cores=usable_cores(),
        memory_bytes=1024 * int(_first(Path("/proc/meminfo"), r"MemTotal:\s*(\d+) kB") or 0),
        gpus=_gpus(Path("/proc/driver/nvidia/gpus")),
        python=platform.python_version(),
    )


def _gpus(folder: Path) -> tuple[str, ...]:
    names = (_first(file, r"Model:\s*(.+)") for file in sorted(folder.glob("*/information")))
    return tuple(name for name in names if name)


def _first(file: Path, pattern: str) -> str:
    """The first match of ``pattern``'s group in a file of the kernel's; empty without one."""
    try:
        found = re.search(pattern, file.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return ""
    return found[1].strip() if found else ""
