"""The database itself refuses jobs without consent and changes of the ledgers, whoever writes."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from accounts.models import User
from animator import ledger
from animator.models import AuditEntry, Consent, Job, Photo
from animator.services.audit import record
from tests.animator.conftest import make_ready_photo


def refused(sql: str, *parameters: str) -> str:
    with pytest.raises(IntegrityError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, parameters)
    return str(caught.value)


def insert_copy(job: Job, **changes: object) -> None:
    """Insert a copy of a job past every service."""
    values = {field.attname: getattr(job, field.attname) for field in Job._meta.concrete_fields}
    with transaction.atomic():
        Job.objects.bulk_create([Job(**{**values, "id": uuid4(), **changes})])


def test_no_job_without_a_consent(job: Job) -> None:
    with pytest.raises(IntegrityError):
        insert_copy(job, consent_id=None)


def test_no_job_with_a_consent_that_is_not_there(job: Job) -> None:
    with pytest.raises(IntegrityError, match="confirmed consent"):
        insert_copy(job, consent_id=uuid4())


@pytest.mark.parametrize("what", ["owner_id", "photo_id", "face_index"])
def test_no_job_with_a_consent_for_something_else(what: str, job: Job, other: User) -> None:
    photo = make_ready_photo(other)
    consent = Consent.objects.create(
        owner=job.owner, photo=job.photo, face_index=0, basis="self", statement_text="x", confirmed=True
    )
    wrong = {"owner_id": other.id, "photo_id": photo.id, "face_index": 1}[what]
    with pytest.raises(IntegrityError, match="confirmed consent"):
        insert_copy(job, consent_id=consent.id, **{what: wrong})
    insert_copy(job, consent_id=consent.id)  # and with the right one it is let through


@pytest.mark.parametrize("column", ["owner_id", "photo_id"])
def test_a_job_cannot_be_moved_to_what_nobody_agreed_to(column: str, job: Job, other: User) -> None:
    wrong = {"owner_id": other.id, "photo_id": make_ready_photo(other).id}[column]
    assert "confirmed consent" in refused(f"UPDATE animator_job SET {column} = %s", wrong.hex)


def test_an_unconfirmed_consent_cannot_be_written(owner: User, ready_photo: Photo) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Consent.objects.create(
            owner=owner, photo=ready_photo, face_index=0, basis="self", statement_text="x", confirmed=False
        )


def test_a_consent_keeps_its_words_and_its_ground(owner: User, ready_photo: Photo) -> None:
    for wrong in ({"statement_text": ""}, {"basis": "whim"}):
        fields = {"basis": "self", "statement_text": "x", **wrong}
        with pytest.raises(IntegrityError), transaction.atomic():
            Consent.objects.create(owner=owner, photo=ready_photo, face_index=0, confirmed=True, **fields)


def test_consents_are_never_changed_nor_deleted(job: Job) -> None:
    assert "append-only" in refused("UPDATE animator_consent SET basis = 'historic'")
    assert "append-only" in refused("DELETE FROM animator_consent")
    with pytest.raises(IntegrityError), transaction.atomic():
        Consent.objects.update(statement_text="something else")
    assert Consent.objects.count() == 1


def test_audit_entries_are_never_changed_nor_deleted(owner: User) -> None:
    record(owner, "looked", "job", "1")
    assert "append-only" in refused("UPDATE animator_auditentry SET action = 'x'")
    assert "append-only" in refused("DELETE FROM animator_auditentry")
    assert AuditEntry.objects.get().action == "looked"


@pytest.mark.django_db
def test_missing_triggers_are_noticed_and_come_back_with_migrate() -> None:
    assert ledger.missing_triggers() == []
    ledger.remove_triggers()
    assert len(ledger.missing_triggers()) >= 3
    call_command("migrate", verbosity=0)
    assert ledger.missing_triggers() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "dancing"},
        {"stage": "dreaming"},
        {"percent": 101},
        {"state": "succeeded"},  # without the time it finished
        {"state": "failed"},
        {"state": "processing", "token": ""},
    ],
)
def test_a_job_in_no_possible_state_is_refused(job: Job, changes: dict[str, object]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.filter(id=job.id).update(**changes)
