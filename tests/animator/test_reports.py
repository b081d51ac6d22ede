"""Reports and decisions: a take-down hides the video at once, and everything is kept."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from animator.models import AuditEntry, Decision, Job, Photo, Report, Result
from animator.models.report import ReportState
from animator.services.decision import Ruling, decide
from animator.services.report import make_report
from gpu_worker.errors import InputError
from tests.animator.conftest import finish_job

pytestmark = pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators")


def send(client: Client, job: Job, **changes: Any) -> Any:
    wanted = {"job": str(job.id), "reason": "fraud", "statement": "That is not me.", **changes}
    return client.post("/api/reports/", wanted, content_type="application/json")


def test_a_report_is_kept_once(signed_in: Client, owner: User, finished_job: Job) -> None:
    response = send(signed_in, finished_job)
    assert response.status_code == 201
    report = Report.objects.get()
    assert (report.job, report.reporter, report.reason, report.state) == (finished_job, owner, "fraud", "open")
    assert response.json()["id"] == str(report.id)
    assert send(signed_in, finished_job).json()["id"] == str(report.id)
    assert Report.objects.count() == 1
    assert AuditEntry.objects.filter(action="reported").count() == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"reason": "dull"}, "report_reason_unknown"), ({"statement": "x" * 4001}, "statement_too_long")],
)
def test_a_report_is_refused(changes: dict[str, str], code: str, signed_in: Client, finished_job: Job) -> None:
    assert send(signed_in, finished_job, **changes).json()["error"] == code
    assert not Report.objects.exists()


def test_there_must_be_a_video(signed_in: Client, job: Job) -> None:
    response = send(signed_in, job)
    assert (response.status_code, response.json()["error"]) == (409, "nothing_to_report")


def test_what_one_may_not_see_one_cannot_report(client: Client, other: User, finished_job: Job) -> None:
    client.force_login(other)
    assert send(client, finished_job).status_code == 404


@pytest.fixture
def report(owner: User, finished_job: Job) -> Report:
    return make_report(owner, finished_job.id, "no_consent", "I did not agree.")


def test_a_take_down_hides_the_video_at_once(
    report: Report, moderator: User, owner: User, finished_job: Job, client: Client
) -> None:
    video = f"/media/results/{finished_job.id}/video.mp4"
    client.force_login(owner)
    assert client.get(video, follow=True).status_code == 200
    client.force_login(moderator)
    response = client.post(f"/reports/{report.id}/", {"action": "hide", "reasons": "No consent, section 2."})
    assert response.status_code == 302
    client.force_login(owner)
    assert client.get(video, follow=True).status_code == 404
    answer = client.get(f"/api/jobs/{finished_job.id}/").json()
    assert (answer["removed"], answer["poster_url"]) == (True, None)
    page = client.get(f"/jobs/{finished_job.id}/")
    assert (page.status_code, page.context["result"]) == (200, None)
    client.force_login(moderator)
    assert client.get(video, follow=True).status_code == 200, "a decision can be looked at again"

    decision = Decision.objects.get()
    assert (decision.moderator, decision.action, decision.reasons) == (moderator, "hide", "No consent, section 2.")
    report.refresh_from_db()
    assert report.state == ReportState.UPHELD
    assert AuditEntry.objects.filter(actor=moderator, action="hide", object_id=str(finished_job.id)).count() == 1


def test_a_dismissal_leaves_the_video(report: Report, moderator: User, finished_job: Job) -> None:
    decide(moderator, report.id, Ruling("no_action", "The person agreed in writing."))
    report.refresh_from_db()
    assert report.state == ReportState.DISMISSED
    assert Result.objects.get().removed_at is None


@pytest.mark.parametrize(
    ("action", "reasons", "code"), [("no_action", " ", "decision_without_reasons"), ("burn", "x", "decision_unknown")]
)
def test_a_decision_is_refused(action: str, reasons: str, code: str, report: Report, moderator: User) -> None:
    with pytest.raises(InputError) as caught:
        decide(moderator, report.id, Ruling(action, reasons))
    assert caught.value.code == code
    assert not Decision.objects.exists()


def test_a_report_is_decided_once(report: Report, moderator: User, client: Client) -> None:
    decide(moderator, report.id, Ruling("no_action", "Fine."))
    client.force_login(moderator)
    response = client.post(f"/reports/{report.id}/", {"action": "hide", "reasons": "No."})
    assert response.status_code == 400
    assert Decision.objects.count() == 1
    assert Result.objects.get().removed_at is None


def test_only_moderators_decide(report: Report, owner: User) -> None:
    with pytest.raises(Report.DoesNotExist):
        decide(owner, report.id, Ruling("no_action", "I like it."))


def test_moderators_see_reported_videos_only_and_it_is_noted(
    report: Report, moderator: User, finished_job: Job, make_job: Any, client: Client
) -> None:
    private = finish_job(make_job())
    Photo.objects.filter(id=private.photo_id).update(sha256="0" * 64)  # no copy of the reported one
    client.force_login(moderator)
    assert client.get(f"/media/results/{private.id}/video.mp4").status_code == 404
    for _ in range(3):
        client.get(f"/media/results/{finished_job.id}/video.mp4", headers={"Range": "bytes=0-9"}, follow=True)
    seen = AuditEntry.objects.get(action="viewed")
    assert (seen.actor, seen.object_id, seen.detail) == (moderator, str(finished_job.id), {"file": "video.mp4"})


def test_the_list_shows_what_waits(report: Report, moderator: User, client: Client) -> None:
    client.force_login(moderator)
    page = client.get("/reports/")
    assert [entry.id for entry in page.context["page"]] == [report.id]
    assert page.context["counts"] == {"open": 1, "upheld": 0, "dismissed": 0}
    assert list(client.get("/reports/?state=upheld").context["page"]) == []
    assert client.get("/reports/?state=x").status_code == 404


def test_the_report_outlives_the_video(
    report: Report, moderator: User, owner: User, finished_job: Job, client: Client
) -> None:
    client.force_login(owner)
    assert client.delete(f"/api/jobs/{finished_job.id}/").status_code == 204
    client.force_login(moderator)
    page = client.get(f"/reports/{report.id}/")
    assert (page.status_code, page.context["job"], page.context["result"]) == (200, None, None)
    decide(moderator, report.id, Ruling("hide", "It was already gone."))
