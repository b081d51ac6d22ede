"""How long a job will take: as the engine sees it while it runs, from how long the last ones took before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from animator.models.job import Job, JobState
from animator.models.result import Result
from animator.models.speech import Speech

#: So many of the latest results speak for the next one.
HISTORY = 20
#: Characters spoken in a second, where the length of a typed speech is not known yet.
CHARACTERS_PER_SECOND = 14.0


@dataclass(frozen=True)
class Pace:
    """Seconds of work for a second of speech, and seconds that every job takes besides; None without history."""

    per_second: float | None


def current_pace() -> Pace:
    """The median of the latest results; the fixed costs are part of it."""
    rows = Result.objects.order_by("-created_at").values_list("seconds_taken", "duration_s")[:HISTORY]
    ratios = [taken / max(duration, 1.0) for taken, duration in rows]
    return Pace(median(ratios) if ratios else None)


def speech_length(speech: Speech) -> float:
    """Length of a speech in seconds, estimated from the text where it is only typed."""
    if speech.duration_s is not None:
        return speech.duration_s
    return max(1.0, len(speech.text) / CHARACTERS_PER_SECOND)


def remaining_seconds(job: Job, now: datetime, pace: Pace) -> float | None:
    """Seconds until this job is done once it runs; None when nothing is known."""
    expected = None if pace.per_second is None else pace.per_second * max(1.0, job.speech_s)
    if job.state != JobState.PROCESSING or job.started_at is None:
        return expected
    if job.eta_s is not None:
        return max(0.0, job.eta_s - (now - job.updated_at).total_seconds())
    return None if expected is None else max(1.0, expected - (now - job.started_at).total_seconds())


def waiting_seconds(job: Job, speech_before: float, running: Sequence[float | None], pace: Pace) -> float | None:
    """Seconds until a waiting job is done: what runs, ``speech_before`` seconds of speech that wait before it, itself.

    ``running`` are the seconds left of each run; as many as run now are taken to share what waits.
    """
    own = remaining_seconds(job, job.updated_at, pace)
    if own is None or pace.per_second is None:
        return None
    known = [left for left in running if left is not None]
    before = sum(known) + pace.per_second * speech_before
    return own + before / max(1, len(running))
