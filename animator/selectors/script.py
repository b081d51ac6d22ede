"""What is said in a job: one speech, or the lines of a conversation."""

from __future__ import annotations

from animator.models.job import Job
from animator.models.speech import Speech


def speeches_of(job: Job) -> list[Speech]:
    """Everything that is said in a job, each speech once, the first line's first; nothing where nobody speaks."""
    found = {line.speech_id: line.speech for line in job.lines.select_related("speech")}
    return list(found.values()) or ([job.speech] if job.speech is not None else [])
