"""Logging: one line an event, with the job it belongs to; for people, or as JSON for a log store.

``with working_on(job_id): ...`` puts the id on every line logged inside, whoever logs it. It is not in charge of what
is logged, nor of telling the user anything.
"""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
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


class JsonFormatter(logging.Formatter):
    """One JSON object a line: ``at`` (UTC), ``level``, ``logger``, ``job`` (null outside one), ``message``, ``host``,
    ``process`` and, for an exception, ``exception`` with its trace."""

    def __init__(self) -> None:
        super().__init__()
        self._host = socket.gethostname()

    def format(self, record: logging.LogRecord) -> str:
        job = getattr(record, "job", "-")
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "job": None if job == "-" else job,
            "message": record.getMessage(),
            "host": self._host,
            "process": record.process,
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def logging_settings(level: str, sql: bool, form: str = "line") -> dict[str, Any]:
    """The value of Django's ``LOGGING``: everything to the console, which the process runner collects.

    ``form`` is ``line`` or ``json``.
    """
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"job": {"()": "picturetalk_site.logs.JobFilter"}},
        "formatters": {
            "line": {"format": "{asctime} {levelname:<7} {name} [{job}] {message}", "style": "{"},
            "json": {"()": "picturetalk_site.logs.JsonFormatter"},
        },
        "handlers": {
            "console": {"class": "logging.StreamHandler", "filters": ["job"], "formatter": form},
        },
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "django": {"level": level, "propagate": True},
            "django.db.backends": {"level": "DEBUG" if sql else "INFO"},
            # Says every request that is not found at WARNING; browsers ask for icons all day.
            "django.request": {"level": "ERROR"},
            # These bring handlers of their own; theirs go, so that every line has the same form.
            "rq": {"level": level, "handlers": [], "propagate": True},
            "uvicorn": {"handlers": [], "propagate": True},
            "uvicorn.error": {"handlers": [], "propagate": True},
        },
    }
