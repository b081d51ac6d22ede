"""Storage that is not a folder of this machine, as a bucket is: copies to work on, signed addresses to serve."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage, default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from animator import storage
from animator.models import Job, Photo
from animator.models.upload import UploadState
from gpu_worker import tasks
from tests.animator.conftest import at, finish_job
from tests.animator.test_uploads import face, png


class Bucket(Storage):
    """Keys and bytes, no folders and no paths; gives addresses the way django-storages does for S3."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def _open(self, name: str, mode: str) -> ContentFile[bytes]:
        return ContentFile(self.objects[name])

    def _save(self, name: str, content: File[bytes]) -> str:
        self.objects[name] = b"".join(content.chunks())
        return name

    def delete(self, name: str) -> None:
        self.objects.pop(name, None)

    def exists(self, name: str) -> bool:
        return name in self.objects

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        inside = [key.removeprefix(f"{path}/") for key in self.objects if key.startswith(f"{path}/")]
        return sorted({key.split("/")[0] for key in inside if "/" in key}), [key for key in inside if "/" not in key]

    def url(self, name: str | None, parameters: dict[str, str] | None = None, expire: int | None = None) -> str:
        return (
            f"https://bucket.example/{name}?expires={expire}&as={(parameters or {}).get('ResponseContentDisposition')}"
        )


@pytest.fixture(autouse=True)
def bucket(settings: Any, media_folder: Path) -> None:
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": f"{__name__}.Bucket"}}


def test_a_photo_is_checked_on_a_copy_and_served_by_a_signed_address(signed_in: Client, media_folder: Path) -> None:
    signed_in.post("/api/photos/", {"file": SimpleUploadedFile("x.png", png(face()))})
    photo = Photo.objects.get()
    tasks.check_photo(str(photo.id), photo.token)
    photo.refresh_from_db()
    assert photo.state == UploadState.READY
    assert default_storage.listdir(f"photos/{photo.id}") == ([], ["kept.png"])
    response = signed_in.get(at(f"/media/photos/{photo.id}/", photo.owner))
    assert response.status_code == 302
    assert response["Location"].startswith(f"https://bucket.example/photos/{photo.id}/kept.png?expires=300")
    assert "no-store" in response["Cache-Control"]
    assert not media_folder.exists()


def test_a_download_keeps_its_name_and_a_deleted_video_is_gone(
    signed_in: Client, job: Job, django_capture_on_commit_callbacks: Any
) -> None:
    done = finish_job(job)
    response = signed_in.get(at(f"/media/results/{job.id}/video.mp4", job.owner) + "&download=1")
    assert "attachment" in response["Location"]
    with django_capture_on_commit_callbacks(execute=True):
        signed_in.delete(f"/api/jobs/{job.id}/")
    assert not default_storage.exists(f"{done.result.folder}/video.mp4")


def test_a_copy_is_gone_after_use() -> None:
    stored = storage.store_upload("photos/x/source.bin", SimpleUploadedFile("x", b"abc"), 10, AssertionError())  # type: ignore[arg-type]
    with storage.local_copy(stored.path) as copy:
        assert copy.read_bytes() == b"abc"
    assert not copy.exists()
    storage.erase_runs(Job().id)
