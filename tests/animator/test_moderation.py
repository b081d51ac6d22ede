"""Decisions: what each does, to whom it is told, and who has to agree."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import User
from animator.models import AuditEntry, Decision, ItemLock, Job, Notice, Photo, Report, Result
from animator.models.decision import AccountAction, DecisionState
from animator.models.job import JobState
from animator.models.report import ReportState
from animator.selectors.moderation_queue import moderation_queue, next_item
from animator.selectors.standing import standing
from animator.selectors.statement import statement_path
from animator.services import item_lock, notice
from animator.services.decision import Ruling, decide, second_opinion
from animator.services.job import create_job, delete_job
from animator.services.open_report import OpenReport, make_open_report
from animator.services.standing import lift
from gpu_worker.errors import InputError
from gpu_worker.tasks import send_notice
from tests.animator.conftest import (
    finish_job,
    job_request,
    make_ready_photo,
    make_ready_speech,
    photo_file,
    stored_files,
)

pytestmark = pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators")

Commit = Callable[..., Any]


def open_report(job: Job, reason: str = "fraud") -> Report:
    wanted = OpenReport(reason, "That is wrong.", "reporter@example.org", True, str(job.id))
    return make_open_report(wanted)[0]


def refusal(action: Callable[[], object]) -> str:
    with pytest.raises(InputError) as caught:
        action()
    return caught.value.code


@pytest.fixture
def second(make_user: Callable[..., User]) -> User:
    return make_user("second@example.com", is_moderator=True, first_name="Ada", last_name="Second")


@pytest.fixture
def report(finished_job: Job) -> Report:
    return open_report(finished_job)


def seen_by_owner(job: Job) -> int:
    client = Client()
    client.force_login(job.owner)
    return client.get(f"/media/results/{job.id}/video.mp4", follow=True).status_code


def deliver() -> None:
    for row in Notice.objects.filter(state="waiting"):
        send_notice(str(row.id))


# --- what each decision does ---


def test_no_action_leaves_everything(report: Report, moderator: User, finished_job: Job) -> None:
    decision = decide(moderator, report.id, Ruling("no_action", "All is well."))
    assert (decision.state, decision.rule, decision.subject) == (DecisionState.IN_FORCE, None, finished_job.owner)
    assert seen_by_owner(finished_job) == 200
    report.refresh_from_db()
    assert (report.state, report.decision) == (ReportState.DISMISSED, decision)


def test_a_marked_video_carries_the_mark(report: Report, moderator: User, finished_job: Job, client: Client) -> None:
    decide(moderator, report.id, Ruling("label", "Looks real.", label="Satire: he never said it."))
    client.force_login(finished_job.owner)
    assert "Satire: he never said it." in client.get(f"/jobs/{finished_job.id}/").content.decode()
    assert seen_by_owner(finished_job) == 200


def test_a_hidden_video_keeps_its_files(
    report: Report, moderator: User, finished_job: Job, media_folder: Path, django_capture_on_commit_callbacks: Commit
) -> None:
    before = stored_files(media_folder)
    with django_capture_on_commit_callbacks(execute=True):
        decide(moderator, report.id, Ruling("hide", "Not agreed."))
    assert (seen_by_owner(finished_job), stored_files(media_folder)) == (404, before)


def test_a_removed_video_is_erased(
    report: Report, moderator: User, finished_job: Job, media_folder: Path, django_capture_on_commit_callbacks: Commit
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        decide(moderator, report.id, Ruling("remove", "Not agreed."))
    assert [file for file in stored_files(media_folder) if file.startswith("results")] == []
    finished_job.refresh_from_db()
    assert finished_job.erased_why == "moderation"
    client = Client()
    client.force_login(finished_job.owner)
    page = client.get(f"/jobs/{finished_job.id}/")
    assert "Not agreed." in page.content.decode()
    assert page.context["removal"]["can_appeal"]


def test_blocking_waits_for_a_second_moderator(
    report: Report, moderator: User, second: User, finished_job: Job, media_folder: Path,
    django_capture_on_commit_callbacks: Commit,
) -> None:  # fmt: skip
    before = stored_files(media_folder)
    decision = decide(moderator, report.id, Ruling("block", "Stolen photo."))
    assert decision.state == DecisionState.PENDING
    assert (seen_by_owner(finished_job), stored_files(media_folder)) == (404, before), "hidden, nothing erased yet"
    report.refresh_from_db()
    assert report.state == ReportState.OPEN
    assert refusal(lambda: second_opinion(moderator, decision.id, agrees=True)) == "other_moderator_needed"
    assert refusal(lambda: decide(second, report.id, Ruling("no_action", "No."))) == "decision_pending"
    with django_capture_on_commit_callbacks(execute=True):
        second_opinion(second, decision.id, agrees=True)
    decision.refresh_from_db()
    assert (decision.state, decision.second_moderator) == (DecisionState.IN_FORCE, second)
    assert stored_files(media_folder) == []
    assert Photo.objects.get(id=finished_job.photo_id).state == "erased"
    assert refusal(lambda: second_opinion(second, decision.id, agrees=True)) == "decision_not_pending"


def test_a_second_moderator_who_does_not_agree_sends_it_back(
    report: Report, moderator: User, second: User, finished_job: Job
) -> None:
    decision = decide(moderator, report.id, Ruling("no_action", "A repeater.", account_action="suspend"))
    assert refusal(lambda: second_opinion(second, decision.id, agrees=False)) == "decision_without_reasons"
    second_opinion(second, decision.id, agrees=False, reasons="Too hard.")
    assert (seen_by_owner(finished_job), standing(finished_job.owner).suspended) == (200, None)
    assert decide(second, report.id, Ruling("label", "Enough.")).state == DecisionState.IN_FORCE


def test_an_urgent_video_stays_hidden_when_the_second_refuses(finished_job: Job, moderator: User, second: User) -> None:
    report = open_report(finished_job, "intimate")
    decision = decide(moderator, report.id, Ruling("block", "Intimate."))
    second_opinion(second, decision.id, agrees=False, reasons="Not the same person.")
    assert seen_by_owner(finished_job) == 404


def test_a_site_with_one_moderator_may_say_so(
    report: Report, moderator: User, finished_job: Job, settings: Any
) -> None:
    settings.SECOND_MODERATOR = False
    assert decide(moderator, report.id, Ruling("no_action", "x", account_action="freeze")).state == "in_force"
    assert standing(finished_job.owner).frozen is not None


@pytest.mark.parametrize(
    ("ruling", "code"),
    [
        (Ruling("burn", "x"), "decision_unknown"),
        (Ruling("hide", "x", account_action="shout"), "decision_unknown"),
        (Ruling("hide", "  "), "decision_without_reasons"),
        (Ruling("hide", "x", rule=77), "rule_unknown"),
    ],
)
def test_what_cannot_be_decided(ruling: Ruling, code: str, report: Report, moderator: User) -> None:
    assert refusal(lambda: decide(moderator, report.id, ruling)) == code
    assert not Decision.objects.exists()


def test_nobody_knows_whose_a_deleted_video_was(
    report: Report, moderator: User, owner: User, finished_job: Job
) -> None:
    delete_job(owner, finished_job.id)
    assert refusal(lambda: decide(moderator, report.id, Ruling("hide", "x", account_action="warn"))) == (
        "no_account_to_measure"
    )
    assert refusal(lambda: decide(moderator, report.id, Ruling("block", "x"))) == "no_video_to_measure"
    assert decide(moderator, report.id, Ruling("hide", "x")).subject is None


# --- measures on accounts ---


def act(moderator: User, report: Report, measure: str, **changes: Any) -> Decision:
    return decide(moderator, report.id, Ruling("no_action", "Again.", account_action=measure, **changes))


def test_a_warning_is_a_strike_and_nothing_more(report: Report, moderator: User, owner: User, make_job: Any) -> None:
    assert act(moderator, report, "warn").expires_at is None
    assert standing(owner).gravest is None
    assert make_job() is not None


def test_a_limited_account_makes_one_video_a_day(
    report: Report, moderator: User, owner: User, make_job: Callable[..., Job], settings: Any
) -> None:
    settings.PICTURETALK_LIMITED_JOBS_PER_DAY = 2  # the reported one was made today
    decision = act(moderator, report, "limit", days=7)
    assert decision.expires_at is not None
    assert timedelta(days=6) < decision.expires_at - timezone.now() <= timedelta(days=7)
    make_job()
    assert refusal(make_job) == "account_limited"
    Decision.objects.update(expires_at=timezone.now())
    assert make_job() is not None, "it ends by itself"


def test_a_frozen_account_sees_everything_and_makes_nothing(
    report: Report, moderator: User, second: User, owner: User, finished_job: Job, make_job: Callable[..., Job],
    settings: Any, client: Client,
) -> None:  # fmt: skip
    running = make_job()
    photo, speech = make_ready_photo(owner), make_ready_speech(owner)
    decision = act(moderator, report, "freeze")
    assert standing(owner).frozen is None, "not before a second moderator agrees"
    second_opinion(second, decision.id, agrees=True)
    assert Job.objects.get(id=running.id).state == JobState.CANCELLED
    assert refusal(lambda: create_job(owner, job_request(photo, speech))) == "account_frozen"
    client.force_login(owner)
    answer = client.post("/api/photos/", {"file": photo_file()})
    assert (answer.status_code, answer.json()["error"]) == (403, "account_frozen")
    answer = client.post("/api/speech/", {"kind": "typed", "text": "Hi"}, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]) == (403, "account_frozen")
    assert client.post(f"/api/jobs/{running.id}/retry/").status_code == 403
    page = client.get(f"/jobs/{finished_job.id}/").content.decode()
    assert "Your account is frozen" in page
    assert seen_by_owner(finished_job) == 200
    assert client.get("/decisions/").context["decisions"][0]["number"] == decision.id
    lift(second, decision.id, "He has understood.")
    assert create_job(owner, job_request(photo, speech)) is not None
    assert refusal(lambda: lift(second, decision.id, "Again.")) == "measure_is_over"


def test_a_suspended_account_cannot_sign_in_and_is_told_why(
    report: Report, moderator: User, second: User, owner: User
) -> None:
    already_in = Client()
    already_in.force_login(owner)
    decision = act(moderator, report, "suspend", days=30)
    second_opinion(second, decision.id, agrees=True)
    reasons = statement_path(decision)
    assert already_in.get("/api/jobs/").json()["error"] == "account_suspended"
    assert already_in.get("/api/jobs/").status_code == 401, "the session has ended"
    already_in.force_login(owner)
    assert already_in.get("/jobs/").url == reasons  # type: ignore[attr-defined]  # a redirection
    fresh = Client()
    answer = fresh.post("/accounts/login/", {"login": owner.email, "password": "a long pass word"})
    assert (answer.status_code, answer["Location"]) == (302, reasons)
    assert "_auth_user_id" not in fresh.session
    page = fresh.get(reasons).content.decode()
    assert "Your account is suspended" in page
    assert "Again." in page
    Decision.objects.filter(id=decision.id).update(expires_at=timezone.now())
    fresh.post("/accounts/login/", {"login": owner.email, "password": "a long pass word"})
    assert fresh.get("/jobs/").status_code == 200, "it ends by itself"


# --- telling ---


def test_the_statement_of_reasons_is_mailed_after_the_commit(
    report: Report, moderator: User, owner: User, finished_job: Job, django_capture_on_commit_callbacks: Commit
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        decision = decide(moderator, report.id, Ruling("hide", "She wrote that she never agreed.", rule=1))
        assert mail.outbox == []
    assert callbacks
    deliver()
    to_owner = next(message for message in mail.outbox if message.to == [owner.email])
    for said in ("hidden", "She wrote that she never agreed.", "Rule 1: Consent", "a person", "Fraud",
                 str(finished_job.id), "appeal until", statement_path(decision)):  # fmt: skip
        assert said in to_owner.body, said
    assert "That is wrong." not in to_owner.body, "never the words of whoever reported"
    to_reporter = next(message for message in mail.outbox if message.to == ["reporter@example.org"])
    assert "The video was hidden" in to_reporter.body
    assert "never agreed" not in to_reporter.body
    assert list(Notice.objects.values_list("address", "body", "state")) == [("", "", "sent")] * 2, "forgotten once sent"


def test_a_message_that_cannot_be_mailed_is_tried_again(
    report: Report, moderator: User, settings: Any, django_capture_on_commit_callbacks: Commit
) -> None:
    settings.EMAIL_BACKEND = "tests.animator.test_moderation.BrokenBackend"
    with django_capture_on_commit_callbacks(execute=True):
        decide(moderator, report.id, Ruling("hide", "Bad."))
    rows = Notice.objects.filter(address="owner@example.com")
    for attempt in range(1, 4):
        deliver()
        assert rows.get().attempts == attempt
    assert rows.get().state == "waiting"
    assert rows.get().next_at > timezone.now()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert notice.recover(timezone.now()) == 0, "not before its time"
    assert notice.recover(timezone.now() + timedelta(days=1)) == 2
    deliver()
    assert rows.count() == 0
    assert "owner@example.com" in [message.to[0] for message in mail.outbox]


def test_a_message_is_given_up_after_the_last_try(report: Report, moderator: User, settings: Any) -> None:
    settings.EMAIL_BACKEND = "tests.animator.test_moderation.BrokenBackend"
    decide(moderator, report.id, Ruling("hide", "Bad."))
    for _ in range(12):
        deliver()
    assert set(Notice.objects.values_list("state", "attempts")) == {("given_up", 8)}


class BrokenBackend:
    """A mail server that is away."""

    def __init__(self, **kwargs: Any) -> None:
        self.kwargs = kwargs

    def send_messages(self, messages: list[Any]) -> int:
        raise ConnectionRefusedError("no mail server")


# --- copies ---


def test_copies_are_decided_together_with_a_statement_for_each_owner(
    finished_job: Job, moderator: User, owner: User, other: User, make_job: Callable[..., Job], client: Client
) -> None:
    copy, unlike = finish_job(make_job(other)), finish_job(make_job(other), b"other" * 50)
    Photo.objects.filter(id=unlike.photo_id).update(sha256="0" * 64)
    report, too = open_report(finished_job), open_report(copy, "hate")
    client.force_login(moderator)
    page = client.get(f"/reports/{report.id}/")
    assert [line["id"] for line in page.context["copies"]] == [copy.id]
    sent = {"action": "hide", "reasons": "The same fraud.", "copies": [str(copy.id)], "rule": "4"}
    assert client.post(f"/reports/{report.id}/", {**sent, "copies": [str(unlike.id)]}).status_code == 400
    assert client.post(f"/reports/{report.id}/", sent).status_code == 302
    assert [seen_by_owner(job) for job in (finished_job, copy, unlike)] == [404, 404, 200]
    main, part = Decision.objects.get(part_of=None), Decision.objects.get(part_of__isnull=False)
    assert (main.subject, part.subject, part.automation) == (owner, other, "copy")
    assert set(Report.objects.values_list("state", "decision_id")) == {("upheld", main.id)}
    assert too.id
    assert sorted(Notice.objects.values_list("address", flat=True)) == sorted(
        [owner.email, other.email, "reporter@example.org", "reporter@example.org"]
    )


# --- evidence ---


def test_an_owner_cannot_delete_what_an_urgent_report_is_about(
    finished_job: Job, moderator: User, owner: User, media_folder: Path, client: Client,
    django_capture_on_commit_callbacks: Commit,
) -> None:  # fmt: skip
    report = open_report(finished_job, "minor")
    before = stored_files(media_folder)
    client.force_login(owner)
    with django_capture_on_commit_callbacks(execute=True):
        assert client.delete(f"/api/jobs/{finished_job.id}/").status_code == 204
    assert stored_files(media_folder) == before
    assert client.get(f"/api/jobs/{finished_job.id}/").status_code == 404
    assert client.get("/api/jobs/").json()["jobs"] == []
    assert AuditEntry.objects.filter(action="job_deleted", detail__kept="until the decision").exists()
    client.force_login(moderator)
    assert client.get(f"/media/results/{finished_job.id}/video.mp4", follow=True).status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        decide(moderator, report.id, Ruling("no_action", "An adult."))
    assert stored_files(media_folder) == [], "now the deletion is carried out"
    assert not Job.objects.filter(id=finished_job.id).exists()


# --- locks and the queue ---


def test_what_somebody_works_on_cannot_be_decided_by_another(
    report: Report, moderator: User, second: User, client: Client
) -> None:
    client.force_login(second)
    client.get(f"/reports/{report.id}/")
    assert refusal(lambda: decide(moderator, report.id, Ruling("hide", "x"))) == "item_locked"
    mine = Client()
    mine.force_login(moderator)
    page = mine.get(f"/reports/{report.id}/")
    assert page.context["lock"]["mine"] is False
    assert "Ada Second works on this" in page.content.decode()
    assert "Ada Second works on it" in mine.get("/moderation/").content.decode()
    body = {"kind": "report", "item": str(report.id), "release": False}
    assert mine.post("/api/moderation/lock/", body, content_type="application/json").json()["mine"] is False
    assert client.post("/api/moderation/lock/", body, content_type="application/json").json()["mine"] is True
    client.post("/api/moderation/lock/", {**body, "release": True}, content_type="application/json")
    assert decide(moderator, report.id, Ruling("hide", "x")).state == "in_force"


def test_a_lock_runs_out(report: Report, moderator: User, second: User) -> None:
    item_lock.claim(second, "report", report.id)
    ItemLock.objects.update(expires_at=timezone.now())
    assert item_lock.claim(moderator, "report", report.id).holder == moderator
    assert refusal(lambda: decide(second, report.id, Ruling("hide", "x"))) == "item_locked"
    ItemLock.objects.update(expires_at=timezone.now())
    assert item_lock.forget_old_locks() == 1


def test_the_queue_is_in_order_of_urgency_and_age(
    moderator: User, second: User, owner: User, make_job: Callable[..., Job]
) -> None:
    jobs = [finish_job(make_job()) for _ in range(3)]
    old, urgent, new = open_report(jobs[0]), open_report(jobs[1], "intimate"), open_report(jobs[2])
    assert [item.id for item in moderation_queue(moderator)] == [urgent.id, old.id, new.id]
    item_lock.claim(second, "report", urgent.id)
    following = next_item(moderator)
    assert following is not None
    assert following.id == old.id
    assert moderation_queue(owner) == []
    decide(moderator, old.id, Ruling("block", "Photo of a stranger."))
    lines = {item.id: item for item in moderation_queue(moderator)}
    assert (lines[old.id].note, lines[old.id].mine) == ("waits for a second moderator", False)
    assert next(item for item in moderation_queue(second) if item.id == old.id).mine


def test_moderators_read_neither_addresses_nor_names(
    finished_job: Job, moderator: User, owner: User, client: Client
) -> None:
    report = open_report(finished_job)
    client.force_login(moderator)
    for address in ("/moderation/", f"/reports/{report.id}/", f"/moderation/accounts/{owner.id}/", "/reports/"):
        text = client.get(address).content.decode()
        assert owner.email not in text, address
        assert "reporter@example.org" not in text, address
    assert AuditEntry.objects.filter(actor=moderator, action="viewed", object_type="user").count() == 1


@pytest.mark.parametrize("what", ["video.mp4", "poster.jpg", "certificate.json", "timeline.json", "photo"])
def test_every_look_at_what_is_not_ones_own_is_noted(
    what: str, report: Report, moderator: User, administrator: User, finished_job: Job, client: Client
) -> None:
    address = (
        f"/media/photos/{finished_job.photo_id}/" if what == "photo" else f"/media/results/{finished_job.id}/{what}"
    )
    for who in (moderator, administrator):
        client.force_login(who)
        assert client.get(address, follow=True).status_code == 200
        assert AuditEntry.objects.filter(actor=who, action="viewed").count() == 1
    client.force_login(finished_job.owner)
    client.get(address, follow=True)
    assert not AuditEntry.objects.filter(actor=finished_job.owner, action="viewed").exists()


def test_a_decision_goes_through_the_page_to_the_next_item(
    moderator: User, make_job: Callable[..., Job], client: Client
) -> None:
    first, then = open_report(finish_job(make_job())), open_report(finish_job(make_job()))
    client.force_login(moderator)
    sent = {"action": "no_action", "reasons": "Fine.", "account_action": "limit", "days": "0", "next": "1"}
    assert client.post(f"/reports/{first.id}/", sent)["Location"] == f"/reports/{then.id}/"
    decision = Decision.objects.get()
    assert (decision.account_action, decision.expires_at) == (AccountAction.LIMIT, None)
    assert Report.objects.get(id=first.id).state == ReportState.UPHELD
    assert Result.objects.filter(removed_at__isnull=False).count() == 0
