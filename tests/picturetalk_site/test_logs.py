"""Log lines say which job they belong to."""

from __future__ import annotations

import io
import json
import logging

from picturetalk_site.logs import JobFilter, JsonFormatter, logging_settings, working_on


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


def test_lines_for_a_log_store_are_json_with_the_job() -> None:
    handler = logging.StreamHandler(text := io.StringIO())
    handler.setFormatter(JsonFormatter())
    handler.addFilter(JobFilter())
    logger = logging.Logger("engine")
    logger.addHandler(handler)
    with working_on("abc"):
        logger.warning('Frame %d: "late"\nand more', 7)
    try:
        raise ValueError("no face")
    except ValueError:
        logger.exception("It failed")
    first, second = (json.loads(line) for line in text.getvalue().splitlines())
    assert (first["job"], first["level"], first["logger"]) == ("abc", "WARNING", "engine")
    assert first["message"] == 'Frame 7: "late"\nand more'
    assert first["at"].endswith("+00:00")
    assert second["job"] is None
    assert "ValueError: no face" in second["exception"]


def test_the_form_is_chosen_by_a_setting() -> None:
    assert logging_settings("INFO", False, "json")["handlers"]["console"]["formatter"] == "json"
    assert logging_settings("INFO", False)["handlers"]["console"]["formatter"] == "line"
