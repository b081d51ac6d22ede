"""A backup is made, everything is lost, and comes back: rows, files, the audit log's chain, what was waiting."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client

from accounts.models import User
from animator import queue, storage
from animator.models import AuditEntry, Consent, Job
from animator.models.job import JobState
from animator.selectors.audit import audit_head, verify_log
from animator.services import audit, backup
from animator.services.backup import BackupError
from animator.services.recovery import recover
from tests.animator.conftest import at, finish_job

pytestmark = pytest.mark.django_db(transaction=True)


def command(*words: str) -> str:
    out = StringIO()
    call_command("backup", *words, stdout=out, stderr=out)
    return out.getvalue()


def lose_everything() -> None:
    call_command("flush", interactive=False, verbosity=0)
    storage.erase(list(storage.every_path()))
    assert (User.objects.count(), Job.objects.count(), AuditEntry.objects.count()) == (0, 0, 0)
    assert list(storage.every_path()) == []


def test_everything_comes_back(
    owner: User, administrator: User, make_job: Callable[..., Job], client: Client, tmp_path: Path, settings: Any
) -> None:
    done, waiting = finish_job(make_job(), b"the video" * 100), make_job()
    for number in range(3):
        audit.record(administrator, "looked", "job", done.id, number=number)
    head, files = audit_head(), sorted(storage.every_path())
    told = command("make", str(tmp_path / "backup"))
    assert f"2 videos and {len(files)} files" in told
    assert str(head) in told
    assert "is whole" in command("check", str(tmp_path / "backup"))

    lose_everything()
    told = command("restore", str(tmp_path / "backup"), "--yes")
    assert "missing" not in told
    assert sorted(storage.every_path()) == files
    assert audit_head() == head
    assert verify_log(head).holds
    assert Consent.objects.count() == 2

    client.force_login(User.objects.get(id=owner.id))
    assert client.get(f"/jobs/{done.id}/").status_code == 200
    answer = client.get(at(f"/media/results/{done.id}/video.mp4", owner))
    assert (answer.status_code, answer["Content-Length"]) == (200, "900")
    with storage.local_copy(f"{done.result.folder}/video.mp4") as video:
        assert video.read_bytes() == b"the video" * 100
    with pytest.raises(IntegrityError), transaction.atomic():
        AuditEntry.objects.all().delete()
    audit.record(administrator, "looked", "job", done.id)
    assert verify_log(head).holds, "the chain goes on from where it was"

    # Redis has forgotten what waited; the database has not.
    settings.PICTURETALK_LOST_AFTER_S = 0
    recover()
    again = Job.objects.get(id=waiting.id)
    assert again.state == JobState.QUEUED
    assert queue.waiting(queue.SPEECH) >= {again.token}


def test_what_came_after_the_backup_goes(make_job: Callable[..., Job], tmp_path: Path) -> None:
    first = finish_job(make_job())
    backup.make_backup(tmp_path / "backup")
    later = finish_job(make_job())
    done = backup.restore_backup(tmp_path / "backup")
    assert (done.jobs, done.missing) == (1, ())
    assert not storage.is_stored(f"{later.result.folder}/video.mp4")
    assert storage.is_stored(f"{first.result.folder}/video.mp4")


def test_the_database_alone(make_job: Callable[..., Job], tmp_path: Path) -> None:
    done = finish_job(make_job())
    command("make", str(tmp_path / "backup"), "--no-media")
    storage.erase([done.photo.path])
    told = command("restore", str(tmp_path / "backup"), "--yes")
    assert f"missing: {done.photo.path}" in told
    assert storage.is_stored(f"{done.result.folder}/video.mp4"), "the bucket is left as it is"


def test_a_damaged_backup_changes_nothing(make_job: Callable[..., Job], tmp_path: Path) -> None:
    done = finish_job(make_job())
    folder = tmp_path / "backup"
    backup.make_backup(folder)
    copy = folder / "media" / done.photo.path
    whole = copy.read_bytes()
    copy.write_bytes(whole[:-1])
    later = make_job()
    with pytest.raises(BackupError, match="is damaged"):
        backup.restore_backup(folder)
    copy.unlink()
    with pytest.raises(BackupError, match="is missing"):
        backup.restore_backup(folder)
    copy.write_bytes(whole)
    dump = folder / backup.DATABASE_FILES[connection.vendor]
    dump.write_bytes(dump.read_bytes()[:-100])
    with pytest.raises(BackupError, match="is damaged"):
        backup.restore_backup(folder)
    assert Job.objects.filter(id=later.id).exists()


def test_what_is_no_backup_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"backup\.json is missing"):
        command("check", str(tmp_path))
    backup.make_backup(tmp_path / "backup")
    with pytest.raises(CommandError, match="a folder of its own"):
        command("make", str(tmp_path / "backup"))
    with pytest.raises(CommandError, match="say --yes"):
        command("restore", str(tmp_path / "backup"))
    listed = json.loads((tmp_path / "backup" / backup.LIST).read_text())
    listed["database"]["vendor"] = "oracle"
    (tmp_path / "backup" / backup.LIST).write_text(json.dumps(listed))
    with pytest.raises(CommandError, match="The backup is of oracle"):
        command("restore", str(tmp_path / "backup"), "--yes")
