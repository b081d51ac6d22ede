"""Consents: for every face that moves, with scope, date and revocation, kept by the service and by the database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from animator import queue
from animator.consent_statements import ADULT, MINOR, STATEMENTS
from animator.models import AuditEntry, Consent, ConsentRevocation, Job, JobFace, Photo, Share, Speech
from animator.models.consent import GivenBy, RevokedBy
from animator.models.job import JobState
from animator.models.upload import UploadState
from animator.selectors.consent import consequences, job_is_covered
from animator.services import job_run
from animator.services.consent_end import expire_consents, withdraw
from animator.services.job import JobRequest, create_job
from gpu_worker.errors import InputError
from tests.animator.conftest import (
    confirmation,
    finish_job,
    job_request,
    make_ready_photo,
    make_ready_speech,
    stored_files,
)


@pytest.fixture
def committed(django_capture_on_commit_callbacks: Any) -> Callable[..., Any]:
    """Calls something and then does what waits for its commit."""

    def call(what: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            return what(*arguments, **named)

    return call


def given(photo: Photo, **changes: Any) -> Consent:
    fields: dict[str, Any] = {"basis": "self", "face_index": 0, "statement_text": "x", "statement_version": "1"}
    return Consent.objects.create(owner=photo.owner, photo=photo, confirmed=True, **{**fields, **changes})


def send(client: Client, photo: Photo, speech: Speech, **consent: Any) -> Any:
    words = {"basis": "self", "confirmed": True, "statement_version": STATEMENTS["self"].version}
    body = {"photo": str(photo.id), "face": 0, "speech": str(speech.id), "consent": consent.pop("instead", words)}
    body["consent"] = {**body["consent"], **consent}
    return client.post("/api/jobs/", body, content_type="application/json")


def past(consent: Consent) -> None:
    """Let a consent's time be over, past the ledger that forbids it."""
    from animator import ledger

    ledger.remove_triggers()
    Consent.objects.filter(id=consent.id).update(expires_at=timezone.now() - timedelta(seconds=5))
    ledger.install_triggers()


def test_scope_date_and_age_are_kept_with_the_words(
    signed_in: Client, ready_photo: Photo, ready_speech: Speech
) -> None:
    assert send(signed_in, ready_photo, ready_speech, sharing=True, days=30, minor=True).status_code == 201
    consent = Consent.objects.get()
    assert consent.scope == ["speech", "gestures", "sharing"]
    assert consent.expires_at is not None
    assert timedelta(days=29) < consent.expires_at - timezone.now() <= timedelta(days=30)
    assert consent.minor
    assert consent.statement_text.endswith(MINOR)
    assert consent.statement_version == STATEMENTS["self"].version


def test_without_a_word_the_least_is_allowed(signed_in: Client, ready_photo: Photo, ready_speech: Speech) -> None:
    assert send(signed_in, ready_photo, ready_speech).status_code == 201
    consent = Consent.objects.get()
    assert consent.scope == ["speech", "gestures"]
    assert (consent.expires_at, consent.minor) == (None, False)
    assert consent.statement_text.endswith(ADULT)


@pytest.mark.parametrize(
    ("consent", "status", "code"),
    [
        ({"days": 7}, 400, "consent_duration_unknown"),
        ({"basis": "living_agreed"}, 400, "consent_needs_the_person"),
        ({"id": str(uuid4())}, 409, "consent_not_valid"),
        ({"id": "x"}, 400, "bad_request"),
    ],
)
def test_what_is_no_consent_makes_no_job(
    consent: dict[str, Any], status: int, code: str, signed_in: Client, ready_photo: Photo, ready_speech: Speech
) -> None:
    response = send(signed_in, ready_photo, ready_speech, **consent)
    assert (response.status_code, response.json()["error"]) == (status, code)
    assert not Job.objects.exists()


def test_one_consent_serves_several_videos(signed_in: Client, job: Job, owner: User) -> None:
    again = send(signed_in, job.photo, make_ready_speech(owner), instead={"id": str(job.consent_id)})
    assert again.status_code == 201
    assert Consent.objects.count() == 1
    assert set(Job.objects.values_list("consent_id", flat=True)) == {job.consent_id}


def test_a_named_consent_must_be_mine_for_this_face_and_hold(
    signed_in: Client, ready_photo: Photo, ready_speech: Speech, owner: User, other: User
) -> None:
    wrong = [
        given(make_ready_photo(other)),
        given(make_ready_photo(owner)),
        given(ready_photo, face_index=1),
        given(ready_photo, allow_speech=False),
        given(ready_photo, expires_at=timezone.now() - timedelta(days=1)),
        given(ready_photo, basis="living_agreed"),
    ]
    revoked = given(ready_photo)
    ConsentRevocation.objects.create(consent=revoked, by=RevokedBy.OWNER)
    for consent in (*wrong, revoked):
        response = send(signed_in, ready_photo, ready_speech, instead={"id": str(consent.id)})
        assert (response.status_code, response.json()["error"]) == (409, "consent_not_valid"), consent
    assert send(signed_in, ready_photo, ready_speech, instead={"id": str(given(ready_photo).id)}).status_code == 201


def test_every_face_that_moves_needs_its_consent(owner: User, ready_speech: Speech, signed_in: Client) -> None:
    photo = make_ready_photo(owner, faces=3)
    words = {"basis": "self", "confirmed": True, "statement_version": STATEMENTS["self"].version}
    body = {"photo": str(photo.id), "face": 0, "speech": str(ready_speech.id), "consent": words}
    lacking = {**body, "consents": [{"face": 1, **words}, {"face": 2, **words, "confirmed": False}]}
    response = signed_in.post("/api/jobs/", lacking, content_type="application/json")
    assert (response.status_code, response.json()["error"]) == (400, "consent_missing")
    assert not Consent.objects.exists()
    full = {**body, "consents": [{"face": 1, **words}, {"face": 2, **words, "basis": "historic"}]}
    assert signed_in.post("/api/jobs/", full, content_type="application/json").status_code == 201
    rows = JobFace.objects.order_by("face_index").select_related("consent")
    assert [(row.face_index, row.consent.face_index, row.consent.basis) for row in rows] == [
        (0, 0, "self"),
        (1, 1, "self"),
        (2, 2, "historic"),
    ]
    assert rows[0].consent_id == Job.objects.get().consent_id
    unknown = {**body, "consents": [{"face": 9, **words}]}
    assert signed_in.post("/api/jobs/", unknown, content_type="application/json").json()["error"] == "unknown_face"


def refused(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(IntegrityError, match=message), transaction.atomic():
        make()


def test_the_database_refuses_a_job_on_a_consent_that_does_not_hold(job: Job) -> None:
    photo = job.photo
    ended = given(photo, expires_at=timezone.now() - timedelta(milliseconds=500))
    silent = given(photo, allow_speech=False)
    living = given(photo, basis="living_agreed")
    revoked = given(photo)
    ConsentRevocation.objects.create(consent=revoked, by=RevokedBy.OWNER)

    def copy(consent: Consent) -> Job:
        values = {field.attname: getattr(job, field.attname) for field in Job._meta.concrete_fields}
        return Job.objects.bulk_create([Job(**{**values, "id": uuid4(), "consent_id": consent.id})])[0]

    for wrong in (ended, silent, living, revoked):
        refused(lambda wrong=wrong: copy(wrong), "confirmed consent")  # type: ignore[misc]
    copy(given(photo, expires_at=timezone.now() + timedelta(hours=1)))


def test_the_database_refuses_a_face_without_its_consent(owner: User, ready_speech: Speech) -> None:
    photo = make_ready_photo(owner, faces=2)
    job = create_job(owner, job_request(photo, ready_speech))
    fitting = given(photo, face_index=1)
    wrong = {
        "another face": given(photo, face_index=0),
        "another photo": given(make_ready_photo(owner, faces=2), face_index=1),
        "does not cover speech": given(photo, face_index=1, allow_speech=False),
        "is over": given(photo, face_index=1, expires_at=timezone.now() - timedelta(seconds=1)),
    }
    for consent in wrong.values():
        refused(
            lambda consent=consent: JobFace.objects.create(job=job, face_index=1, consent=consent, speaks=True),  # type: ignore[misc]
            "a face that moves",
        )
    face = JobFace.objects.create(job=job, face_index=1, consent=fitting, speaks=True)
    refused(lambda: JobFace.objects.filter(id=face.id).update(consent=wrong["another face"]), "a face that moves")


def test_the_database_queues_no_job_again_whose_consent_ended(owner: User, ready_speech: Speech) -> None:
    photo = make_ready_photo(owner, faces=2)
    request = JobRequest(photo.id, ready_speech.id, 0, confirmation(), {1: confirmation()})
    job = create_job(owner, request)
    job_run.claim(job.id, job.token, "w")
    job_run.fail_ours(job.id, job.token, permanent=True)
    second = JobFace.objects.get(face_index=1).consent
    ConsentRevocation.objects.create(consent=second, by=RevokedBy.OWNER)

    def again() -> None:
        Job.objects.filter(id=job.id).update(state=JobState.QUEUED, finished_at=None)

    refused(again, "confirmed consent")
    assert not job_is_covered(job, timezone.now())


def test_revocations_are_never_changed_nor_deleted(job: Job) -> None:
    ConsentRevocation.objects.create(consent=job.consent, by=RevokedBy.OWNER)
    refused(lambda: ConsentRevocation.objects.update(by="person"), "append-only")
    refused(lambda: ConsentRevocation.objects.all().delete(), "append-only")
    refused(lambda: ConsentRevocation.objects.create(consent=job.consent, by=RevokedBy.OWNER), "(?i)unique")


def test_a_person_must_have_said_how_they_agreed(ready_photo: Photo) -> None:
    refused(lambda: given(ready_photo, basis="living_agreed", given_by=GivenBy.PERSON), "how_it_was_given")


def test_revoking_erases_everything_that_rests_on_it_and_nothing_else(
    signed_in: Client, make_job: Callable[..., Job], owner: User, media_folder: Path, committed: Callable[..., Any]
) -> None:
    bystander = finish_job(make_job())
    photo = make_ready_photo(owner)
    first = create_job(owner, job_request(photo, make_ready_speech(owner)))
    consent = first.consent

    def another() -> Job:
        with_it = JobRequest(photo.id, make_ready_speech(owner).id, 0, confirmation_of(consent))
        return create_job(owner, with_it)

    running, waiting = another(), another()
    finish_job(first)
    job_run.claim(running.id, running.token, "w")
    committed(queue.enqueue_job, waiting.id, waiting.token, queue.SPEECH, 60)
    assert len(stored_files(media_folder)) == 2 * 5
    shown = signed_in.get(f"/api/consents/{consent.id}/").json()
    assert shown["erases"] == {"videos": 3, "links": 0, "photo": 1}
    page = signed_in.get(f"/consents/{consent.id}/revoke/").content.decode()
    assert "3 videos" in page
    assert "our copy of the photo" in page
    answer = committed(signed_in.post, f"/api/consents/{consent.id}/revoke/").json()
    assert (answer["state"], answer["revoked_by"]) == ("revoked", "owner")
    left = stored_files(media_folder)
    assert len(left) == 5
    assert all(str(bystander.id) in name or str(bystander.photo_id) in name for name in left)
    states = dict(Job.objects.values_list("id", "state"))
    assert (states[first.id], states[running.id], states[waiting.id]) == ("succeeded", "cancelled", "cancelled")
    assert set(Job.objects.exclude(id=bystander.id).values_list("erased_why", flat=True)) == {"consent_revoked"}
    assert queue.waiting(queue.SPEECH) == frozenset()
    assert not job_run.is_mine(running.id, running.token)
    assert Photo.objects.get(id=photo.id).state == UploadState.ERASED
    assert Consent.objects.filter(id=consent.id).exists()
    assert AuditEntry.objects.filter(action="consent_revoked", object_id=str(consent.id)).count() == 1
    again = signed_in.post(f"/api/consents/{consent.id}/revoke/")
    assert (again.status_code, again.json()["error"]) == (409, "consent_is_revoked")


def confirmation_of(consent: Consent) -> Any:
    from animator.services.consent import Confirmation

    return Confirmation(consent=consent.id)


def test_one_of_two_consents_takes_its_own_with_it(
    owner: User, media_folder: Path, committed: Callable[..., Any]
) -> None:
    """Two videos of one photo on two consents: the photo stays for the other."""
    photo = make_ready_photo(owner)
    first, second = (finish_job(create_job(owner, job_request(photo, make_ready_speech(owner)))) for _ in range(2))
    committed(withdraw, first.consent, RevokedBy.OWNER, owner)
    left = stored_files(media_folder)
    assert len(left) == 5
    assert f"photos/{photo.id}/kept.jpg" in left
    assert not any(str(first.id) in name for name in left)
    committed(withdraw, second.consent, RevokedBy.PERSON, None)
    assert stored_files(media_folder) == []


def test_the_consent_of_a_listener_takes_the_video_too(
    owner: User, ready_speech: Speech, media_folder: Path, committed: Callable[..., Any]
) -> None:
    photo = make_ready_photo(owner, faces=2)
    job = create_job(owner, JobRequest(photo.id, ready_speech.id, 0, confirmation(), {1: confirmation()}))
    finish_job(job)
    committed(withdraw, JobFace.objects.get(face_index=1).consent, RevokedBy.PERSON, None)
    # The other face's consent holds, and so the photo stays.
    assert stored_files(media_folder) == [f"photos/{photo.id}/kept.jpg"]


def test_a_consent_whose_time_is_over_takes_everything_with_it(
    finished_job: Job, media_folder: Path, committed: Callable[..., Any]
) -> None:
    assert expire_consents(timezone.now()) == 0
    past(finished_job.consent)
    assert committed(expire_consents, timezone.now()) == 1
    assert stored_files(media_folder) == []
    assert Job.objects.get().erased_why == "consent_expired"
    assert AuditEntry.objects.filter(action="consent_expired").count() == 1
    assert committed(expire_consents, timezone.now()) == 0
    assert AuditEntry.objects.filter(action="consent_expired").count() == 1


def test_the_scheduler_looks_for_what_is_over(
    finished_job: Job, media_folder: Path, committed: Callable[..., Any]
) -> None:
    past(finished_job.consent)
    committed(call_command, "scheduler", "--once")
    assert stored_files(media_folder) == []


def test_no_run_begins_on_a_consent_that_is_over(job: Job, media_folder: Path, committed: Callable[..., Any]) -> None:
    past(job.consent)
    assert committed(job_run.claim, job.id, job.token, "w") is None
    after = Job.objects.get()
    assert (after.state, after.erased_why) == (JobState.CANCELLED, "consent_expired")


def test_a_failed_job_is_not_tried_again_on_a_consent_that_is_over(signed_in: Client, job: Job) -> None:
    job_run.claim(job.id, job.token, "w")
    job_run.fail_input(job.id, job.token, InputError("no_speech", "No.", ""))
    past(job.consent)
    response = signed_in.post(f"/api/jobs/{job.id}/retry/")
    assert (response.status_code, response.json()["error"]) == (409, "consent_not_valid")


def test_my_consents_are_listed_by_photo_and_face(signed_in: Client, owner: User, other: User) -> None:
    photo = make_ready_photo(owner, faces=2)
    given(photo)
    given(photo, face_index=1, basis="historic", allow_sharing=True)
    given(make_ready_photo(other))
    listed = signed_in.get("/api/consents/").json()["consents"]
    assert [(one["face"], one["basis"], one["state"]) for one in listed] == [
        (1, "historic", "valid"),
        (0, "self", "valid"),
    ]
    assert listed[0]["box"] == [0.25, 0.2, 0.4, 0.5]
    assert signed_in.get(f"/api/consents/?photo={uuid4()}").json()["consents"] == []
    page = signed_in.get("/consents/").content.decode()
    assert page.count("consent-group") == 2
    assert "A historic figure" in page
    assert f"/media/photos/{photo.id}/" in page


def test_a_link_needs_consent_to_sharing_in_the_database(finished_job: Job, owner: User) -> None:
    def share() -> Share:
        return Share.objects.create(job=finished_job, owner=owner, secret_hash=uuid4().hex)

    refused(share, "consents to sharing")
    allowed = given(finished_job.photo, allow_sharing=True)
    made = share()
    assert consequences(allowed)["links"] == 1, "what rests on a consent to sharing alone is told too"
    Share.objects.filter(id=made.id).update(revoked_at=timezone.now())
    refused(lambda: Share.objects.filter(id=made.id).update(revoked_at=None), "stays revoked")
    ConsentRevocation.objects.create(consent=allowed, by=RevokedBy.OWNER)
    refused(share, "consents to sharing")
