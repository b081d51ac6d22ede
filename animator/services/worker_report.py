"""Workers say what they can run when they start, and that they live while they do; speeds are kept as measured."""

from __future__ import annotations

import contextlib
import logging
import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from django.db import DatabaseError, connection
from django.utils import timezone

from animator.models import EngineSpeed, WorkerReport
from gpu_worker.capabilities import capabilities
from gpu_worker.lifeline import Lifeline
from gpu_worker.machine import this_machine

log = logging.getLogger(__name__)

#: A worker says that it lives this often, seconds.
BEAT_S = 30.0
#: Workers that ended or fell silent are listed for so long, then forgotten.
FORGET_AFTER = timedelta(days=2)


class MeasuredSpeed(Protocol):
    """What ``gpu_worker.speed`` found of one engine."""

    @property
    def engine(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def device(self) -> str: ...
    @property
    def value(self) -> float: ...
    @property
    def unit(self) -> str: ...


@contextlib.contextmanager
def reporting(name: str, queues: Iterable[str]) -> Iterator[WorkerReport]:
    """Enter this process as a worker, give signs of life as long as the block lasts, and sign off at its end."""
    report = register(name, queues)
    life = Lifeline(
        lambda: beat(report.id),
        lambda: True,
        beat_every_s=BEAT_S,
        ask_every_s=BEAT_S,
        limit_s=math.inf,
        passing=(DatabaseError,),
        reset=lambda: connection.close(),
    )
    try:
        with life:
            yield report
    finally:
        try:
            end(report.id)
        except DatabaseError as error:
            # It is taken for gone a little later, when its signs of life fail to come.
            log.warning("The worker could not sign off: %s", error)


def register(name: str, queues: Iterable[str]) -> WorkerReport:
    """Enter a worker of this machine with what it can run."""
    machine, now = this_machine(), timezone.now()
    forget_old_workers(now)
    return WorkerReport.objects.create(
        name=name[:120],
        host=machine.host[:120],
        queues=sorted(queues),
        processor=machine.processor[:200],
        cores=machine.cores,
        memory_bytes=machine.memory_bytes,
        gpus=list(machine.gpus),
        python=machine.python,
        engines=[asdict(entry) for entry in capabilities()],
        started_at=now,
        seen_at=now,
    )


def beat(report_id: UUID) -> bool:
    """A sign of life; True even where the row is gone, since the worker goes on."""
    WorkerReport.objects.filter(id=report_id).update(seen_at=timezone.now())
    return True


def end(report_id: UUID) -> None:
    """An orderly end."""
    now = timezone.now()
    WorkerReport.objects.filter(id=report_id, ended_at__isnull=True).update(ended_at=now, seen_at=now)


def forget_old_workers(now: datetime) -> int:
    """Drop the rows of workers that are long gone; returns how many."""
    count, _ = WorkerReport.objects.filter(seen_at__lt=now - FORGET_AFTER).delete()
    return count


def unmeasured(host: str, engines: Iterable[str]) -> list[str]:
    """Those of ``engines`` that can run here and whose present version was never measured on ``host``."""
    known = set(EngineSpeed.objects.filter(host=host).values_list("engine", "version", "device"))
    here = {entry.name: entry for entry in capabilities() if entry.available and not entry.unmeasured}
    return [name for name in engines if name in here and (name, here[name].version, here[name].device) not in known]


def keep_speeds(host: str, speeds: Iterable[MeasuredSpeed]) -> None:
    """Keep what was measured, in place of what was measured there of the same version before."""
    now = timezone.now()
    for speed in speeds:
        EngineSpeed.objects.update_or_create(
            host=host[:120],
            engine=speed.engine,
            version=speed.version,
            device=speed.device,
            defaults={"value": speed.value, "unit": speed.unit, "measured_at": now},
        )
