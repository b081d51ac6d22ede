"""Log lines say which job they belong to."""

from __future__ import annotations

import logging

from picturetalk_site.logs import JobFilter, working_on


def job_of(message: str) -> str:
    record = logging.LogRecord("engine", logging.INFO, __file__, 1, message, None, None)
    assert JobFilter().filter(record)
    return str(record.__dict__["job"])


def test_the_job_in_force_is_on_every_line() -> None:
    assert job_of("before") == "-"
    with working_on("abc"):
        assert job_of("inside") == "abc"
        with working_on("def"):
            assert job_of("further inside") == "def"
        assert job_of("inside again") == "abc"
    assert job_of("after") == "-"
