"""What the site counts for ``/metrics``: names, words, labels and buckets; and how Redis keeps the counts.

Workers come and go with the queue, so that none is asked for its figures: each adds to one hash in Redis, which the
site shows. Not in charge of writing (``animator.services.figure``) or reading (``animator.selectors.figure``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: Redis: a hash of field -> number; and one of worker -> JSON of its last sign of life.
COUNTS_KEY = "picturetalk:figures"
WORKERS_KEY = "picturetalk:workers"
#: A worker that said nothing for so long is not shown, seconds; after the longer time it is forgotten.
WORKER_SILENT_S = 90.0
WORKER_FORGOTTEN_S = 3600.0


@dataclass(frozen=True)
class Counter:
    """A number that only grows, one for each combination of labels."""

    name: str
    help: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Histogram:
    """How many observations fell under each of ``buckets`` (upper bounds, in the unit of the name), and their sum."""

    name: str
    help: str
    buckets: tuple[float, ...]
    labels: tuple[str, ...] = ()

    def bucket(self, value: float) -> str:
        """The bound under which ``value`` falls, as Prometheus writes it."""
        return next((f"{bound:g}" for bound in self.buckets if value <= bound), "+Inf")


STAGE_SECONDS = Histogram(
    "picturetalk_stage_seconds",
    "Time that one stage of a video took.",
    (0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320, 640, 1800, 3600),
    ("stage",),
)
JOB_SECONDS = Histogram(
    "picturetalk_job_seconds",
    "Time from the start of a successful run to its finished video.",
    (5, 10, 20, 40, 80, 160, 320, 640, 1800, 3600, 7200),
)
WAIT_SECONDS = Histogram(
    "picturetalk_wait_seconds",
    "Time from the wish for a video to the start of its run.",
    (1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14400, 86400),
)
REAL_TIME_FACTOR = Histogram(
    "picturetalk_real_time_factor",
    "Seconds of work for each second of video.",
    (0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8, 12, 20, 40),
)
VIDEOS = Counter("picturetalk_videos", "Videos made, by the verdict of their certificate.", ("verdict",))
VIDEO_SECONDS = Counter("picturetalk_video_seconds", "Length of all videos made.")
FAILURES = Counter("picturetalk_failures", "Work that ended in an error, by the error's code.", ("kind", "code"))
RETRIES = Counter("picturetalk_retries", "Runs of videos that failed and are tried again.")

HISTOGRAMS = (STAGE_SECONDS, JOB_SECONDS, WAIT_SECONDS, REAL_TIME_FACTOR)
COUNTERS = (VIDEOS, VIDEO_SECONDS, FAILURES, RETRIES)

#: Between the parts of a field; no label holds it.
_BETWEEN = "|"


def field(name: str, labels: Mapping[str, str], part: str = "") -> str:
    """The hash's field for one number: ``name|part|label=value|...``."""
    pairs = [f"{key}={value.replace(_BETWEEN, ' ')}" for key, value in labels.items()]
    return _BETWEEN.join([name, part, *pairs])


def parse_field(text: str) -> tuple[str, str, dict[str, str]]:
    """The opposite of :func:`field`. Raises ``ValueError`` for anything else."""
    name, part, *pairs = text.split(_BETWEEN)
    labels = dict(pair.split("=", 1) for pair in pairs)
    return name, part, labels
