"""Reports by anybody: no account, a secret link, urgent ones hide the video at once, and the owner is told why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.template.loader import render_to_string
from django.test import Client
from django.utils import timezone

from accounts.models import User
from animator.models import AuditEntry, Decision, FileCheck, Job, Report, Result
from animator.models.report import ReportReason
from animator.rules import RULES, rule_about
from animator.services.decision import Ruling, decide
from gpu_worker.errors import InputError
from tests.animator.conftest import finish_job

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators"),
]


def send(client: Client, address: str = "/report/", **changes: Any) -> Any:
    fields = {
        "reason": "fraud", "statement": "That is my uncle’s face.", "contact": "niece@example.org", "good_faith": "on",
    }  # fmt: skip
    return client.post(address, {name: value for name, value in {**fields, **changes}.items() if value is not None})


@pytest.fixture
def stranger() -> Client:
    return Client()


def test_a_stranger_reports_and_follows_by_the_secret_link(
    stranger: Client, finished_job: Job, moderator: User, owner: User
) -> None:
    answer = send(stranger, target=f"https://talk.example.org/jobs/{finished_job.id}/")
    assert answer.status_code == 302
    report = Report.objects.get()
    assert (report.job, report.reporter, report.contact) == (finished_job, None, "niece@example.org")
    assert report.good_faith
    assert AuditEntry.objects.filter(action="reported", actor=None, object_id=str(finished_job.id)).count() == 1
    secret = answer["Location"].rstrip("/").rsplit("/", 1)[-1]
    assert len(secret) >= 32
    assert secret not in str(Report.objects.values().get()), "only the hash is kept"
    page = Client().get(answer["Location"])
    assert page.status_code == 200
    assert page.context["outcome"]["state"] == "open"
    assert "no-store" in page["Cache-Control"]
    decide(moderator, report.id, Ruling("hide", "The uncle did not agree."))
    page = Client().get(answer["Location"])
    assert (page.context["outcome"]["state"], page.context["outcome"]["rule"].number) == ("upheld", 4)
    for private in ("The uncle did not agree.", owner.email, moderator.email, finished_job.title):
        assert private not in page.content.decode()


@pytest.mark.parametrize("secret", ["x", "0" * 32, "%00"])
def test_a_wrong_secret_shows_nothing(stranger: Client, finished_job: Job, secret: str) -> None:
    send(stranger, target=str(finished_job.id))
    assert stranger.get(f"/reports/follow/{secret}/").status_code == 404
    assert stranger.get(f"/reports/follow/{Report.objects.get().follow_hash}/").status_code == 404


def test_the_receipt_is_mailed_with_the_link(stranger: Client, finished_job: Job) -> None:
    answer = send(stranger, target=str(finished_job.id))
    (message,) = mail.outbox
    assert message.to == ["niece@example.org"]
    assert f"http://testserver{answer['Location']}" in message.body


def test_a_mail_server_that_is_away_loses_no_report(
    stranger: Client, finished_job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("animator.services.open_report.send_mail", away)
    assert send(stranger, target=str(finished_job.id)).status_code == 302
    assert Report.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reason": "dull"}, "reason"),
        ({"reason": None}, "reason"),
        ({"statement": "  "}, "statement"),
        ({"statement": "x" * 4001}, "statement"),
        ({"contact": ""}, "contact"),
        ({"contact": "", "reason": "intimate"}, "contact"),
        ({"contact": "nobody"}, "contact"),
        ({"good_faith": None}, "good_faith"),
    ],
)
def test_what_is_missing_is_said_at_its_field(stranger: Client, changes: dict[str, Any], field: str) -> None:
    answer = send(stranger, **changes)
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == [field]
    assert not Report.objects.exists()


@pytest.mark.parametrize("target", ["no number at all", "0b0e7a52-52f4-4b5a-9d53-6f6b0f1c3a11"])
def test_a_video_that_is_not_ours_is_said_to_be_unknown(stranger: Client, target: str) -> None:
    answer = send(stranger, target=target)
    assert answer.status_code == 404
    assert list(answer.context["form"].errors) == ["target"]
    assert not Report.objects.exists()


def test_a_photo_of_me_needs_no_number(stranger: Client, moderator: User) -> None:
    answer = send(stranger, reason="depicted", statement="My portrait talks on a forum.")
    report = Report.objects.get()
    assert (report.job_ref, report.reason) == (None, "depicted")
    assert b"No video is named" in stranger.get(answer["Location"]).content
    client = Client()
    client.force_login(moderator)
    assert client.get(f"/reports/{report.id}/").status_code == 200
    decide(moderator, report.id, Ruling("hide", "Found and handled by hand."))
    assert stranger.get(answer["Location"]).context["outcome"]["state"] == "upheld"


def test_from_a_checked_file_to_its_report(stranger: Client, finished_job: Job) -> None:
    """The number of the job is never told, and need not be typed."""
    check = FileCheck.objects.create(state="done", seen_at=timezone.now(), answer={}, job_ref=finished_job.id)
    page = stranger.get(f"/report/?check={check.id}")
    assert page.context["known"]
    assert str(finished_job.id) not in page.content.decode()
    assert send(stranger, f"/report/?check={check.id}").status_code == 302
    assert Report.objects.get().job == finished_job
    assert not stranger.get("/report/?check=x").context["known"]


@pytest.mark.parametrize(("reason", "contact"), [("intimate", "me@example.org"), ("minor", "")])
def test_urgent_reports_hide_the_video_at_once_and_start_the_clock(
    reason: str, contact: str, stranger: Client, finished_job: Job, owner: User, moderator: User
) -> None:
    video = f"/media/results/{finished_job.id}/video.mp4"
    mine, theirs = Client(), Client()
    mine.force_login(owner)
    theirs.force_login(moderator)
    assert mine.get(video, follow=True).status_code == 200
    before = timezone.now()
    answer = send(stranger, target=str(finished_job.id), reason=reason, contact=contact)
    assert answer.status_code == 302
    assert mine.get(video, follow=True).status_code == 404
    assert mine.get(f"/media/results/{finished_job.id}/poster.jpg").status_code == 404
    told = mine.get(f"/api/jobs/{finished_job.id}/").json()
    assert (told["removed"], told["hidden"], told["poster_url"]) == (True, True, None)
    page = mine.get(f"/jobs/{finished_job.id}/")
    assert (page.context["result"], page.context["removal"]["final"]) == (None, False)
    assert "hidden for now" in page.content.decode()
    assert theirs.get(video, follow=True).status_code == 200
    assert stranger.get(answer["Location"]).context["outcome"]["hidden"]
    report = Report.objects.get()
    assert report.due_at is not None
    assert timedelta(hours=48) <= report.due_at - before < timedelta(hours=48, minutes=5)
    assert AuditEntry.objects.filter(action="hidden", object_id=str(finished_job.id)).count() == 1

    decide(moderator, report.id, Ruling("no_action", "An adult, fully dressed."))
    assert mine.get(video, follow=True).status_code == 200


def test_a_video_stays_hidden_while_another_urgent_report_waits(
    stranger: Client, finished_job: Job, moderator: User
) -> None:
    for reason in ("intimate", "minor", "fraud"):
        send(stranger, target=str(finished_job.id), reason=reason)
    fraud, intimate, minor = (Report.objects.get(reason=reason) for reason in ("fraud", "intimate", "minor"))
    decide(moderator, intimate.id, Ruling("no_action", "No."))
    decide(moderator, fraud.id, Ruling("no_action", "No."))
    assert Result.objects.get().hidden_at is not None
    decide(moderator, minor.id, Ruling("no_action", "No."))
    assert Result.objects.get().hidden_at is None


def test_urgent_reports_come_first_and_show_their_clock(
    stranger: Client, make_job: Callable[..., Job], moderator: User
) -> None:
    jobs = [finish_job(make_job()) for _ in range(3)]
    for job, reason in zip(jobs, ("fraud", "minor", "intimate"), strict=True):
        send(stranger, target=str(job.id), reason=reason)
    Report.objects.filter(reason="intimate").update(due_at=timezone.now() - timedelta(hours=1))
    client = Client()
    client.force_login(moderator)
    page = client.get("/reports/")
    assert [report.reason for report in page.context["page"]] == ["intimate", "minor", "fraud"]
    assert "overdue since" in page.content.decode()
    assert "left</span>" in page.content.decode()


def test_the_owner_is_told_what_why_under_which_rule_and_how_to_object(
    stranger: Client, finished_job: Job, moderator: User, owner: User, settings: Any
) -> None:
    settings.CONTACT_EMAIL = "objections@example.org"
    send(stranger, target=str(finished_job.id), reason="no_consent", statement="My secret words.")
    client = Client()
    client.force_login(moderator)
    facts = "The person shown wrote to us that she never agreed."
    report = Report.objects.get()
    sent = client.post(f"/reports/{report.id}/", {"action": "hide", "reasons": facts, "rule": "4"})
    assert sent.status_code == 302
    assert Decision.objects.get().rule == 4
    client.force_login(owner)
    page = client.get(f"/jobs/{finished_job.id}/").content.decode()
    for said in (facts, "Rule 4: No deception", "The person shown did not agree", "objections@example.org",
                 "You can appeal until", str(finished_job.id)):  # fmt: skip
        assert said in page
    for private in ("My secret words.", "niece@example.org", moderator.email):
        assert private not in page


def test_without_a_choice_the_rule_is_the_one_the_report_is_about(
    stranger: Client, finished_job: Job, moderator: User
) -> None:
    send(stranger, target=str(finished_job.id), reason="hate")
    report = Report.objects.get()
    with pytest.raises(InputError) as caught:
        decide(moderator, report.id, Ruling("hide", "Bad.", 99))
    assert caught.value.code == "rule_unknown"
    decide(moderator, report.id, Ruling("hide", "Bad."))
    assert Decision.objects.get().rule == 5


def test_every_reason_has_its_rule_and_every_rule_is_on_the_page() -> None:
    for reason in ReportReason.values:
        assert rule_about(reason) in RULES
    page = render_to_string("pages/about.html")
    place = 0
    for number, rule in enumerate(RULES, 1):
        assert rule.number == number
        place = page.index(f"<li><strong>{rule.title}.</strong> {rule.text}</li>", place)


def test_one_visitor_may_not_report_without_end(stranger: Client, finished_job: Job, settings: Any) -> None:
    settings.PICTURETALK_REPORTS_PER_HOUR = 2
    statuses = [send(stranger, target=str(finished_job.id)).status_code for _ in range(3)]
    assert statuses == [302, 302, 429]
    assert Report.objects.count() == 2
