"""The names under which something of a job may lie in the cache, so that erasing the job finds all of it."""

from __future__ import annotations

from uuid import UUID

from django.core.cache import cache

#: What may be cached of a job. Whoever caches something new adds its name here.
LIVE_FRAME = "live"
PREVIEW = "preview"
NAMES = (LIVE_FRAME, PREVIEW)


def job_key(job_id: UUID | str, name: str) -> str:
    """The cache key; ``name`` is one of ``NAMES``."""
    if name not in NAMES:
        raise ValueError(f"{name} is not among the names of what is cached of a job")
    return f"job:{UUID(str(job_id)).hex}:{name}"


def forget(job_id: UUID | str) -> None:
    """Take everything of the job out of the cache. Raises ``RedisError`` when the cache is away."""
    cache.delete_many([job_key(job_id, name) for name in NAMES])
