"""One case of the benchmark, in a process of its own: ``python -m gpu_worker.benchmark_case FOLDER``.

FOLDER holds ``case.json`` and ``portrait.png``. The result is one line of JSON on standard output.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from gpu_worker.progress import STAGES, Progress


def spent() -> float:
    """Processor seconds of this process and of the helpers that have ended, so far."""
    own, helpers = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + helpers.ru_utime + helpers.ru_stime


def bind(count: int) -> None:
    """Keep this process, its threads to come and its helpers on ``count`` of the cores it may use."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:count])


class Stopwatch:
    """Takes the times at which a job passes from stage to stage; called with its progress."""

    def __init__(self) -> None:
        self._marks: list[tuple[str, float, float]] = [("", time.perf_counter(), spent())]

    def __call__(self, progress: Progress) -> None:
        if progress.stage != self._marks[-1][0]:
            self._marks.append((progress.stage, time.perf_counter(), spent()))

    def stages(self) -> dict[str, tuple[float, float]]:
        """Seconds by the clock and of processors of every stage; what came before the first belongs to it."""
        ends = [*self._marks[1:], ("", time.perf_counter(), spent())]
        times = dict.fromkeys(STAGES, (0.0, 0.0))
        for index, (_, began, cpu) in enumerate(self._marks):
            name = self._marks[max(index, 1)][0]
            wall, processors = times[name]
            times[name] = (wall + ends[index][1] - began, processors + ends[index][2] - cpu)
        return {name: (round(wall, 3), round(cpu, 3)) for name, (wall, cpu) in times.items()}


def alone(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock and of processors that ``work`` takes by itself."""
    began, cpu = time.perf_counter(), spent()
    work()
    return round(time.perf_counter() - began, 3), round(spent() - cpu, 3)


def measure(folder: Path) -> dict[str, Any]:
    """Make the video of the case in ``folder``; see :class:`gpu_worker.benchmark.Row`."""
    case = json.loads((folder / "case.json").read_text())
    bind(case["cores"])
    began = time.perf_counter()
    from gpu_worker.config import EngineConfig
    from gpu_worker.engines import shared_engines
    from gpu_worker.landmarks.inspect import inspect_photo
    from gpu_worker.media.photo import load_photo
    from gpu_worker.pipeline import animate
    from gpu_worker.provenance.dev_chain import make_chain
    from gpu_worker.provenance.watermark.embed import make_watermark
    from gpu_worker.request import AnimationRequest, TypedSpeech

    make_chain(folder / "keys")
    engines = shared_engines()
    config = replace(EngineConfig(), max_side=max(case["width"], case["height"]))
    request = AnimationRequest(
        photo=folder / "portrait.png",
        speech=TypedSpeech("Hello."),
        job_id="bench",
        engine=case["engine"],
        config=config,
        signing_folder=folder / "keys",
    )
    animate(request, engines, folder / "first", lambda _: None, lambda: False)
    start = time.perf_counter() - began
    watch = Stopwatch()
    outcome = animate(replace(request, speech=TypedSpeech(case["text"])), engines, folder / "job", watch, lambda: False)
    stages = watch.stages()
    photo = load_photo(request.photo, config)
    face = inspect_photo(photo, config, engines.landmarks).faces[0]
    return {
        "video_s": outcome.frames / outcome.fps,
        "verdict": outcome.certificate.verdict,
        "engine": outcome.certificate.engines["render"],
        "stages": stages,
        "alone": {
            "analysis": alone(lambda: engines.renderer("warp").prepare(photo, face, config)),
            "watermark": alone(lambda: make_watermark(photo.pixels, "bench")),
        },
        "start_s": round(start, 3),
    }


if __name__ == "__main__":
    from gpu_worker.cli.native_output import mute_native_stderr

    mute_native_stderr()
    sys.stdout.write(json.dumps(measure(Path(sys.argv[1]))) + "\n")
