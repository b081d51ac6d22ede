"""Administrators' pages: the numbers are those of the ledger, the plots say the same, and more is given there."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from animator.charts import bar_chart
from animator.models import Grant, Job, Plan, UsageEntry, UserLimits
from animator.selectors import usage
from animator.selectors.quota import limits_for, today
from animator.services import job_run
from gpu_worker.errors import InputError
from tests.animator.conftest import finish_job


@pytest.fixture
def office(client: Client, administrator: User) -> Client:
    client.force_login(administrator)
    return client


@pytest.fixture
def week(make_job: Callable[..., Job], owner: User, other: User) -> None:
    """One video of the owner's made, one failed; two of the other's waiting, and an old use."""
    finish_job(make_job(owner))
    failed = make_job(owner)
    job_run.claim(failed.id, failed.token, "w")
    job_run.fail_input(failed.id, failed.token, InputError("no_speech", "No words.", ""))
    make_job(other)
    make_job(other)
    UsageEntry.objects.create(
        user=other, unit="job", step="carry", amount=5, charge="0" * 32, day=today() - timedelta(days=20)
    )


def test_the_numbers_are_those_of_the_ledger(week: None, owner: User, other: User) -> None:
    day = usage.use_by_day(7)[-1]
    assert (day.day, day.videos, day.failed, day.uploads) == (today(), 3, 1, 0)
    assert day.wait_s is not None
    assert [one.videos for one in usage.use_by_day(7)[:-1]] == [0] * 6
    lines = {line.user: line for line in usage.use_by_user(7)}
    assert (lines[owner].videos, lines[owner].failed, lines[other].videos) == (1, 1, 2)
    assert {line.user: line.videos for line in usage.use_by_user(30)}[other] == 7
    assert lines[owner].videos_left_today == limits_for(owner).jobs_per_day - 1
    assert lines[owner].stored_bytes > 1000
    assert usage.failures_by_code(7) == [("no_speech", 1)]
    assert usage.queue_now() == {"waiting": 2, "held": 0, "running": 0}
    assert usage.use_by_plan(lines.values())[0]["users"] == 2


def test_the_page_shows_numbers_plots_and_tables(week: None, office: Client, owner: User) -> None:
    page = office.get("/usage/?days=7").content.decode()
    assert page.count("<svg viewBox") == 5
    assert page.count("<table") == 4
    assert owner.email in page
    assert "<code>no_speech</code>" in page
    assert "Good morning" not in page, "what was said is nobody's business here"
    assert office.get("/usage/?days=5000").status_code == 200


@pytest.mark.parametrize(("table", "rows"), [("days", 31), ("users", 3), ("failures", 2)])
def test_the_tables_come_as_csv(table: str, rows: int, week: None, office: Client) -> None:
    response = office.get(f"/usage/{table}.csv?days=30")
    assert response["Content-Type"].startswith("text/csv")
    assert len(list(csv.reader(io.StringIO(response.content.decode())))) == rows
    assert office.get("/usage/secrets.csv").status_code == 404


def test_a_cell_is_no_formula(office: Client, make_user: Callable[..., User], make_job: Callable[..., Job]) -> None:
    make_job(make_user("=cmd@example.com"))
    assert "'=cmd@example.com" in office.get("/usage/users.csv").content.decode()


def test_limits_are_set_and_grants_given_and_taken_back(office: Client, owner: User, administrator: User) -> None:
    large = Plan.objects.create(name="Large", jobs_per_day=99)
    address = f"/usage/users/{owner.id}/"
    assert office.post(address, {"plan": large.id, "storage_bytes": "5000"}).status_code == 302
    assert (limits_for(owner).jobs_per_day, limits_for(owner).storage_bytes) == (99, 5000)
    assert office.post(address, {"plan": "", "jobs_per_day": "-1"}).status_code == 400
    last = (timezone.now() + timedelta(days=3)).date().isoformat()
    given = {"amount": "4", "unit": "minutes", "last_day": last, "note": "Wedding"}
    assert office.post(f"{address}grant/", given).status_code == 302
    grant = Grant.objects.get()
    assert (grant.user, grant.amount, grant.granted_by) == (owner, 4, administrator)
    assert "Wedding" in office.get(address).content.decode()
    assert office.post(f"{address}grant/", {**given, "last_day": "2020-01-01"}).status_code == 400
    assert office.post(f"{address}grant/{grant.id}/revoke/").status_code == 302
    assert not Grant.objects.get().is_valid
    assert UserLimits.objects.get().plan == large


def test_a_chart_keeps_within_its_frame() -> None:
    chart = bar_chart("Days", "videos", [(str(day), day) for day in range(90)])
    assert all(chart.left <= bar.x and bar.x + bar.width <= chart.width for bar in chart.bars)
    assert all(bar.y >= 0 and bar.y + bar.height == pytest.approx(chart.base, abs=0.2) for bar in chart.bars)
    assert [tick.text for tick in chart.ticks] == ["0", "50", "100"]
    assert 0 < sum(bool(bar.name) for bar in chart.bars) <= 8
    assert chart.bars[-1].name == "89"
    assert bar_chart("None", "", []).bars == ()
