"""A backup of PostgreSQL and a bucket; the rest of it is tested with files, in tests/animator/test_backup.py."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import call_command

from accounts.models import User
from animator import storage
from animator.models import Photo
from animator.services import backup
from tests.animator.conftest import make_ready_photo
from tests.integration.test_whole_way import stored

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_bucket_and_the_database_come_back(owner: User, tmp_path: Path) -> None:
    photo = make_ready_photo(owner)
    done = backup.make_backup(tmp_path / "backup")
    assert done.files == 1
    call_command("flush", interactive=False, verbosity=0)
    storage.erase([photo.path])
    assert stored() == []
    assert backup.restore_backup(tmp_path / "backup").missing == ()
    assert stored() == [photo.path] == list(Photo.objects.values_list("path", flat=True))
    storage.erase([photo.path])
