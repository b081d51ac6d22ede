"""Measure the engines of this worker's machine and keep what was measured."""

from __future__ import annotations

from animator.services.worker_report import keep_speeds
from gpu_worker.machine import this_machine


def measure_engines() -> None:
    """All engines that can run here, anew."""
    from gpu_worker.speed import measure_apart

    keep_speeds(this_machine().host, measure_apart())
