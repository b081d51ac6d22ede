"""Asking the workers to measure their engines anew."""

from __future__ import annotations

from django.utils import timezone

from animator import queue
from animator.models import WorkerReport


def ask_for_measuring() -> int:
    """Send one message for each machine with a worker, to a queue it serves; returns how many.

    Where several machines serve one queue, whoever is free takes a message and measures itself.
    """
    now, hosts = timezone.now(), set()
    for report in WorkerReport.objects.filter(ended_at__isnull=True, seen_at__gt=now - WorkerReport.SILENT_AFTER):
        if report.host in hosts or not report.queues:
            continue
        # Where somebody waits for an answer is the last place to measure.
        patient = [name for name in report.queues if name != queue.INSPECT]
        if queue.enqueue_measuring((patient or report.queues)[0]):
            hosts.add(report.host)
    return len(hosts)
