"""What is held waits for a person: nobody claims it, its owner is told why, a moderator decides."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from animator.errors import SiteError
from animator.models import AuditEntry, Hold, Job, Photo, Speech
from animator.models.upload import UploadState
from animator.selectors.hold import hold_counts, holds_for_moderator, photo_for_viewer
from animator.selectors.job import job_payload
from animator.selectors.line import waiting
from animator.selectors.quota import today, used_of_plan
from animator.services import job_run
from animator.services.hold import close_moot_holds, hold_job, hold_photo, refuse, release
from animator.services.job import cancel_job, create_job, retry_job
from tests.animator.conftest import job_request, make_ready_photo, stored_files


@pytest.fixture(autouse=True)
def no_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("animator.queue.waiting", lambda queue: frozenset())
    monkeypatch.setattr("animator.queue.running", lambda queue: frozenset())


def fresh(job: Job) -> Job:
    return Job.objects.get(id=job.id)


def long_ago(job: Job) -> None:
    Job.objects.filter(id=job.id).update(updated_at=timezone.now() - timedelta(hours=1))


def test_a_held_job_is_neither_claimed_nor_enqueued_again(job: Job) -> None:
    old = job.token
    hold_job(job, "text_rule", {"category": "fraud"})
    assert job_run.claim(job.id, old, "test") is None
    assert job_run.claim(job.id, "", "test") is None
    long_ago(job)
    assert job_run.recover(timezone.now()) == 0
    assert fresh(job).token == ""
    assert fresh(job).state == "queued"
    assert not waiting().exists()


def test_the_owner_is_told_in_a_plain_sentence_and_nothing_of_the_rule(job: Job, signed_in: Client) -> None:
    hold_job(job, "text_rule", {"findings": [{"name": "rule 7", "text": "secret pattern"}]})
    payload = signed_in.get(f"/api/jobs/{job.id}/").json()
    assert payload["held"]["code"] == "text_rule"
    assert payload["held"]["message"] == "The words may break one of our rules."
    assert payload["queue_position"] is None
    page = signed_in.get(f"/jobs/{job.id}/").content.decode()
    assert "Waiting for a human look" in page
    assert "secret pattern" not in page
    assert "secret pattern" not in signed_in.get("/jobs/").content.decode()


def test_a_running_job_that_is_held_loses_its_run(job: Job) -> None:
    claimed = job_run.claim(job.id, job.token, "test")
    assert claimed is not None
    hold_job(claimed, "text_rule")
    assert not job_run.is_mine(job.id, claimed.token)
    assert not job_run.hand_back(job.id, claimed.token)
    assert fresh(job).state == "queued"
    assert fresh(job).held_at is not None


def test_a_second_hold_for_the_same_reason_is_the_first(job: Job) -> None:
    assert hold_job(job, "text_rule") == hold_job(job, "text_rule")
    assert hold_job(job, "public_figure") != hold_job(job, "text_rule")


def test_what_has_ended_cannot_be_held(finished_job: Job) -> None:
    with pytest.raises(SiteError, match="no longer in the making"):
        hold_job(finished_job, "text_rule")
    assert Hold.objects.count() == 0


def test_a_released_job_goes_on(job: Job, moderator: User, django_capture_on_commit_callbacks: Callable) -> None:
    hold = hold_job(job, "text_rule")
    release(hold, moderator)
    again = fresh(job)
    assert again.held_at is None
    assert again.token
    assert job_run.claim(job.id, again.token, "test") is not None
    assert AuditEntry.objects.filter(action="hold_released", actor=moderator, object_id=str(job.id)).exists()
    with pytest.raises(SiteError) as caught:
        refuse(hold, moderator, "Too late.")
    assert caught.value.code == "hold_is_decided"


def test_it_waits_for_every_hold(job: Job, moderator: User) -> None:
    first, second = hold_job(job, "text_rule"), hold_photo(job.photo, "nudity")
    release(first, moderator)
    assert fresh(job).held_at is not None
    assert job_payload(fresh(job))["held"]["code"] == "nudity"
    release(second, moderator)
    assert fresh(job).held_at is None


def test_a_refused_job_fails_with_a_statement_of_reasons(job: Job, moderator: User, signed_in: Client) -> None:
    before = used_of_plan(job.owner, "job", today())
    hold = hold_job(job, "text_rule", {"category": "fraud"})
    refuse(hold, moderator, "It pretends to be a bank.", rule=4)
    gone = fresh(job)
    assert (gone.state, gone.error_code, gone.held_at) == ("failed", "refused_by_moderator", None)
    assert used_of_plan(job.owner, "job", today()) == before - 1
    page = signed_in.get(f"/jobs/{job.id}/").content.decode()
    for words in ("It pretends to be a bank.", "Rule 4: No deception", "A person looked at it", str(hold.id)):
        assert words in page
    assert "Try again" not in page
    with pytest.raises(SiteError) as caught:
        retry_job(job.owner, job.id)
    assert caught.value.code == "job_was_refused"
    entry = AuditEntry.objects.get(action="hold_refused")
    assert entry.detail == {"hold": str(hold.id), "code": "text_rule"}


def test_a_refusal_needs_reasons_and_a_known_rule(job: Job, moderator: User) -> None:
    hold = hold_job(job, "text_rule")
    with pytest.raises(SiteError) as caught:
        refuse(hold, moderator, "  ")
    assert caught.value.code == "decision_without_reasons"
    with pytest.raises(SiteError) as caught:
        refuse(hold, moderator, "Because.", rule=99)
    assert caught.value.code == "rule_unknown"
    assert fresh(job).held_at is not None


def test_only_moderators_decide_and_see(job: Job, other: User, owner: User) -> None:
    hold = hold_job(job, "text_rule")
    for user in (other, owner):
        with pytest.raises(Hold.DoesNotExist):
            release(hold, user)
        assert not holds_for_moderator(user).exists()


def test_jobs_made_with_a_held_photo_wait_too(
    owner: User, ready_photo: Photo, ready_speech: Speech, moderator: User, signed_in: Client
) -> None:
    hold = hold_photo(ready_photo, "nudity", {"findings": []})
    assert signed_in.get(f"/api/photos/{ready_photo.id}/").json()["held"]["code"] == "nudity"
    job = create_job(owner, job_request(ready_photo, ready_speech))
    assert job.held_at is not None
    assert job_payload(job)["held"]["code"] == "nudity"
    release(hold, moderator)
    assert fresh(job).held_at is None
    assert fresh(job).token
    assert signed_in.get(f"/api/photos/{ready_photo.id}/").json()["held"] is None


def test_a_refused_photo_is_erased_and_its_jobs_fail(
    job: Job,
    moderator: User,
    media_folder: Path,
    django_capture_on_commit_callbacks: Callable,
) -> None:
    hold = hold_photo(job.photo, "nudity")
    assert stored_files(media_folder)
    with django_capture_on_commit_callbacks(execute=True):
        refuse(hold, moderator, "Undressed.", rule=3)
    photo = Photo.objects.get(id=job.photo_id)
    assert photo.state == UploadState.REJECTED
    assert photo.path == ""
    assert photo.error_dict is not None
    assert photo.error_dict["error"] == "refused_by_moderator"
    assert fresh(job).error_code == "refused_by_moderator"
    assert stored_files(media_folder) == []


def test_what_its_owner_takes_back_is_moot(job: Job, moderator: User) -> None:
    hold = hold_job(job, "text_rule")
    cancel_job(job.owner, job.id)
    assert not holds_for_moderator(moderator).exists()
    assert hold_counts()["open"] == 0
    assert close_moot_holds() == 1
    assert Hold.objects.get(id=hold.id).outcome == "moot"
    assert fresh(job).state == "cancelled"
    assert fresh(job).held_at is None


def test_moderators_open_a_held_photo_and_leave_a_trace(owner: User, moderator: User, client: Client) -> None:
    photo = make_ready_photo(owner)
    with pytest.raises(Photo.DoesNotExist):
        photo_for_viewer(moderator, photo.id)
    hold = hold_photo(photo, "nudity")
    client.force_login(moderator)
    assert client.get(f"/media/photos/{photo.id}/", follow=True).status_code == 200
    assert AuditEntry.objects.filter(actor=moderator, action="viewed", object_type="photo").count() == 1
    release(hold, moderator)
    assert client.get(f"/media/photos/{photo.id}/").status_code == 404


def test_the_moderators_page_decides(job: Job, moderator: User, client: Client) -> None:
    hold = hold_job(job, "text_rule", {"category": "Fraud", "findings": [{"name": "Gift cards", "text": "gift card"}]})
    client.force_login(moderator)
    listed = client.get("/holds/").content.decode()
    assert "Good morning, my dear." in listed
    assert "Fraud" in listed
    address = reverse("animator:hold_detail", args=[hold.id])
    assert "Gift cards" in client.get(address).content.decode()
    assert client.post(address, {"action": "refuse"}).status_code == 400
    answer = client.post(address, {"action": "refuse", "reasons": "No.", "rule": "4"})
    assert answer.status_code == 302
    assert fresh(job).state == "failed"
    assert client.post(address, {"action": "release"}).status_code == 400
    assert client.get("/holds/?state=refused").context["counts"] == {"open": 0, "released": 0, "refused": 1}
    assert client.get("/holds/?state=none").status_code == 404
