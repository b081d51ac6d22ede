"""The worker: takes work off its queues one after another, in this very process, so that the models stay loaded.

``manage.py rqworker --worker-class gpu_worker.worker.EngineWorker QUEUE...``; queues are looked at in this order. On
SIGTERM (or Ctrl-C) the work in progress stops within a second or so and goes back to its place in the queue, finished
stages kept; a second signal ends the process at once. What a killed worker leaves behind is brought back by
``animator.services.recovery``, which runs here at the start too.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterable
from typing import Any

import django_rq
from django.conf import settings
from django.db import close_old_connections
from redis.exceptions import RedisError
from rq import SimpleWorker
from rq.job import Job
from rq.queue import Queue

from animator import presence
from animator import queue as site_queue
from animator.conf import site_config
from animator.services import figure
from animator.services.recovery import recover
from animator.services.worker_report import keep_speeds, reporting, unmeasured
from gpu_worker import serving
from gpu_worker.capabilities import cuda_present
from gpu_worker.gpu_figures import gpu_memory
from gpu_worker.lifeline import DRAIN
from gpu_worker.tasks.work_folder import forget_old_work
from picturetalk_site.probe import Pulse

log = logging.getLogger(__name__)

#: nice(2) of a process that does nothing but training.
_TRAINING_NICENESS = 19
#: So often a worker looks whether it ended, seconds.
_LOOK_EVERY_S = 0.2


class EngineWorker(SimpleWorker):
    """A worker that does not fork. Not in charge of what the work is: see ``gpu_worker.tasks``."""

    def __init__(self, queues: Any, *args: Any, **kwargs: Any) -> None:
        given = queues if isinstance(queues, (list, tuple)) else [queues]
        names = queues_to_serve([one if isinstance(one, str) else one.name for one in given])
        super().__init__([django_rq.get_queue(name) for name in names], *args, **kwargs)

    def work(self, *args: Any, **kwargs: Any) -> bool:
        """Bring back what earlier workers lost, load the models, then serve until told to end."""
        names = set(self.queue_names())
        if names == {site_queue.TRAINING}:
            os.nice(_TRAINING_NICENESS)
        elif names.isdisjoint({site_queue.INSPECT}):
            os.nice(site_config().render_niceness)
        forget_old_work(site_config().job_timeout_s)
        recover()
        with Pulse("worker", also=self._tell_figures):
            self.preload(names)
            try:
                return self._serve(names, *args, **kwargs)
            finally:
                figure.forget_worker(self.name)

    def _serve(self, names: set[str], *args: Any, **kwargs: Any) -> bool:
        serving.serve(names)
        with reporting(self.name, names) as report, Presence(self.name, names):
            if settings.MEASURE_ENGINES and not names.isdisjoint({site_queue.RENDER_CPU, site_queue.RENDER_GPU}):
                self.measure(report.host)
            return bool(super().work(*args, **kwargs))

    def measure(self, host: str) -> None:
        """Measure the engines that were never measured here; a few seconds after an installation, then nothing."""
        from gpu_worker.speed import MEASURABLE, measure_apart

        if names := unmeasured(host, MEASURABLE):
            keep_speeds(host, measure_apart(names))

    def _tell_figures(self) -> None:
        """Which queues this worker serves, and the memory of the machine's GPUs, for ``/metrics``."""
        gpus = [one.as_dict() for one in gpu_memory()]
        figure.tell_worker(self.name, {"queues": self.queue_names(), "gpus": gpus})

    def preload(self, queue_names: set[str]) -> None:
        """Load what the first piece of work would otherwise wait for."""
        if site_queue.INSPECT in queue_names:
            from gpu_worker.landmarks.mesh import shared_mesh

            shared_mesh()
            if settings.NUDITY_ACTION != "off":
                from gpu_worker.screening.nudity import warm_up

                warm_up()
        if not queue_names.isdisjoint(site_queue.JOB_LANES):
            from gpu_worker import pipeline  # noqa: F401 - half of the time is its imports
            from gpu_worker.engines import shared_engines

            shared_engines()
        if not queue_names.isdisjoint({site_queue.RENDER_CPU, site_queue.RENDER_GPU, site_queue.BULK}):
            from gpu_worker.rendering import warmup

            # Compiles the renderer on a machine's first start, else loads what was compiled.
            warmup()

    def handle_warm_shutdown_request(self) -> None:
        """The first signal: ask the work in progress to go back to the queue."""
        DRAIN.set()
        super().handle_warm_shutdown_request()  # type: ignore[no-untyped-call]

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Run one piece of work here; connections that the database closed meanwhile are replaced."""
        close_old_connections()
        try:
            super().execute_job(job, queue)
        finally:
            close_old_connections()


class Presence:
    """Says every few seconds, from a thread of its own, which queues this worker serves; ends when it is told to."""

    def __init__(self, worker: str, queues: Iterable[str]) -> None:
        self._worker, self._queues = worker, tuple(queues)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._say, name="presence", daemon=True)

    def __enter__(self) -> Presence:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _say(self) -> None:
        due = 0.0
        while not (DRAIN.is_set() or self._over.wait(_LOOK_EVERY_S)):
            if time.monotonic() < due:
                continue
            try:
                presence.say_served(self._worker, self._queues)
            except RedisError as error:
                log.warning("Nobody hears what this worker serves: %s", error)
            due = time.monotonic() + site_config().heartbeat_s
        presence.leave(self._worker, self._queues)


def queues_to_serve(names: Iterable[str]) -> list[str]:
    """The queues that a worker told to serve ``names`` serves: what fits this machine, each once, in order.

    ``render-gpu`` needs a CUDA device, unless the operator says otherwise; ``render`` of earlier versions stands for
    everything that it was divided into.
    """
    wanted: list[str] = []
    for name in names:
        wanted += [*site_queue.JOB_LANES[:3], site_queue.RENDER] if name == site_queue.RENDER else [name]
    gpu = settings.SERVE_RENDER_GPU == "always" or (settings.SERVE_RENDER_GPU == "auto" and cuda_present())
    return list(dict.fromkeys(name for name in wanted if gpu or name != site_queue.RENDER_GPU))
