"""The worker: takes work off its queues one after another, in this very process, so that the models stay loaded.

``manage.py rqworker --worker-class gpu_worker.worker.EngineWorker QUEUE...``. On SIGTERM (or Ctrl-C) the work in
progress stops within a second or so and goes back to its place in the queue; a second signal ends the process at once.
What a killed worker leaves behind is brought back by ``animator.services.recovery``, which runs here at the start too.
"""

from __future__ import annotations

import logging
import os
from typing import Any

from django.conf import settings
from django.db import close_old_connections
from rq import SimpleWorker
from rq.job import Job
from rq.queue import Queue

from animator import queue as site_queue
from animator.conf import site_config
from animator.services import figure
from animator.services.recovery import recover
from animator.services.worker_report import keep_speeds, reporting, unmeasured
from gpu_worker.gpu_figures import gpu_memory
from gpu_worker.lifeline import DRAIN
from gpu_worker.tasks.work_folder import forget_old_work
from picturetalk_site.probe import Pulse

log = logging.getLogger(__name__)


class EngineWorker(SimpleWorker):
    """A worker that does not fork. Not in charge of what the work is: see ``gpu_worker.tasks``."""

    def work(self, *args: Any, **kwargs: Any) -> bool:
        """Bring back what earlier workers lost, load the models, then serve until told to end."""
        names = set(self.queue_names())
        if names.isdisjoint({site_queue.INSPECT}):
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
        with reporting(self.name, names) as report:
            if settings.MEASURE_ENGINES and not names.isdisjoint({site_queue.RENDER}):
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
        if site_queue.RENDER in queue_names:
            from gpu_worker import pipeline  # noqa: F401 - half of the time is its imports
            from gpu_worker.engines import shared_engines
            from gpu_worker.rendering import warmup

            shared_engines()
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
