"""How long whole videos take on this machine, stage by stage, and what memory: what ``make bench`` prints.

Every case runs in a process of its own, bound to the cores it may use. It makes a short video first, as a worker has
when a job reaches it, then the one that is measured (see :mod:`gpu_worker.benchmark_case`). The portraits are pictures
that come with scikit-image and matplotlib (in the public domain), scaled; or the sample photo that is shipped.
"""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

from gpu_worker.cores import usable_cores
from gpu_worker.errors import EngineError, InputError

_ROOT = Path(__file__).resolve().parent.parent
#: The portrait that is shipped with the product; used where the development requirements are not installed.
_SHIPPED = _ROOT / "static" / "samples" / "grace_hopper.jpg"
#: Where packages keep the pictures: package, folder, file.
_PICTURES = {
    "astronaut": ("skimage", "data", "astronaut.png"),
    "hopper": ("matplotlib", "mpl-data", "sample_data", "grace_hopper.jpg"),
}
#: About ten seconds when spoken; the benchmark says it twice.
SENTENCE = (
    "Good morning. My name is Eileen, and people often believe that pictures can never speak. "
    "Maybe this small photo will make you change your mind about it."
)
SIZES = ("512x512", "1080x1080", "1080x1920", "4096x3072")
#: What the video itself takes; after that it is checked and signed.
VIDEO_STAGES = ("inspect", "align", "motion", "render", "encode")
_POLL = 0.1


@dataclass(frozen=True)
class Case:
    """A portrait of ``width`` x ``height`` pixels that says ``text`` on ``cores`` cores."""

    width: int
    height: int
    cores: int
    text: str = f"{SENTENCE} {SENTENCE}"
    picture: str = "astronaut"
    engine: str = "auto"


@dataclass(frozen=True)
class Stage:
    """Seconds by the clock, and of processors: the engine's own and its helpers' (ffmpeg)."""

    wall_s: float
    cpu_s: float


@dataclass(frozen=True)
class Row:
    """One measured case.

    ``stages`` are those of the job, one after the other; what runs beside them counts where it ends. ``alone`` are
    parts measured by themselves afterwards: they overlap in the job. ``peak_mb`` is of the engine's process,
    ``peak_all_mb`` of it with its helpers. ``load`` is the machine's load (runnable tasks) before and after.
    """

    case: Case
    video_s: float
    verdict: str
    engine: str
    stages: dict[str, Stage]
    alone: dict[str, Stage]
    start_s: float
    peak_mb: float
    peak_all_mb: float
    load: tuple[float, float]

    @property
    def wall_s(self) -> float:
        return sum(stage.wall_s for stage in self.stages.values())

    @property
    def making_s(self) -> float:
        """Seconds until the video is there, not yet checked."""
        return sum(self.stages[name].wall_s for name in VIDEO_STAGES)

    @property
    def cpu_s(self) -> float:
        return sum(stage.cpu_s for stage in self.stages.values())

    def as_dict(self) -> dict[str, Any]:
        sums = {"wall_s": self.wall_s, "making_s": self.making_s, "cpu_s": self.cpu_s}
        rates = {"times_real_time_made": self.video_s / self.making_s, "times_real_time": self.video_s / self.wall_s}
        return asdict(self) | {name: round(value, 3) for name, value in (sums | rates).items()}


def cases(sizes: str | None, cores: str | None, picture: str, engine: str) -> tuple[Case, ...]:
    """The cases for comma-separated ``sizes`` and numbers of ``cores``; by default all, on one and on two cores.

    Raises InputError ``bad_arguments``.
    """
    chosen = []
    for size in (sizes or ",".join(SIZES)).split(","):
        numbers = size.lower().split("x")
        if len(numbers) != 2 or not all(number.isdigit() and 200 <= int(number) <= 8192 for number in numbers):
            raise InputError("bad_arguments", f"{size} is no size.", "For example 512x512, each side 200 to 8192.")
        chosen.append((int(numbers[0]), int(numbers[1])))
    usable = usable_cores()
    counts = cores.split(",") if cores else [str(count) for count in (1, 2) if count <= usable]
    if not all(count.isdigit() and 1 <= int(count) <= usable for count in counts):
        raise InputError("bad_arguments", f"There are {usable} cores.", "Give numbers like --cores 1,2.")
    return tuple(Case(*size, int(count), picture=picture, engine=engine) for size in chosen for count in counts)


def measure(which: Sequence[Case], stderr: TextIO) -> list[Row]:
    """Run the cases one after the other. Raises EngineError when one fails."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="picturetalk-bench-") as folder:
        for number, case in enumerate(which):
            if stderr.isatty():
                stderr.write(f"{case.width}x{case.height} on {case.cores} ...\n")
            rows.append(run(case, Path(folder) / str(number)))
    return rows


def table(rows: Sequence[Row]) -> str:
    """The rows as Markdown: what a reader wants to know, then the stages."""
    lines = [
        machine(),
        "",
        "| size | cores | video s | made in s (x real time) | with check and signature s (x real time) | CPU s "
        "| peak MB (engine / all) | verdict | load before / after |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {_size(row)} | {row.case.cores} | {row.video_s:.1f} "
        f"| {row.making_s:.1f} ({row.video_s / row.making_s:.1f}) "
        f"| {row.wall_s:.1f} ({row.video_s / row.wall_s:.1f}) | {row.cpu_s:.1f} "
        f"| {row.peak_mb:.0f} / {row.peak_all_mb:.0f} | {row.verdict} | {row.load[0]:.1f} / {row.load[1]:.1f} |"
        for row in rows
    ]
    names = list(rows[0].stages) if rows else []
    alone = list(rows[0].alone) if rows else []
    heads = [*names, *(f"{name} alone" for name in alone), "start of the process"]
    lines += ["", "Seconds by the clock / of processors:", ""]
    lines += [f"| size | cores | {' | '.join(heads)} |", "|---" * (len(heads) + 2) + "|"]
    for row in rows:
        cells = [f"{stage.wall_s:.2f} / {stage.cpu_s:.2f}" for stage in (*row.stages.values(), *row.alone.values())]
        lines.append(f"| {_size(row)} | {row.case.cores} | {' | '.join(cells)} | {row.start_s:.1f} |")
    return "\n".join(lines)


def _size(row: Row) -> str:
    return f"{row.case.width}x{row.case.height}"


def machine() -> str:
    """The processor, how many cores of it may be used, and what the machine does besides."""
    name = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        name = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), name)
    except OSError:  # not Linux: the short name must do
        pass
    return f"{name}, {usable_cores()} cores, load {os.getloadavg()[0]:.1f} before the first case."


def sample(picture: str = "astronaut") -> Path:
    """A portrait of 512 pixels. Raises EngineError when none is installed."""
    package, *parts = _PICTURES[picture]
    found = importlib.util.find_spec(package)
    if found is not None and found.origin is not None:
        path = Path(found.origin).parent.joinpath(*parts)
        if path.is_file():
            return path
    if not _SHIPPED.is_file():
        raise EngineError(f"the sample photo {_SHIPPED} is missing", permanent=True)
    return _SHIPPED


def portrait(case: Case, path: Path) -> None:
    """Write the sample photo in the case's size: enlarged, and extended at its edges where the shape differs."""
    import numpy as np
    from PIL import Image

    side = min(case.width, case.height)
    with Image.open(sample(case.picture)) as opened:
        edge = min(opened.size)
        square = opened.convert("RGB").crop((0, 0, edge, edge))
    picture = np.asarray(square.resize((side, side), Image.Resampling.LANCZOS))
    extra = (case.height - side, case.width - side)
    padding = [(extra[0] // 2, extra[0] - extra[0] // 2), (extra[1] // 2, extra[1] - extra[1] // 2), (0, 0)]
    Image.fromarray(np.pad(picture, padding, mode="edge")).save(path)


def run(case: Case, folder: Path) -> Row:
    """Measure one case in ``folder``, which is made. Raises EngineError when it fails."""
    folder.mkdir(parents=True)
    portrait(case, folder / "portrait.png")
    (folder / "case.json").write_text(json.dumps(asdict(case)))
    command = [sys.executable, "-m", "gpu_worker.benchmark_case", str(folder)]
    load = os.getloadavg()[0]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=_ROOT,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
    ) as process:
        peak = peak_all = 0.0
        while process.poll() is None:
            own, every = memory(process.pid)
            peak, peak_all = max(peak, own), max(peak_all, every)
            time.sleep(_POLL)
        output, errors = process.communicate()
    if process.returncode != 0:
        raise EngineError(f"{case.width}x{case.height} failed: {errors.decode('utf-8', 'replace')[-300:]}")
    told = json.loads(output.decode().splitlines()[-1])
    return Row(
        case=case,
        video_s=told["video_s"],
        verdict=told["verdict"],
        engine=told["engine"],
        stages={name: Stage(*pair) for name, pair in told["stages"].items()},
        alone={name: Stage(*pair) for name, pair in told["alone"].items()},
        start_s=told["start_s"],
        peak_mb=round(peak, 1),
        peak_all_mb=round(peak_all, 1),
        load=(load, os.getloadavg()[0]),
    )


def memory(root: int) -> tuple[float, float]:
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
