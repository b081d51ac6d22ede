"""The capacity model: sums that can be done by hand, and what is said about what was not measured."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from picturetalk_site import capacity
from picturetalk_site.capacity import Assumed, Measured, Wanted, calculate

ONE = Measured(
    video_s=5, video_cpu_s=10, check_cpu_s=1, site_cpu_s=0.5, redis_commands=100, transactions=50, rows_written=40,
    stored_bytes=1e6, where="a machine",
)  # fmt: skip
#: A thousand videos of 10 s a day, spread evenly, every second of a core used, nobody looking.
EVEN = Wanted(photos=1000, video_s=10, keep_days=10, peak=1, use=1, views=0, sockets=0)


def test_the_sums() -> None:
    plan = calculate(ONE, EVEN, Assumed(redis_per_s=1000, transactions_per_s=1000, core_hour=0.1, gb_month=0, gb_out=0))
    per_video = 20 + 1
    assert plan.cores == pytest.approx(1000 * (per_video + 0.5) / 86400)
    parts = {part.name: part for part in plan.parts}
    assert parts["workers"].videos_a_day == pytest.approx(86400 / per_video)
    assert parts["Redis"].videos_a_day == pytest.approx(86400 * 1000 / 100)
    assert parts["PostgreSQL"].videos_a_day == pytest.approx(86400 * 1000 / 50)
    assert plan.first.name == "Redis"
    assert plan.stored_gb == pytest.approx(2e6 * 1000 * 10 / 1e9)
    assert plan.cost_a_day == pytest.approx(plan.cores * 24 * 0.1)
    assert plan.cost_a_thousand == pytest.approx(plan.cost_a_day)


def test_twice_as_much_takes_twice_as_much() -> None:
    once, twice = (calculate(ONE, replace(EVEN, photos=photos), Assumed()) for photos in (1e5, 2e5))
    assert twice.cores == pytest.approx(2 * once.cores)
    assert twice.redis_per_s == pytest.approx(2 * once.redis_per_s)
    assert twice.cost_a_thousand == pytest.approx(once.cost_a_thousand)


def test_open_pages_fill_redis_and_transactions_the_database() -> None:
    """Each page costs three commands when the queue moves, which is told twice a second at most."""
    busy = replace(EVEN, photos=1e6)
    quiet, crowded = (calculate(ONE, replace(busy, sockets=pages), Assumed()) for pages in (0, 12_000))
    assert crowded.redis_per_s == pytest.approx(quiet.redis_per_s + 12_000 * 3 * 2)
    assert crowded.first.name == "Redis"
    assert crowded.first.videos_a_day < quiet.first.videos_a_day
    idle = calculate(ONE, replace(EVEN, photos=864, sockets=10_000), Assumed())
    assert idle.redis_per_s == pytest.approx(864 / 86400 * (100 + 2 * 3 * 10_000))
    assert calculate(replace(ONE, transactions=1e4), EVEN, Assumed()).first.name == "PostgreSQL"


def test_what_is_assumed_is_called_so(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "measured.json"
    file.write_text(json.dumps(vars(ONE)))
    assert capacity.main(["--measured", str(file), "--photos", "1000", "--core-hour", "0.5"]) == 0
    said = capsys.readouterr().out
    assert "Measured: a machine" in said
    assert "1,000 photos a day" in said
    (card,) = [line for line in said.splitlines() if line.startswith("| graphics card")]
    assert "assumed, not measured" in card
    assert "0.5 a core and hour" in said


def test_the_measured_figures_that_come_along_can_be_used(capsys: pytest.CaptureFixture[str]) -> None:
    assert capacity.main([]) == 0
    assert "1,000,000 photos a day" in capsys.readouterr().out


def test_what_cannot_be_calculated_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "measured.json"
    file.write_text(json.dumps({"video_s": 1}))
    assert capacity.main(["--measured", str(file)]) == 2
    assert "lacks video_cpu_s" in capsys.readouterr().err
    assert capacity.main(["--measured", str(tmp_path / "none.json")]) == 2
    file.write_text(json.dumps(vars(ONE)))
    assert capacity.main(["--measured", str(file), "--use", "0"]) == 2
