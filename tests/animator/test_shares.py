"""Links for others: made with everybody's consent, watched without an account, ended by date, word and consent."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from animator.errors import SiteError
from animator.models import AuditEntry, Consent, Job, Result, Share
from animator.models.consent import RevokedBy
from animator.models.erasure import Why
from animator.services.consent_end import withdraw
from animator.services.erasure import erase_job_output
from animator.services.job import JobRequest, create_job
from animator.services.open_report import OpenReport, make_open_report
from tests.animator.conftest import confirmation, finish_job, make_ready_photo, make_ready_speech


def share(client: Client, job: Job, **changes: Any) -> Any:
    body = {"days": 7, "confirmed": True, **changes}
    return client.post(f"/api/jobs/{job.id}/shares/", body, content_type="application/json")


@pytest.fixture
def link(signed_in: Client, finished_job: Job) -> str:
    response = share(signed_in, finished_job)
    assert response.status_code == 201, response.content
    return str(response.json()["link"]).removeprefix("http://testserver")


@pytest.fixture
def stranger() -> Client:
    return Client()


def test_a_stranger_watches_with_the_link_alone(link: str, stranger: Client, finished_job: Job) -> None:
    response = stranger.get(link)
    page = response.content.decode()
    assert response.status_code == 200
    assert response["X-Robots-Tag"].startswith("noindex")
    assert response["Referrer-Policy"] == "no-referrer"
    for text in ("AI-made", "Made with AI", f"/report/?video={finished_job.id}", "/verify/", f"{link}video.mp4"):
        assert text in page
    part = stranger.get(f"{link}video.mp4", headers={"Range": "bytes=0-9"})
    assert (part.status_code, part["Content-Length"]) == (206, "10")
    assert part["X-Robots-Tag"].startswith("noindex")
    assert stranger.get(f"{link}poster.jpg").status_code == 200
    assert stranger.get(f"{link}certificate.json").status_code == 404
    assert stranger.get(f"/media/results/{finished_job.id}/video.mp4").status_code == 401
    assert Share.objects.get().views == 1


@pytest.mark.parametrize("over", [False, True])
def test_a_link_is_reported_by_its_address(link: str, finished_job: Job, over: bool) -> None:
    if over:
        Share.objects.update(revoked_at=timezone.now())
    wanted = OpenReport("fraud", "That is not me.", "jane@example.org", True, f" https://photos.example{link} ")
    report, _ = make_open_report(wanted)
    assert report.job_ref == finished_job.id


@pytest.mark.django_db
def test_a_link_that_never_was_is_no_target() -> None:
    wanted = OpenReport(
        "fraud", "x", "jane@example.org", True, "https://photos.example/s/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/"
    )
    with pytest.raises(SiteError) as refused:
        make_open_report(wanted)
    assert refused.value.code == "report_target_unknown"


def test_a_wrong_secret_shows_what_an_ended_one_shows(link: str, stranger: Client) -> None:
    wrong = stranger.get("/s/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/")
    Share.objects.update(revoked_at=timezone.now())
    ended = stranger.get(link)
    assert (wrong.status_code, ended.status_code) == (404, 404)
    # But for the token that every page draws anew.
    wrong_page, ended_page = (re.sub(rb"[A-Za-z0-9]{64}", b"", one.content) for one in (wrong, ended))
    assert wrong_page == ended_page


def test_the_secret_is_told_once_and_not_kept(signed_in: Client, link: str, finished_job: Job) -> None:
    listed = signed_in.get(f"/api/jobs/{finished_job.id}/shares/").json()["shares"]
    assert [(one["state"], one["findable"], one["views"]) for one in listed] == [("open", True, 0)]
    assert "link" not in listed[0]
    assert link.strip("/").rsplit("/", 1)[-1] not in str(Share.objects.values().get())
    assert AuditEntry.objects.filter(action="shared", object_id=str(finished_job.id)).count() == 1
    assert "Share it" in signed_in.get(f"/jobs/{finished_job.id}/").content.decode()


def ended(stranger: Client, link: str) -> bool:
    return [stranger.get(address).status_code for address in (link, f"{link}video.mp4")] == [404, 404]


def test_a_link_ends_with_its_date(link: str, stranger: Client, signed_in: Client, finished_job: Job) -> None:
    Share.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert ended(stranger, link)
    assert signed_in.get(f"/api/jobs/{finished_job.id}/shares/").json()["shares"][0]["state"] == "expired"


def test_its_owner_ends_a_link(link: str, stranger: Client, signed_in: Client, other: User) -> None:
    address = f"/api/shares/{Share.objects.get().id}/"
    foreign = Client()
    foreign.force_login(other)
    assert foreign.delete(address).status_code == 404
    assert signed_in.delete(address).json()["state"] == "revoked"
    assert signed_in.delete(address).status_code == 200
    assert ended(stranger, link)


def test_a_link_ends_with_the_consent_to_sharing(
    link: str, stranger: Client, owner: User, finished_job: Job, django_capture_on_commit_callbacks: Any
) -> None:
    """The video itself rests on another consent and stays."""
    sharing = Consent.objects.get(allow_sharing=True)
    assert sharing != finished_job.consent
    assert sharing.statement_text.endswith("shown to others by a link.")
    with django_capture_on_commit_callbacks(execute=True):
        withdraw(sharing, RevokedBy.OWNER, owner)
    assert ended(stranger, link)
    assert Share.objects.get().revoked_at is not None
    assert Result.objects.exists()


@pytest.mark.parametrize("what", ["hidden_at", "removed_at"])
def test_a_link_shows_nothing_that_is_hidden(what: str, link: str, stranger: Client) -> None:
    Result.objects.update(**{what: timezone.now()})
    assert ended(stranger, link)
    if what == "hidden_at":
        Result.objects.update(hidden_at=None)
        assert stranger.get(link).status_code == 200


def test_a_link_ends_with_the_video(link: str, stranger: Client, finished_job: Job) -> None:
    erase_job_output(finished_job, Why.CONSENT_REVOKED)
    assert ended(stranger, link)


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"days": 3}, 400, "share_duration_unknown"),
        ({"days": "7"}, 400, "bad_request"),
        ({"confirmed": False}, 409, "sharing_needs_consent"),
        ({"confirmed": "yes"}, 409, "sharing_needs_consent"),
    ],
)
def test_what_makes_no_link(
    changes: dict[str, Any], status: int, code: str, signed_in: Client, finished_job: Job
) -> None:
    response = share(signed_in, finished_job, **changes)
    assert (response.status_code, response.json()["error"]) == (status, code)
    assert not Share.objects.exists()
    assert Consent.objects.count() == 1


def test_there_must_be_a_video_of_mine(signed_in: Client, job: Job, other: User) -> None:
    assert share(signed_in, job).json()["error"] == "nothing_to_share"
    foreign = create_job(other, JobRequest(make_ready_photo(other).id, make_ready_speech(other).id, 0, confirmation()))
    assert share(signed_in, finish_job(foreign)).status_code == 404


def test_who_agreed_to_sharing_at_first_is_not_asked_again(signed_in: Client, owner: User) -> None:
    photo, speech = make_ready_photo(owner), make_ready_speech(owner)
    agreed = Consent.objects.create(
        owner=owner, photo=photo, face_index=0, basis="self", statement_text="x", statement_version="1", confirmed=True,
        allow_sharing=True,
    )  # fmt: skip
    from animator.services.consent import Confirmation

    job = finish_job(create_job(owner, JobRequest(photo.id, speech.id, 0, Confirmation(consent=agreed.id))))
    assert share(signed_in, job, confirmed=False, days=None).status_code == 201
    assert Consent.objects.count() == 1


def test_a_video_has_only_so_many_links(signed_in: Client, finished_job: Job, settings: Any) -> None:
    settings.PICTURETALK_MAX_SHARES_PER_VIDEO = 1
    assert share(signed_in, finished_job).status_code == 201
    assert share(signed_in, finished_job).json()["error"] == "too_many_shares"
