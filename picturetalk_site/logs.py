"""Logging: one line an event, with the job it belongs to.

``with working_on(job_id): ...`` puts the id on every line logged inside, whoever logs it. It is not in charge of what
is logged, nor of telling the user anything.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_job: ContextVar[str] = ContextVar("job", default="-")


@contextmanager
def working_on(job_id: object) -> Iterator[None]:
    """Everything logged inside the block carries ``job_id``."""
    token = _job.set(str(job_id))
    try:
        yield
    finally:
        _job.reset(token)


class JobFilter(logging.Filter):
    """Gives each record the attribute ``job``: the id in force, or ``-``."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not hasattr(record, "job"):
            record.job = _job.get()
        return True


def logging_settings(level: str, sql: bool) -> dict[str, Any]:
    """The value of Django's ``LOGGING``: everything to the console, which the process runner collects."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"job": {"()": "picturetalk_site.logs.JobFilter"}},
        "formatters": {
            "line": {"format": "{asctime} {levelname:<7} {name} [{job}] {message}", "style": "{"},
        },
        "handlers": {
            "console": {"class": "logging.StreamHandler", "filters": ["job"], "formatter": "line"},
        },
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "django": {"level": level, "propagate": True},
            "django.db.backends": {"level": "DEBUG" if sql else "INFO"},
            # Says every request that is not found at WARNING; browsers ask for icons all day.
            "django.request": {"level": "ERROR"},
            "rq": {"level": level, "propagate": True},
        },
    }
