"""Jobs from the user's side: made with consent, charged once, cancelled, retried, deleted, through the real API."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import User
from animator import queue
from animator.consent_statements import STATEMENTS
from animator.models import Consent, Job, Photo, Speech, UserLimits
from animator.models.consent import Basis
from animator.models.job import JobState
from animator.models.upload import UploadState
from animator.selectors.quota import today, used_of_plan
from animator.services import job_run, quota
from gpu_worker.errors import InputError
from tests.animator.conftest import finish_job, make_ready_photo, make_ready_speech, stored_files


def body(photo: Photo, speech: Speech, /, **changes: Any) -> dict[str, Any]:
    consent = {"basis": "self", "confirmed": True, "statement_version": STATEMENTS["self"].version}
    consent.update(changes.pop("consent", {}))
    return {"photo": str(photo.id), "face": 0, "speech": str(speech.id), "consent": consent, **changes}


def send(client: Client, wanted: dict[str, Any]) -> Any:
    return client.post("/api/jobs/", wanted, content_type="application/json")


def used_today(user: User) -> int:
    return used_of_plan(user, "job", today())


def test_a_job_is_made_with_its_consent_and_queued_once(
    signed_in: Client,
    owner: User,
    ready_photo: Photo,
    ready_speech: Speech,
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        response = send(signed_in, body(ready_photo, ready_speech))
    assert response.status_code == 201
    job = Job.objects.get()
    answer = response.json()
    assert set(answer) >= {
        "type", "id", "state", "stage", "percent", "eta_s", "queue_position", "at", "title", "created_at", "url",
        "poster_url", "can", "error",
    }  # fmt: skip
    assert (answer["id"], answer["state"], answer["queue_position"]) == (str(job.id), "queued", 1)
    assert answer["can"] == {"cancel": True, "retry": False, "delete": False}
    assert answer["title"] == "Good morning, my dear."
    consent = Consent.objects.get()
    assert (job.consent, consent.owner, consent.photo, consent.face_index) == (consent, owner, ready_photo, 0)
    assert (consent.basis, consent.confirmed, consent.photo_sha256) == ("self", True, ready_photo.sha256)
    assert consent.statement_text == STATEMENTS["self"].full_text()
    assert queue.waiting(queue.SPEECH) == {job.token}
    assert used_today(owner) == 1


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"consent": {"confirmed": False}}, 400, "consent_missing"),
        ({"consent": {"confirmed": "true"}}, 400, "consent_missing"),
        ({"consent": {"confirmed": 1}}, 400, "consent_missing"),
        ({"consent": {"basis": "whim"}}, 400, "consent_basis_unknown"),
        ({"consent": {"statement_version": "1999-1"}}, 409, "consent_text_changed"),
        ({"consent": {"basis": None}}, 400, "bad_request"),
        ({"face": 3}, 400, "unknown_face"),
        ({"face": -1}, 400, "bad_request"),
        ({"face": "0"}, 400, "bad_request"),
        ({"photo": "x"}, 400, "bad_request"),
        ({"photo": str(uuid4())}, 404, "not_found"),
        ({"speech": str(uuid4())}, 404, "not_found"),
        ({"speech": None}, 400, "nothing_to_do"),
    ],
)
def test_a_job_is_refused_and_leaves_nothing(
    changes: dict[str, Any],
    status: int,
    code: str,
    signed_in: Client,
    owner: User,
    ready_photo: Photo,
    ready_speech: Speech,
) -> None:
    response = send(signed_in, body(ready_photo, ready_speech, **changes))
    assert (response.status_code, response.json()["error"]) == (status, code)
    assert not Job.objects.exists()
    assert not Consent.objects.exists()
    assert used_today(owner) == 0
    assert queue.waiting(queue.SPEECH) == frozenset()


def test_consent_cannot_be_left_out(signed_in: Client, ready_photo: Photo, ready_speech: Speech) -> None:
    wanted = body(ready_photo, ready_speech)
    del wanted["consent"]
    assert send(signed_in, wanted).json()["error"] == "consent_missing"
    assert not Job.objects.exists()


def test_several_faces_need_a_choice(signed_in: Client, owner: User, ready_speech: Speech) -> None:
    photo = make_ready_photo(owner, faces=2)
    response = send(signed_in, body(photo, ready_speech, face=None))
    assert (response.status_code, response.json()["error"]) == (400, "several_faces")
    assert response.json()["hint"]
    assert send(signed_in, body(photo, ready_speech, face=1)).status_code == 201
    assert Job.objects.get().face_index == 1


def test_one_face_needs_no_choice(signed_in: Client, ready_photo: Photo, ready_speech: Speech) -> None:
    assert send(signed_in, body(ready_photo, ready_speech, face=None)).status_code == 201


def test_somebody_elses_things_are_not_there(
    signed_in: Client, other: User, ready_photo: Photo, ready_speech: Speech
) -> None:
    assert send(signed_in, body(make_ready_photo(other), ready_speech)).status_code == 404
    assert send(signed_in, body(ready_photo, make_ready_speech(other))).status_code == 404
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("state", "status", "code"), [("checking", 409, "photo_not_ready"), ("erased", 404, "not_found")]
)
def test_an_unready_photo_makes_no_job(
    state: str, status: int, code: str, signed_in: Client, ready_photo: Photo, ready_speech: Speech
) -> None:
    Photo.objects.update(state=state)
    response = send(signed_in, body(ready_photo, ready_speech))
    assert (response.status_code, response.json()["error"]) == (status, code)


def test_a_rejected_photo_says_why_again(signed_in: Client, ready_photo: Photo, ready_speech: Speech) -> None:
    error = InputError("no_face", "No face was found.", "Use another.")
    Photo.objects.update(state=UploadState.REJECTED, error=error.as_dict())
    assert send(signed_in, body(ready_photo, ready_speech)).json() == error.as_dict()


def test_who_did_not_declare_their_age_makes_no_job(
    signed_in: Client, owner: User, ready_photo: Photo, ready_speech: Speech
) -> None:
    User.objects.filter(id=owner.id).update(adult_declared_at=None)
    response = send(signed_in, body(ready_photo, ready_speech))
    assert (response.status_code, response.json()["error"]) == (403, "adult_not_declared")


def test_the_daily_quota_holds(signed_in: Client, owner: User, settings: Any) -> None:
    settings.QUOTA_JOBS_PER_DAY = 2
    for _ in range(2):
        assert send(signed_in, body(make_ready_photo(owner), make_ready_speech(owner))).status_code == 201
    response = send(signed_in, body(make_ready_photo(owner), make_ready_speech(owner)))
    assert (response.status_code, response.json()["error"]) == (429, "quota_used_up")
    assert (Job.objects.count(), used_today(owner)) == (2, 2)
    UserLimits.objects.create(user=owner, jobs_per_day=3)
    assert send(signed_in, body(make_ready_photo(owner), make_ready_speech(owner))).status_code == 201


def test_the_number_of_jobs_in_the_making_is_limited(signed_in: Client, owner: User, settings: Any) -> None:
    settings.QUOTA_ACTIVE_JOBS = 1
    send(signed_in, body(make_ready_photo(owner), make_ready_speech(owner)))
    response = send(signed_in, body(make_ready_photo(owner), make_ready_speech(owner)))
    assert (response.status_code, response.json()["error"]) == (429, "too_many_jobs")
    assert used_today(owner) == 1


def test_a_waiting_job_is_cancelled_refunded_and_off_the_queue(
    signed_in: Client, owner: User, make_job: Callable[[], Job], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        first, second = make_job(), make_job()
    assert signed_in.get(f"/api/jobs/{second.id}/").json()["queue_position"] == 2
    with django_capture_on_commit_callbacks(execute=True):
        answer = signed_in.post(f"/api/jobs/{first.id}/cancel/").json()
    assert (answer["state"], answer["can"]) == ("cancelled", {"cancel": False, "retry": False, "delete": True})
    assert queue.waiting(queue.SPEECH) == {second.token}
    assert used_today(owner) == 1
    assert signed_in.get(f"/api/jobs/{second.id}/").json()["queue_position"] == 1
    assert signed_in.post(f"/api/jobs/{first.id}/cancel/").status_code == 409
    assert job_run.claim(first.id, first.token, "w") is None


def test_a_running_job_is_cancelled_and_stays_charged(signed_in: Client, owner: User, job: Job) -> None:
    assert job_run.claim(job.id, job.token, "w") is not None
    assert signed_in.post(f"/api/jobs/{job.id}/cancel/").json()["state"] == "cancelled"
    assert not job_run.is_mine(job.id, job.token)
    assert not job_run.progress(job.id, job.token, "render", 50)
    assert not job_run.hand_back(job.id, job.token)
    assert Job.objects.get().state == JobState.CANCELLED
    assert used_today(owner) == 1


def test_a_failed_job_is_retried_and_charged_again(signed_in: Client, owner: User, job: Job) -> None:
    job_run.claim(job.id, job.token, "w")
    job_run.fail_input(job.id, job.token, InputError("no_speech", "No words.", "Speak up."))
    assert used_today(owner) == 0
    answer = signed_in.get(f"/api/jobs/{job.id}/").json()
    assert answer["error"] == {"error": "no_speech", "message": "No words.", "hint": "Speak up."}
    assert answer["can"] == {"cancel": False, "retry": True, "delete": True}
    again = signed_in.post(f"/api/jobs/{job.id}/retry/").json()
    assert (again["state"], again["error"], again["percent"]) == ("queued", None, 0)
    fresh = Job.objects.get()
    assert (fresh.attempts, fresh.consent_id) == (0, job.consent_id)
    assert fresh.token not in ("", job.token)
    assert used_today(owner) == 1
    assert signed_in.post(f"/api/jobs/{job.id}/retry/").status_code == 409


def test_a_finished_job_is_deleted_with_its_files_and_the_consent_stays(
    signed_in: Client, finished_job: Job, media_folder: Path, django_capture_on_commit_callbacks: Any
) -> None:
    assert len(stored_files(media_folder)) == 5
    with django_capture_on_commit_callbacks(execute=True):
        assert signed_in.delete(f"/api/jobs/{finished_job.id}/").status_code == 204
    assert stored_files(media_folder) == []
    assert not Job.objects.exists()
    assert not Speech.objects.exists()
    assert Consent.objects.count() == 1
    assert Photo.objects.get().state == UploadState.ERASED
    assert signed_in.get(f"/media/results/{finished_job.id}/video.mp4").status_code == 404


def test_a_photo_that_another_video_uses_stays(
    signed_in: Client, finished_job: Job, owner: User, media_folder: Path, django_capture_on_commit_callbacks: Any
) -> None:
    assert send(signed_in, body(finished_job.photo, make_ready_speech(owner))).status_code == 201
    with django_capture_on_commit_callbacks(execute=True):
        signed_in.delete(f"/api/jobs/{finished_job.id}/")
    assert Photo.objects.get().state == UploadState.READY
    assert stored_files(media_folder) == [f"photos/{finished_job.photo_id}/kept.jpg"]


def test_a_job_in_the_making_is_not_deleted(signed_in: Client, job: Job) -> None:
    response = signed_in.delete(f"/api/jobs/{job.id}/")
    assert (response.status_code, response.json()["error"]) == (409, "job_is_active")


def test_my_list_has_my_jobs_newest_first(signed_in: Client, other: User, make_job: Callable[..., Job]) -> None:
    first, second = make_job(), make_job()
    make_job(other)
    listed = [entry["id"] for entry in signed_in.get("/api/jobs/").json()["jobs"]]
    assert listed == [str(second.id), str(first.id)]


def test_the_history_gives_the_time_left(signed_in: Client, make_job: Callable[[], Job]) -> None:
    job = make_job()
    assert signed_in.get(f"/api/jobs/{job.id}/").json()["eta_s"] is None
    done = finish_job(job)
    type(done.result).objects.update(seconds_taken=20.0, duration_s=10.0)
    first, second = make_job(), make_job()
    alone = signed_in.get(f"/api/jobs/{first.id}/").json()["eta_s"]
    behind = signed_in.get(f"/api/jobs/{second.id}/").json()["eta_s"]
    assert first.speech is not None
    assert alone == pytest.approx(2 * len(first.speech.text) / 14, abs=0.1)
    assert behind == pytest.approx(2 * alone, abs=0.2)


def test_a_refund_is_given_once(owner: User, job: Job) -> None:
    assert quota.refund(job.id)
    assert not quota.refund(job.id)
    assert used_today(owner) == 0


def test_the_statements_are_those_of_the_model() -> None:
    assert set(STATEMENTS) == set(Basis.values)
    assert all(len(statement.text) > 100 and statement.version for statement in STATEMENTS.values())
