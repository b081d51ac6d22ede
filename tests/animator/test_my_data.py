"""Taking everything along, closing the account, and how long things are kept."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import timezone

from accounts.models import User
from animator import queue
from animator.errors import SiteError
from animator.models import AuditEntry, Consent, Export, Grant, Job, Photo, Report, Speech, UsageEntry
from animator.models.upload import UploadState
from animator.selectors.quota import today
from animator.services import export, plan, retention
from animator.services.account import MASK, close_account
from animator.services.decision import Ruling, decide
from animator.services.open_report import OpenReport, follow_hash, make_open_report
from animator.services.report import make_report
from gpu_worker import tasks
from tests.animator.conftest import finish_job, make_ready_photo, make_ready_speech, stored_files


def packed(user: User) -> Export:
    """An export as a worker makes it."""
    asked = export.ask_for_export(user)
    tasks.build_export(str(asked.id), asked.token)
    return Export.objects.get(id=asked.id)


@pytest.fixture
def settings_beat(settings: Any) -> None:
    # The lifeline's own connection does not see what this test has not committed.
    settings.PICTURETALK_HEARTBEAT_S = 600


@pytest.mark.usefixtures("settings_beat")
def test_everything_that_was_given_comes_along(
    signed_in: Client, owner: User, finished_job: Job, make_job: Callable[..., Job], other: User
) -> None:
    theirs = finish_job(make_job(other))
    photo = make_ready_photo(owner)
    make_report(owner, finished_job.id, "fraud", "Not me.")
    done = packed(owner)
    assert done.state == "ready"
    response = signed_in.get(f"/media/exports/{done.id}/", follow=True)
    assert response["Content-Disposition"].startswith('attachment; filename="picturetalk-')
    archive = zipfile.ZipFile(io.BytesIO(b"".join(response)))
    names = set(archive.namelist())
    videos = {f"videos/{finished_job.id}/{name}" for name in ("video.mp4", "poster.jpg", "certificate.json")}
    assert videos | {f"photos/{photo.id}.jpg", f"photos/{finished_job.photo_id}.jpg", "account.json"} <= names
    assert "missing.txt" not in names
    assert archive.read(f"videos/{finished_job.id}/video.mp4") == b"0123456789" * 100
    everything = json.loads(archive.read("data.json"))
    assert json.loads(archive.read("account.json"))["email"] == owner.email
    assert [row["text"] for row in everything["speeches"]] == ["Good morning, my dear."]
    assert [row["basis"] for row in everything["consents"]] == ["self"]
    assert everything["reports"][0]["statement"] == "Not me."
    assert {row["unit"] for row in everything["usage"]} == {"job", "video_ms"}
    text = archive.read("data.json").decode() + "".join(names)
    assert str(theirs.id) not in text
    assert "token" not in everything["photos"][0]
    assert "path" not in everything["photos"][0]


@pytest.mark.usefixtures("settings_beat")
def test_an_export_is_its_owners_and_is_erased_after_some_days(
    client: Client, owner: User, other: User, media_folder: Path, django_capture_on_commit_callbacks: Any
) -> None:
    done = packed(owner)
    assert [name for name in stored_files(media_folder) if name.startswith("exports/")]
    client.force_login(other)
    assert client.get(f"/media/exports/{done.id}/").status_code == 404
    with django_capture_on_commit_callbacks(execute=True):
        assert retention.enforce(timezone.now() + timedelta(days=6)) == 0
        assert retention.enforce(timezone.now() + timedelta(days=8)) == 1
    assert stored_files(media_folder) == []
    client.force_login(owner)
    assert client.get(f"/media/exports/{done.id}/").status_code == 404


def test_one_export_at_a_time_and_a_few_a_day(
    signed_in: Client, owner: User, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert signed_in.post("/my-data/export/").status_code == 302
        signed_in.post("/my-data/export/")
    asked = Export.objects.get()
    assert queue.waiting(queue.RENDER_CPU) == {asked.token}
    assert "Being packed" in signed_in.get("/my-data/").content.decode()
    for _ in range(export.A_DAY):
        Export.objects.update(state="failed")
        signed_in.post("/my-data/export/")
    assert Export.objects.count() == export.A_DAY


def test_a_lost_export_is_packed_again_and_given_up_after_some_runs(owner: User, settings: Any) -> None:
    settings.PICTURETALK_MAX_ATTEMPTS = 2
    asked = export.ask_for_export(owner)
    for _ in range(2):
        current = Export.objects.get(id=asked.id)
        assert export.claim(asked.id, current.token) is not None
        assert export.recover(timezone.now() + timedelta(minutes=5)) == 1
    assert Export.objects.get(id=asked.id).state == "failed"
    assert export.claim(asked.id, "") is None


def test_closing_an_account_erases_what_was_given_and_masks_who_it_was(
    signed_in: Client, owner: User, administrator: User, finished_job: Job, make_job: Callable[..., Job],
    media_folder: Path, django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    make_job(owner)
    make_ready_photo(owner)
    make_report(owner, finished_job.id, "fraud", "It is my neighbour Jane.")
    EmailAddress.objects.create(user=owner, email=owner.email, verified=True, primary=True)
    plan.give(administrator, owner, "jobs", 3, "Jane's birthday", today())
    log = AuditEntry.objects.count()
    wrong = signed_in.post("/my-data/close/", {"sure": "on", "password": "no"})
    assert (wrong.status_code, Job.objects.filter(erased_at__isnull=False).count()) == (403, 0)
    with django_capture_on_commit_callbacks(execute=True):
        done = signed_in.post("/my-data/close/", {"sure": "on", "password": "a long pass word"})
    assert done.status_code == 302
    assert stored_files(media_folder) == []
    assert not Job.objects.filter(erased_at__isnull=True).exists()
    assert not Speech.objects.exclude(state=UploadState.ERASED).exists()
    assert not Photo.objects.exclude(state=UploadState.ERASED).exists()
    assert {job.title for job in Job.objects.all()} == {""}
    gone = User.objects.get(id=owner.id)
    assert (gone.is_active, gone.has_usable_password(), gone.email) == (
        False, False, f"closed-{owner.id.hex}@closed.invalid",
    )  # fmt: skip
    assert not EmailAddress.objects.filter(user=owner).exists()
    report, grant = Report.objects.get(), Grant.objects.get()
    assert (report.statement, report.contact, grant.note) == (MASK, "", MASK)
    assert Consent.objects.filter(owner=gone).count() == 2, "what was agreed stays"
    assert UsageEntry.objects.filter(user=gone).exists()
    assert AuditEntry.objects.count() > log, "the log stays, and says that the account was closed"
    assert AuditEntry.objects.filter(action="account_closed", actor=gone).exists()
    assert signed_in.get("/jobs/").status_code == 302, "nobody is signed in as them any more"
    assert not signed_in.login(email="owner@example.com", password="a long pass word")


def test_closing_an_account_is_no_way_around_an_urgent_report(
    owner: User, moderator: User, finished_job: Job, media_folder: Path, django_capture_on_commit_callbacks: Any
) -> None:
    asked = OpenReport("intimate", "That is me.", "reporter@example.org", True, str(finished_job.id))
    report, _ = make_open_report(asked)
    before = [name for name in stored_files(media_folder) if str(finished_job.id) in name]
    with django_capture_on_commit_callbacks(execute=True):
        close_account(owner, by=owner)
    assert before
    assert set(before) <= set(stored_files(media_folder)), "the video waits, hidden, for the decision"
    with django_capture_on_commit_callbacks(execute=True):
        decide(moderator, report.id, Ruling("no_action", "Nobody is to be seen in it."))
    assert stored_files(media_folder) == []


def test_an_account_is_closed_once_and_never_the_last_administrators(owner: User, administrator: User) -> None:
    close_account(owner, by=administrator)
    with pytest.raises(SiteError, match="closed already"):
        close_account(owner, by=administrator)
    with pytest.raises(SiteError, match="only administrator"):
        close_account(administrator, by=administrator)


def test_administrators_close_accounts_instead_of_deleting_them(
    client: Client, administrator: User, owner: User, job: Job
) -> None:
    client.force_login(administrator)
    chosen = {"action": "close_accounts", "_selected_action": [str(owner.id)]}
    assert client.post("/admin/accounts/user/", chosen).status_code == 302
    assert User.objects.get(id=owner.id).closed_at is not None
    assert client.post(f"/admin/accounts/user/{owner.id}/delete/").status_code == 403


def test_the_periods_are_enforced(
    owner: User, settings: Any, media_folder: Path, make_job: Callable[..., Job],
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    settings.KEEP_RESULTS_DAYS, settings.KEEP_FAILED_DAYS = 90, 30
    old, fresh, failed = finish_job(make_job()), finish_job(make_job()), make_job()
    now = timezone.now()
    Job.objects.filter(id=old.id).update(finished_at=now - timedelta(days=91))
    Job.objects.filter(id=failed.id).update(
        state="failed", error_code="no_speech", finished_at=now - timedelta(days=31), token=""
    )
    decided = {"state": "dismissed", "statement": "Jane did it.", "contact": "jane@example.com"}
    for days, secret in ((731, "a"), (729, "b")):
        Report.objects.create(
            reason="fraud", decided_at=now - timedelta(days=days), follow_hash=follow_hash(secret), **decided
        )
    with django_capture_on_commit_callbacks(execute=True):
        assert retention.enforce(now) == 3
    assert set(Job.objects.filter(erased_at__isnull=False)) == {old, failed}
    assert {job.erased_why for job in Job.objects.filter(erased_at__isnull=False)} == {"retention"}
    assert any(str(fresh.id) in name for name in stored_files(media_folder))
    assert not any(f"results/{old.id}" in name for name in stored_files(media_folder))
    assert sorted(Report.objects.values_list("statement", "contact")) == [
        (MASK, ""), ("Jane did it.", "jane@example.com"),
    ]  # fmt: skip
    Photo.objects.update(created_at=now - timedelta(days=2))
    with django_capture_on_commit_callbacks(execute=True):
        retention.enforce(now)
    assert Photo.objects.get(id=old.photo_id).state == UploadState.ERASED, "what only the erased video needed"
    assert Photo.objects.get(id=fresh.photo_id).state == UploadState.READY


def test_videos_are_kept_unless_the_operator_says_otherwise(finished_job: Job) -> None:
    Job.objects.update(finished_at=timezone.now() - timedelta(days=4000))
    assert retention.erase_old_videos(timezone.now()) == 0


@pytest.mark.django_db
def test_the_page_on_privacy_tells_the_periods_in_force(client: Client, settings: Any) -> None:
    settings.KEEP_RESULTS_DAYS, settings.KEEP_EXPORTS_DAYS = 123, 4
    page = " ".join(client.get("/privacy/").content.decode().split())
    assert "<td>123 days</td><td>erased</td>" in page
    assert "<td>4 days</td>" in page
    assert "<td>24 hours</td>" in page or "<td>1 day</td>" in page
    settings.KEEP_RESULTS_DAYS = 0
    assert "kept until you delete them" in client.get("/privacy/").content.decode()


def test_who_has_given_nothing_closes_an_empty_account(other: User) -> None:
    make_ready_speech(other)
    close_account(other, by=other)
    assert not Speech.objects.exclude(state=UploadState.ERASED).exists()
