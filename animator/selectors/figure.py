"""The site's figures in Prometheus' text format: what workers counted, and how long the lines are at this moment."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, Q
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import generate_latest

from animator import figures
from animator.figures import Histogram, parse_field
from animator.models.job import ACTIVE_STATES, Job, JobState
from animator.redis_connection import redis_connection, rq_queue

#: The content type that goes with :func:`exposition`.
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
#: Messages at the head of a queue among which the oldest is looked for: some go to the front out of turn.
HEAD = 20

_Counts = dict[str, dict[tuple[tuple[str, str], ...], dict[str, float]]]


@dataclass(frozen=True)
class QueueState:
    """One queue of Redis at this moment; ``oldest_s`` is 0 where nothing waits."""

    name: str
    waiting: int
    running: int
    oldest_s: float


def queue_states() -> list[QueueState]:
    """Every queue that the settings name. Raises ``RedisError`` when Redis is away."""
    states = []
    for name in settings.RQ_QUEUES:
        queue = rq_queue(name)
        head = [job for job in queue.get_jobs(0, HEAD) if job is not None and job.enqueued_at is not None]
        now = datetime.now(UTC)
        ages = [(now - _utc(job.enqueued_at)).total_seconds() for job in head]
        running = queue.started_job_registry.get_job_count(cleanup=False)
        states.append(QueueState(name, queue.count, running, max([0.0, *ages])))
    return states


def _utc(moment: Any) -> datetime:
    at: datetime = moment
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def exposition() -> bytes:
    """Everything, for Prometheus. Raises ``RedisError`` or ``DatabaseError`` when one of them is away."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures())
    return generate_latest(registry)


class _Figures:
    """What prometheus_client asks for the figures of one answer."""

    def collect(self) -> Iterator[Metric]:
        yield from _queues()
        yield _jobs()
        yield from _workers()
        counts = _counts()
        yield from _counters(counts)
        yield from _histograms(counts)


def _queues() -> Iterator[Metric]:
    waiting = GaugeMetricFamily("picturetalk_queue_length", "Messages that wait for a worker.", labels=["queue"])
    running = GaugeMetricFamily("picturetalk_queue_running", "Messages that a worker is at.", labels=["queue"])
    oldest = GaugeMetricFamily(
        "picturetalk_queue_oldest_age_seconds", "Age of the message that waits longest.", labels=["queue"]
    )
    for state in queue_states():
        waiting.add_metric([state.name], state.waiting)
        running.add_metric([state.name], state.running)
        oldest.add_metric([state.name], round(state.oldest_s, 3))
    yield from (waiting, running, oldest)


def _jobs() -> Metric:
    """Videos by what becomes of them, from the database: those that wait for a moderator have no message in Redis."""
    rows = Job.objects.filter(state__in=ACTIVE_STATES).order_by().aggregate(
        queued=Count("id", filter=Q(state=JobState.QUEUED, held_at__isnull=True)),
        held=Count("id", filter=Q(state=JobState.QUEUED, held_at__isnull=False)),
        processing=Count("id", filter=Q(state=JobState.PROCESSING)),
    )  # fmt: skip
    family = GaugeMetricFamily("picturetalk_jobs", "Videos that are not finished, by state.", labels=["state"])
    for state, number in rows.items():
        family.add_metric([state], number)
    return family


def _workers() -> Iterator[Metric]:
    alive = GaugeMetricFamily("picturetalk_workers", "Workers that gave a sign of life, by queue.", labels=["queue"])
    labels = ["worker", "device", "name"]
    used = GaugeMetricFamily("picturetalk_gpu_memory_used_bytes", "GPU memory in use.", labels=labels)
    total = GaugeMetricFamily("picturetalk_gpu_memory_total_bytes", "GPU memory there is.", labels=labels)
    numbers: dict[str, int] = dict.fromkeys(settings.RQ_QUEUES, 0)
    for name, facts in _living_workers().items():
        for queue in facts.get("queues", []):
            numbers[queue] = numbers.get(queue, 0) + 1
        for device in facts.get("gpus", []):
            values = [name, str(device["index"]), str(device["name"])]
            used.add_metric(values, float(device["used"]))
            total.add_metric(values, float(device["total"]))
    for queue, number in numbers.items():
        alive.add_metric([queue], number)
    yield from (alive, used, total)


def _living_workers() -> dict[str, dict[str, Any]]:
    connection, now = redis_connection(), time.time()
    told = {_text(name): json.loads(facts) for name, facts in connection.hgetall(figures.WORKERS_KEY).items()}
    gone = [name for name, facts in told.items() if now - facts["at"] > figures.WORKER_FORGOTTEN_S]
    if gone:
        connection.hdel(figures.WORKERS_KEY, *gone)
    return {name: facts for name, facts in told.items() if now - facts["at"] <= figures.WORKER_SILENT_S}


def _counts() -> _Counts:
    """``{name: {labels: {part: number}}}`` of what was counted."""
    counts: _Counts = {}
    for key, value in redis_connection().hgetall(figures.COUNTS_KEY).items():
        name, part, labels = parse_field(_text(key))
        counts.setdefault(name, {}).setdefault(tuple(labels.items()), {})[part] = float(value)
    return counts


def _counters(counts: _Counts) -> Iterator[Metric]:
    for counter in figures.COUNTERS:
        family = CounterMetricFamily(counter.name, counter.help, labels=counter.labels)
        rows = counts.get(counter.name, {})
        if not rows and not counter.labels:
            rows = {(): {"": 0.0}}
        for labels, parts in rows.items():
            family.add_metric([dict(labels).get(name, "") for name in counter.labels], parts.get("", 0.0))
        yield family


def _histograms(counts: _Counts) -> Iterator[Metric]:
    for histogram in figures.HISTOGRAMS:
        family = HistogramMetricFamily(histogram.name, histogram.help, labels=histogram.labels)
        rows = counts.get(histogram.name, {})
        if not rows and not histogram.labels:
            rows = {(): {}}
        for labels, parts in rows.items():
            values = [dict(labels).get(name, "") for name in histogram.labels]
            family.add_metric(values, buckets=list(_cumulative(histogram, parts)), sum_value=parts.get("sum", 0.0))
        yield family


def _cumulative(histogram: Histogram, parts: dict[str, float]) -> Iterable[tuple[str, float]]:
    total = 0.0
    for bound in [*(f"{bound:g}" for bound in histogram.buckets), "+Inf"]:
        total += parts.get(f"le={bound}", 0.0)
        yield bound, total


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
