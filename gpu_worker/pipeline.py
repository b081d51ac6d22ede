"""The way of one job through the engine: inspect, align, motion, render, encode, check, sign.

Only the order and the second attempt live here; the stages are in :mod:`gpu_worker.making`, their work is done in their
own rooms. All intermediates lie in the job's own folder, so two jobs never meet.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gpu_worker.engines import Engines
from gpu_worker.making import Making, fewer_red
from gpu_worker.progress import Progress, Reporter
from gpu_worker.request import AnimationOutcome, AnimationRequest


def animate(
    request: AnimationRequest,
    engines: Engines,
    workdir: Path,
    progress: Callable[[Progress], None],
    cancelled: Callable[[], bool],
) -> AnimationOutcome:
    """Make the video that ``request`` asks for, inside ``workdir`` (which belongs to this job alone).

    ``progress`` is told of stages and percentages; ``cancelled`` is asked several times a second. A video judged red
    is made once more with calmer settings; the better of the two is delivered, its certificate as it is.

    Raises InputError (the user can mend it), EngineError (we must), Cancelled. Nothing but ``workdir`` is written to.
    """
    making = Making(request, engines, workdir, Reporter(progress, cancelled))
    score = making.compose()
    best = making.film(score, 1)
    certificate, attempts = making.check(score, best), 1
    if certificate.verdict == "red":
        again = making.film(score, 2)
        judged, attempts = making.check(score, again), 2
        if fewer_red(certificate, judged):
            best, certificate = again, judged
    return making.deliver(score, best, certificate, attempts)
