"""How long a whole video takes on this machine: fresh process, everything included, memory of all its processes.

Every case runs ``python -m gpu_worker animate`` as a user would. The portrait is the astronaut that comes with
scikit-image (NASA, public domain), or else the sample photo that is shipped with the product.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

from gpu_worker.errors import EngineError

_ROOT = Path(__file__).resolve().parent.parent
#: The portrait that is shipped with the product; used where the development requirements are not installed.
_SHIPPED = _ROOT / "static" / "samples" / "grace_hopper.jpg"
#: About ten seconds when spoken.
SENTENCE = (
    "Good morning. My name is Eileen, and people often believe that pictures can never speak. "
    "Maybe this small photo will make you change your mind about it."
)
_POLL = 0.05


@dataclass(frozen=True)
class Case:
    """A portrait of ``width`` x ``height`` pixels that says ``text``."""

    name: str
    width: int
    height: int
    text: str


@dataclass(frozen=True)
class Row:
    """One measured case: seconds of video, wall seconds in all and for each stage, peak memory in MB of the engine's
    process and of it with its helpers (ffmpeg, espeak-ng) together."""

    name: str
    width: int
    height: int
    video_s: float
    wall_s: float
    times_real_time: float
    peak_mb: float
    peak_all_mb: float
    verdict: str
    stages: dict[str, float]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def cases(full: bool = False) -> tuple[Case, ...]:
    """The standard case, and with ``full`` two larger ones with twice the speech."""
    first = Case("portrait", 512, 512, SENTENCE)
    if not full:
        return (first,)
    twice = f"{SENTENCE} {SENTENCE}"
    return (first, Case("square", 1080, 1080, twice), Case("story", 1080, 1920, twice))


def measure(which: Sequence[Case], stderr: TextIO) -> list[Row]:
    """Run the cases one after the other. Raises EngineError when one fails."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="picturetalk-bench-") as folder:
        for case in which:
            if stderr.isatty():
                stderr.write(f"{case.name} {case.width}x{case.height} ...\n")
            rows.append(_run(case, Path(folder)))
    return rows


def table(rows: Sequence[Row]) -> str:
    """The rows as Markdown."""
    lines = [
        "| case | size | video s | wall s | times real time | peak MB (engine / all) | verdict | stages, s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        stages = ", ".join(f"{name} {seconds:.1f}" for name, seconds in row.stages.items())
        lines.append(
            f"| {row.name} | {row.width}x{row.height} | {row.video_s:.1f} | {row.wall_s:.1f} "
            f"| {row.times_real_time:.2f} | {row.peak_mb:.0f} / {row.peak_all_mb:.0f} | {row.verdict} | {stages} |"
        )
    return "\n".join(lines)


def sample() -> Path:
    """A portrait of 512 pixels. Raises EngineError when none is installed."""
    package = importlib.util.find_spec("skimage")
    if package is not None and package.origin is not None:
        astronaut = Path(package.origin).parent / "data" / "astronaut.png"
        if astronaut.is_file():
            return astronaut
    if not _SHIPPED.is_file():
        raise EngineError(f"the sample photo {_SHIPPED} is missing", permanent=True)
    return _SHIPPED


def portrait(case: Case, path: Path) -> None:
    """Write the sample photo in the case's size: enlarged, and extended at its edges where the shape differs."""
    import numpy as np
    from PIL import Image

    side = min(case.width, case.height)
    with Image.open(sample()) as opened:
        edge = min(opened.size)
        square = opened.convert("RGB").crop((0, 0, edge, edge))
    picture = np.asarray(square.resize((side, side), Image.Resampling.LANCZOS))
    extra = (case.height - side, case.width - side)
    padding = [(extra[0] // 2, extra[0] - extra[0] // 2), (extra[1] // 2, extra[1] - extra[1] // 2), (0, 0)]
    Image.fromarray(np.pad(picture, padding, mode="edge")).save(path)


def _run(case: Case, folder: Path) -> Row:
    photo, video = folder / f"{case.name}.png", folder / f"{case.name}.mp4"
    portrait(case, photo)
    command = [sys.executable, "-m", "gpu_worker", "animate", str(photo), "--text", case.text, "-o", str(video)]
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=_ROOT) as process:
        peak = peak_all = 0.0
        while process.poll() is None:
            own, every = _memory(process.pid)
            peak, peak_all = max(peak, own), max(peak_all, every)
            time.sleep(_POLL)
        wall = time.perf_counter() - began
        output, errors = process.communicate()
    if process.returncode != 0:
        raise EngineError(f"the case {case.name} failed: {errors.decode('utf-8', 'replace')[-300:]}")
    summary = json.loads(output)
    seconds = summary["frames"] / summary["fps"]
    return Row(
        name=case.name,
        width=summary["width"],
        height=summary["height"],
        video_s=round(seconds, 2),
        wall_s=round(wall, 2),
        times_real_time=round(seconds / wall, 2),
        peak_mb=round(peak, 1),
        peak_all_mb=round(peak_all, 1),
        verdict=summary["verdict"],
        stages=summary["seconds"],
    )


def _memory(root: int) -> tuple[float, float]:
    """Resident megabytes of a process, and of it with all its descendants; zeros where /proc does not tell."""
    resident: dict[int, float] = {}
    parents: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(line.split(":", 1) for line in entry.read_text().splitlines() if ":" in line)
        except OSError:  # the process has ended meanwhile
            continue
        number = int(entry.parent.name)
        parents[number] = int(fields["PPid"])
        resident[number] = int(fields.get("VmRSS", "0 kB").split()[0]) / 1024.0
    family, found = {root}, True
    while found:
        found = False
        for number, parent in parents.items():
            if parent in family and number not in family:
                family.add(number)
                found = True
    return resident.get(root, 0.0), sum(resident.get(number, 0.0) for number in family)
