"""Appeals, refused holds, red videos, blocked photos, and the year's figures."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import User
from animator.models import (
    Appeal,
    BlockedPhoto,
    Decision,
    Hold,
    Job,
    Notice,
    Photo,
    QualityReview,
    Report,
    Result,
    UsageEntry,
)
from animator.models.appeal import AppealSide
from animator.models.decision import DecisionState
from animator.models.report import ReportState
from animator.selectors.copies import copies_of
from animator.selectors.quota import today, used_of_plan
from animator.selectors.standing import standing
from animator.selectors.statement import statement_path
from animator.selectors.statistics import yearly_figures
from animator.services import item_lock, job_run
from animator.services.appeal import decide_appeal, make_appeal
from animator.services.decision import Ruling, decide, second_opinion
from animator.services.hold import hold_job, refuse, release
from animator.services.job import retry_job
from animator.services.open_report import OpenReport, make_open_report
from animator.services.quality_review import decide_review
from gpu_worker.errors import InputError
from tests.animator.conftest import finish_job, make_ready_photo, stored_video

pytestmark = pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators")


def open_report(job: Job, reason: str = "fraud") -> tuple[Report, str]:
    return make_open_report(OpenReport(reason, "That is wrong.", "reporter@example.org", True, str(job.id)))


def refusal(action: Callable[[], object]) -> str:
    with pytest.raises(InputError) as caught:
        action()
    return caught.value.code


@pytest.fixture
def second(make_user: Callable[..., User]) -> User:
    return make_user("second@example.com", is_moderator=True)


@pytest.fixture
def hidden(finished_job: Job, moderator: User) -> Decision:
    ruling = Ruling("hide", "Not agreed.", account_action="limit")
    return decide(moderator, open_report(finished_job)[0].id, ruling)


# --- by the owner ---


def test_an_appeal_brings_a_hidden_video_back(
    hidden: Decision, finished_job: Job, moderator: User, second: User, owner: User
) -> None:
    anybody = Client()
    page = anybody.get(statement_path(hidden))
    assert "Not agreed." in page.content.decode()
    assert "reporter@example.org" not in page.content.decode()
    assert anybody.post(statement_path(hidden), {"statement": ""}).status_code == 400
    assert anybody.post(statement_path(hidden), {"statement": "She signed, see here."}).status_code == 302
    assert anybody.post(statement_path(hidden), {"statement": "Again."}).status_code == 400
    appeal = Appeal.objects.get()
    assert refusal(lambda: decide_appeal(moderator, appeal.id, overturn=True, reasons="x")) == "other_moderator_needed"
    assert refusal(lambda: decide_appeal(second, appeal.id, overturn=True, reasons=" ")) == "decision_without_reasons"
    with pytest.raises(Appeal.DoesNotExist):
        decide_appeal(owner, appeal.id, overturn=True, reasons="Mine.")
    signed_in = Client()
    signed_in.force_login(second)
    sent = {"agrees": "yes", "reasons": "The signature is good."}
    assert signed_in.post(f"/moderation/appeals/{appeal.id}/", sent).status_code == 302
    assert Result.objects.get(job=finished_job).removed_at is None
    assert standing(owner).limited is None
    hidden.refresh_from_db()
    assert hidden.state == DecisionState.REVERSED
    text = anybody.get(statement_path(hidden)).content.decode()
    for said in ("Reversed on appeal", "The signature is good.", "The video can be seen again.", "has ended"):
        assert said in text, said
    assert refusal(lambda: decide_appeal(second, appeal.id, overturn=False, reasons="x")) == "appeal_is_decided"


def test_an_appeal_may_be_rejected(hidden: Decision, finished_job: Job, second: User) -> None:
    appeal = make_appeal(hidden, AppealSide.OWNER, "I like it.")
    decide_appeal(second, appeal.id, overturn=False, reasons="Nothing new.")
    assert Result.objects.get(job=finished_job).removed_at is not None
    hidden.refresh_from_db()
    assert hidden.state == DecisionState.IN_FORCE


def test_one_appeals_for_six_months(hidden: Decision) -> None:
    Decision.objects.update(in_force_at=timezone.now() - timedelta(days=184))
    hidden.refresh_from_db()
    assert refusal(lambda: make_appeal(hidden, AppealSide.OWNER, "Late.")) == "appeal_too_late"
    assert "any more" in Client().get(statement_path(hidden)).content.decode()
    Decision.objects.update(in_force_at=timezone.now() - timedelta(days=182))
    hidden.refresh_from_db()
    assert make_appeal(hidden, AppealSide.OWNER, "In time.").state == "open"


def test_a_statement_opens_to_nobody_without_its_key(hidden: Decision, client: Client) -> None:
    path = statement_path(hidden)
    assert client.get(path[:-3] + "x/").status_code == 404
    assert client.get(f"/statements/{hidden.id}/").status_code == 404


def test_what_was_blocked_is_unblocked_but_not_brought_back(
    finished_job: Job, moderator: User, second: User, make_user: Callable[..., User], other: User
) -> None:
    sha256 = finished_job.photo.sha256
    decision = decide(moderator, open_report(finished_job)[0].id, Ruling("block", "Stolen."))
    assert not BlockedPhoto.objects.exists()
    decision = second_opinion(second, decision.id, agrees=True)
    assert BlockedPhoto.objects.get().sha256 == sha256
    again = Photo.objects.filter(id=make_ready_photo(other).id)
    assert again.get().sha256 == sha256
    appeal = make_appeal(decision, AppealSide.OWNER, "It is my own.")
    third = make_user("third@example.com", is_moderator=True)
    assert refusal(lambda: decide_appeal(second, appeal.id, overturn=True, reasons="x")) == "other_moderator_needed"
    decide_appeal(third, appeal.id, overturn=True, reasons="It was.")
    assert not BlockedPhoto.objects.exists()
    assert "cannot be brought back" in Appeal.objects.get().outcome_note


# --- by whoever reported ---


def test_a_reporter_appeals_against_a_dismissal_and_others_decide_anew(
    finished_job: Job, moderator: User, second: User, make_user: Callable[..., User]
) -> None:
    report, secret = open_report(finished_job, "intimate")
    follow = f"/reports/follow/{secret}/"
    stranger = Client()
    assert stranger.post(follow, {"statement": "Hurry."}).status_code == 400, "nothing is decided yet"
    decide(moderator, report.id, Ruling("no_action", "An adult at the beach."))
    assert Result.objects.get(job=finished_job).hidden_at is None
    assert "You can appeal until" in stranger.get(follow).content.decode()
    assert stranger.post(follow, {"statement": "Look again at second 3."}).status_code == 302
    assert "It has arrived" in stranger.get(follow).content.decode()
    decide_appeal(second, Appeal.objects.get().id, overturn=True, reasons="Second 3 was overlooked.")
    report.refresh_from_db()
    assert (report.state, report.decision) == (ReportState.OPEN, None)
    assert report.due_at is not None
    assert report.due_at > timezone.now() + timedelta(hours=47)
    assert Result.objects.get(job=finished_job).hidden_at is not None, "hidden again until the new decision"
    assert refusal(lambda: decide(moderator, report.id, Ruling("no_action", "No."))) == "other_moderator_needed"
    decide(second, report.id, Ruling("hide", "Intimate."))
    assert "The video was taken down" in stranger.get(follow).content.decode()


def test_the_owner_cannot_appeal_against_a_dismissal(finished_job: Job, moderator: User) -> None:
    decision = decide(moderator, open_report(finished_job)[0].id, Ruling("no_action", "Fine."))
    assert refusal(lambda: make_appeal(decision, AppealSide.OWNER, "Why?")) == "nothing_to_appeal"


# --- holds ---


def test_a_refused_job_can_be_appealed_and_made_after_all(job: Job, moderator: User, second: User, owner: User) -> None:
    hold = hold_job(job, "text_rule", {"category": "fraud"})
    item_lock.claim(second, "hold", hold.id)
    assert refusal(lambda: release(hold, moderator)) == "item_locked"
    item_lock.release(second, "hold", hold.id)
    hold = refuse(hold, moderator, "Sounds like fraud.", 4)
    assert Notice.objects.get(about_type="hold").address == owner.email
    signed_in = Client()
    signed_in.force_login(owner)
    assert statement_path(hold) in signed_in.get(f"/jobs/{job.id}/").content.decode()
    assert signed_in.post(statement_path(hold), {"statement": "It is a play."}).status_code == 302
    appeal = Appeal.objects.get()
    assert refusal(lambda: decide_appeal(moderator, appeal.id, overturn=True, reasons="x")) == "other_moderator_needed"
    reader = Client()
    reader.force_login(second)
    assert "It is a play." in reader.get(f"/moderation/appeals/{appeal.id}/").content.decode()
    decide_appeal(second, appeal.id, overturn=True, reasons="It is a play.")
    assert retry_job(owner, job.id).state == "queued"


# --- red videos ---


def finish_red(job: Job) -> Job:
    claimed = job_run.claim(job.id, job.token, "test")
    assert claimed is not None
    video = replace(stored_video(job.id, claimed.token, b"red" * 50), verdict="red")
    assert job_run.finish(job.id, claimed.token, video)
    return Job.objects.get(id=job.id)


@pytest.mark.parametrize(("setting", "status"), [("deliver", 200), ("hold", 404)])
def test_a_red_video_is_listed_for_a_human_look(
    setting: str, status: int, job: Job, moderator: User, signed_in: Client, settings: Any, client: Client
) -> None:
    settings.RED_VIDEOS = setting
    finish_red(job)
    video = f"/media/results/{job.id}/video.mp4"
    assert signed_in.get(video, follow=True).status_code == status
    review = QualityReview.objects.get()
    reader = Client()
    reader.force_login(moderator)
    assert "Quality: the certificate is red" in reader.get("/moderation/").content.decode()
    assert reader.get(video, follow=True).status_code == 200
    assert reader.post(f"/moderation/quality/{review.id}/", {"agrees": "no"}).status_code == 400
    assert reader.post(f"/moderation/quality/{review.id}/", {"agrees": "yes"}).status_code == 302
    assert signed_in.get(video, follow=True).status_code == 200
    assert reader.get(video, follow=True).status_code == 404, "it is no longer theirs to see"
    assert refusal(lambda: decide_review(moderator, review.id, keep=True)) == "review_is_decided"


def test_a_withdrawn_video_costs_nothing(job: Job, moderator: User, owner: User, signed_in: Client) -> None:
    finish_red(job)
    assert used_of_plan(owner, "job", today()) == 1
    decide_review(moderator, QualityReview.objects.get().id, keep=False, reasons="The mouth is doubled.")
    assert used_of_plan(owner, "job", today()) == 0
    assert used_of_plan(owner, "video_ms", today()) == 0
    assert UsageEntry.objects.filter(step="refund").exists()
    page = signed_in.get(f"/jobs/{job.id}/").content.decode()
    assert "This video was withdrawn" in page
    assert "The mouth is doubled." in page


def test_a_green_video_needs_no_look(finished_job: Job) -> None:
    assert not QualityReview.objects.exists()


# --- copies by likeness ---


def test_copies_are_found_by_likeness(finished_job: Job, other: User, make_job: Callable[..., Job]) -> None:
    near, far = finish_job(make_job(other), b"n" * 60), finish_job(make_job(other), b"f" * 60)
    hashes = ["f0f0f0f0f0f0f0f0"]
    Photo.objects.filter(id=finished_job.photo_id).update(hashes=hashes)
    Photo.objects.filter(id=near.photo_id).update(sha256="1" * 64, hashes=["f0f0f0f0f0f0f0f3"])
    Photo.objects.filter(id=far.photo_id).update(sha256="2" * 64, hashes=["0f0f0f0f0f0f0f0f"])
    assert [job.id for job in copies_of(Job.objects.get(id=finished_job.id))] == [near.id]


# --- figures ---


def test_the_figures_match_the_rows(
    moderator: User, second: User, make_job: Callable[..., Job], client: Client
) -> None:
    def at(hours: float) -> datetime:
        return datetime(2025, 6, 1, tzinfo=UTC) + timedelta(hours=hours)

    made = [finish_job(make_job(), f"{number}".encode() * 50) for number in range(4)]
    for number, job in enumerate(made):
        Photo.objects.filter(id=job.photo_id).update(sha256=str(number) * 64)
    reasons = ("fraud", "intimate", "minor", "hate")
    reports = [open_report(job, reason)[0] for job, reason in zip(made, reasons, strict=True)]
    first = decide(moderator, reports[0].id, Ruling("no_action", "Fine."))
    hidden = decide(moderator, reports[1].id, Ruling("hide", "Bad.", account_action="warn"))
    decide(moderator, reports[2].id, Ruling("remove", "Worse."))
    appeal = make_appeal(hidden, AppealSide.OWNER, "No.")
    decide_appeal(second, appeal.id, overturn=True, reasons="Right.")
    # A year of its own: in it reports are decided after 2, 10 and 100 hours, and one is open.
    Report.objects.update(created_at=at(0))
    for report, hours in zip(reports, (2, 10, 100), strict=False):
        Report.objects.filter(id=report.id).update(decided_at=at(hours))
    Report.objects.filter(due_at__isnull=False).update(due_at=at(48))
    Decision.objects.update(in_force_at=at(5))
    Appeal.objects.update(created_at=at(20), decided_at=at(23))
    Hold.objects.create(job_ref=made[0].id, code="nudity", told="x")
    Hold.objects.update(created_at=at(0), outcome="released", decided_at=at(4))
    assert first.state == "in_force"

    figures = {(figure.section, figure.name): figure.value for figure in yearly_figures(2025)}
    expected: dict[tuple[str, str], float] = {
        ("Reports", "All"): 4,
        ("Reports", "Without an account"): 4,
        ("Reports by reason", "Intimate or sexual"): 1,
        ("Reports by outcome", "Open"): 1,
        ("Reports by outcome", "Upheld"): 2,
        ("Reports by outcome", "Dismissed"): 1,
        ("Time", "Median from report to decision"): 10.0,
        ("Urgent reports", "All"): 2,
        ("Urgent reports", "Decided within 48 hours"): 1,
        ("Urgent reports", "Decided later"): 1,
        ("Urgent reports", "Open"): 0,
        ("Decisions", "All (one for each owner concerned)"): 3,
        ("Decisions", "Reversed on appeal"): 1,
        ("Decisions by measure", "No action"): 1,
        ("Decisions by measure", "Hide the video"): 1,
        ("Decisions by measure", "Remove the video"): 1,
        ("Measures on accounts", "Warn"): 1,
        ("Decisions by automation", "No program took part"): 1,
        ("Decisions by automation", "Hidden by a program until a person decided"): 2,
        ("Stopped by a program for a person to look", "All"): 1,
        ("Time", "Median from stop to decision"): 4.0,
        ("Appeals", "All"): 1,
        ("Appeals by outcome", "The decision was reversed"): 1,
        ("Time", "Median from appeal to its decision"): 3.0,
    }
    assert {key: figures[key] for key in expected} == expected
    client.force_login(moderator)
    file = client.get("/moderation/statistics/?year=2025&format=csv").content.decode()
    rows = list(csv.DictReader(file.splitlines()))
    assert [row["value"] for row in rows] == ["" if value is None else str(value) for value in figures.values()]
    assert client.get("/moderation/statistics/?year=2025").status_code == 200
    for year in ("1999", "x", "²"):
        assert client.get(f"/moderation/statistics/?year={year}").status_code == 404
    assert all(figure.value in (0, None) for figure in yearly_figures(2019))
    assert mail.outbox == []
