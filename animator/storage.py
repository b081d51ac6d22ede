"""The one place that makes media paths and serves private files.

Paths are made of kind and id alone (``photos/<id>/source.bin``), each upload in a folder of its own, so that nothing a
user says reaches a path and a file that claims to be a playlist finds no neighbours. The default storage decides where
they lie: a folder, or an S3-compatible bucket.

Not in charge of who may see a file: callers ask ``animator.selectors`` first.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime
from pathlib import Path
from typing import IO, Any, BinaryIO, TypeAlias, cast
from uuid import UUID

from botocore.exceptions import BotoCoreError, ClientError
from django.core.files import File
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse

from animator.conf import site_config
from gpu_worker.errors import InputError

#: A file as Django's forms hand it over.
Upload: TypeAlias = "UploadedFile[IO[Any]]"
#: Bytes read from a file at a time.
BLOCK = 256 * 1024

#: What a storage that cannot be reached raises.
UNREACHABLE: tuple[type[Exception], ...] = (OSError, BotoCoreError, ClientError)

CONTENT_TYPES = {
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".wav": "audio/wav",
    ".json": "application/json",
    ".zip": "application/zip",
    ".onnx": "application/octet-stream",
}


@dataclass(frozen=True)
class Stored:
    """A file that was put into storage."""

    path: str
    bytes: int
    sha256: str


def upload_path(kind: str, object_id: UUID) -> str:
    """Where an upload lies until it is checked."""
    return f"{_folder(kind, object_id)}/source.bin"


def kept_path(kind: str, object_id: UUID, suffix: str) -> str:
    """Where the checked file lies; ``suffix`` is one of ``CONTENT_TYPES``."""
    if suffix not in CONTENT_TYPES:
        raise ValueError(f"no content type is known for {suffix}")
    return f"{_folder(kind, object_id)}/kept{suffix}"


def spoken_path(speech_id: UUID, token: str) -> str:
    """Where what was spoken for typed words lies: each time under another name, so that no version loses its sound."""
    if not re.fullmatch(r"[0-9a-f]{32}", token):
        raise ValueError("the token of a run is 32 hexadecimal digits")
    return f"{_folder('speech', speech_id)}/{token}.wav"


def cleaned_path(speech_id: UUID, token: str) -> str:
    """Where a cleaned copy of a recording lies, beside the recording; no run overwrites another's."""
    return f"{_folder('speech', speech_id)}/cleaned-{token}.wav"


def beside_photo(photo_id: UUID, kind: str, object_id: UUID, suffix: str) -> str:
    """Where something that goes with a photo lies, such as the crop that a person asked for their consent is shown."""
    if suffix not in (*CONTENT_TYPES, ".bin") or not kind.isalpha():
        raise ValueError(f"nothing is kept under {kind}{suffix}")
    return f"{_folder('photos', photo_id)}/{kind}-{UUID(str(object_id))}{suffix}"


def rig_path(photo_id: UUID, face_index: int, version: int) -> str:
    """Where the description of a face lies that a browser moves; it is erased with the photo's folder."""
    return f"{_folder('photos', photo_id)}/moving-{int(version)}-{int(face_index)}.bin"


def result_folder(job_id: UUID, token: str) -> str:
    """Where one run of a job leaves its files: a folder of its own, so that no run overwrites another's."""
    if not re.fullmatch(r"[0-9a-f]{32}", token):
        raise ValueError("the token of a run is 32 hexadecimal digits")
    return f"{_folder('results', job_id)}/{token}"


def stage_folder(job_id: UUID, token: str, name: str, number: int) -> str:
    """Where one run of a job leaves what a stage of it made: a folder of its own."""
    if not re.fullmatch(r"[0-9a-f]{32}", token) or not name.isalpha():
        raise ValueError("the token of a run is 32 hexadecimal digits, the name of a stage letters")
    return f"{_folder('stages', job_id)}/{token}-{name}-{number}"


def sound_model_path(model_id: UUID) -> str:
    """Where an exported sound-to-motion model lies."""
    return f"{_folder('sound-models', model_id)}/model.onnx"


def store_upload(path: str, file: File, limit: int, too_large: InputError) -> Stored:  # type: ignore[type-arg]
    """Copy an upload to ``path`` block by block. Raises ``too_large`` past ``limit`` bytes and leaves nothing then."""
    digest = hashlib.sha256()
    size = 0
    for block in file.chunks(BLOCK):
        size += len(block)
        if size > limit:
            raise too_large
        digest.update(block)
    file.seek(0)
    return Stored(_save(path, file), size, digest.hexdigest())


def store_file(path: str, source: Path) -> Stored:
    """Copy a local file to ``path``."""
    digest = hashlib.sha256()
    with source.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
        file.seek(0)
        saved = _save(path, File(file))
    return Stored(saved, source.stat().st_size, digest.hexdigest())


def erase(paths: Iterable[str]) -> None:
    """Delete files and the folders that become empty. A path that is not there is no error."""
    for path in paths:
        if not path:
            continue
        default_storage.delete(path)
        if local_path(path) is not None:
            _drop_empty_folders(Path(cast(str, local_path(path))).parent)


def erase_folder(folder: str) -> None:
    """Delete every file of one folder."""
    if folder:
        _, names = _listing(folder)
        erase([f"{folder}/{name}" for name in names])


def erase_runs(job_id: UUID, keep: str = "") -> None:
    """Delete what any run of a job left in storage, but for the folder ``keep``."""
    root = _folder("results", job_id)
    folders, _ = _listing(root)
    for name in folders:
        if f"{root}/{name}" != keep:
            erase_folder(f"{root}/{name}")


def erase_object(kind: str, object_id: UUID) -> None:
    """Delete everything that is stored of one object, however deep."""
    _erase_tree(_folder(kind, object_id))


def every_path() -> Iterator[str]:
    """The paths of all stored files, folder by folder."""
    yield from _paths_under("")


def is_stored(path: str) -> bool:
    """Whether there is a file under ``path``."""
    return default_storage.exists(path)


def local_path(path: str) -> str | None:
    """The file's path on this machine, or None where the storage is elsewhere."""
    try:
        return default_storage.path(path)
    except NotImplementedError:
        return None


def read(path: str) -> bytes:
    """All of a small stored file. Raises FileNotFoundError."""
    with default_storage.open(path, "rb") as file:
        content: bytes = file.read()
    return content


@contextmanager
def local_copy(path: str) -> Iterator[Path]:
    """The stored file as a file of this machine; a copy in a folder of its own where the storage is elsewhere."""
    here = local_path(path)
    if here is not None:
        yield Path(here)
        return
    with tempfile.TemporaryDirectory(prefix="picturetalk-") as folder:
        target = Path(folder) / Path(path).name
        with default_storage.open(path, "rb") as source, target.open("wb") as copy:
            shutil.copyfileobj(source, copy, BLOCK)
        yield target


def serve(request: HttpRequest, path: str, *, etag: str, download_name: str = "") -> HttpResponseBase:
    """Answer a GET or HEAD for a private file: whole, or the byte range that was asked for (RFC 9110, section 14).

    ``etag`` must change whenever the content may. ``download_name`` makes it an attachment. 404 when the file is gone;
    a signed address that soon expires where the storage is elsewhere.
    """
    here = local_path(path)
    if here is None:
        return _redirect(path, download_name)
    try:
        file = Path(here).open("rb")  # noqa: SIM115 - closed by the response
    except OSError:
        return HttpResponse(status=404)
    stat = Path(here).stat()
    validator = f'"{etag}"'
    modified = formatdate(stat.st_mtime, usegmt=True)
    response = _ranged(request, file, stat.st_size, validator, modified)
    response["Content-Type"] = CONTENT_TYPES.get(Path(path).suffix, "application/octet-stream")
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = validator
    response["Last-Modified"] = modified
    response["Cache-Control"] = "private, no-cache"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; media-src 'self'; img-src 'self'; sandbox"
    if download_name:
        response["Content-Disposition"] = f'attachment; filename="{download_name}"'
    return response


def _ranged(request: HttpRequest, file: BinaryIO, size: int, validator: str, modified: str) -> HttpResponseBase:
    wanted = request.headers.get("If-None-Match")
    if wanted is not None and (wanted.strip() == "*" or validator in [tag.strip() for tag in wanted.split(",")]):
        file.close()
        return HttpResponse(status=304)
    first, last, status = 0, size - 1, 200
    asked = request.headers.get("Range") if request.method == "GET" else None
    if asked is not None and _range_applies(request, validator, modified):
        try:
            span = _parse_range(asked, size)
        except ValueError:
            file.close()
            refused = HttpResponse(status=416)
            refused["Content-Range"] = f"bytes */{size}"
            return refused
        if span is not None:
            (first, last), status = span, 206
    length = last - first + 1
    response: HttpResponseBase
    if request.method == "HEAD":
        file.close()
        response = HttpResponse(status=status)
    else:
        response = StreamingHttpResponse(_blocks(file, first, length), status=status)
        # Closed by the response even when the reader goes away before the first block.
        response._resource_closers.append(file.close)  # type: ignore[attr-defined]
    response["Content-Length"] = str(length)
    if status == 206:
        response["Content-Range"] = f"bytes {first}-{last}/{size}"
    return response


async def _blocks(file: BinaryIO, first: int, length: int) -> AsyncIterator[bytes]:
    """The bytes of a span. Reads in a thread, so that a slow disk or reader holds up nobody else."""
    try:
        await asyncio.to_thread(file.seek, first)
        while length > 0:
            block = await asyncio.to_thread(file.read, min(BLOCK, length))
            if not block:
                return
            length -= len(block)
            yield block
    finally:
        file.close()


def _range_applies(request: HttpRequest, validator: str, modified: str) -> bool:
    """Whether ``If-Range`` allows a part; an old copy gets the whole file anew."""
    condition = request.headers.get("If-Range")
    if condition is None:
        return True
    if condition.startswith('"'):
        return condition == validator
    try:
        return parsedate_to_datetime(condition) == parsedate_to_datetime(modified)
    except ValueError:
        return False


def _parse_range(asked: str, size: int) -> tuple[int, int] | None:
    """``bytes=a-b`` as (first, last); None where the whole file is the right answer (other units, several ranges).

    Raises ``ValueError`` for a range outside the file.
    """
    match = re.fullmatch(r"bytes=\s*(\d*)\s*-\s*(\d*)\s*", asked, re.ASCII)
    if match is None or (match[1] == "" and match[2] == "") or max(len(match[1]), len(match[2])) > 18:
        return None
    if match[1] == "":
        last_bytes = min(int(match[2]), size)
        if last_bytes == 0:
            raise ValueError("an empty suffix")
        return size - last_bytes, size - 1
    first = int(match[1])
    last = min(int(match[2]), size - 1) if match[2] else size - 1
    if match[2] and int(match[2]) < first:
        return None
    if first >= size:
        raise ValueError("beyond the end")
    return first, last


def _redirect(path: str, download_name: str) -> HttpResponse:
    parameters = {"ResponseContentDisposition": f'attachment; filename="{download_name}"'} if download_name else {}
    # S3Storage.url takes more than Storage.url promises.
    address = default_storage.url(path, parameters=parameters, expire=site_config().signed_address_s)  # type: ignore[call-arg]
    response = HttpResponseRedirect(address)
    response["Cache-Control"] = "private, no-store"
    return response


def _listing(folder: str) -> tuple[list[str], list[str]]:
    """Folders and files in a folder; none where it is not there (a bucket has no folders to be missing)."""
    try:
        return default_storage.listdir(folder)
    except FileNotFoundError:
        return [], []


def _paths_under(folder: str) -> Iterator[str]:
    folders, names = _listing(folder)
    yield from (f"{folder}/{name}" if folder else name for name in names)
    for name in folders:
        yield from _paths_under(f"{folder}/{name}" if folder else name)


def _erase_tree(folder: str) -> None:
    folders, _ = _listing(folder)
    for name in folders:
        _erase_tree(f"{folder}/{name}")
    erase_folder(folder)


def _folder(kind: str, object_id: UUID) -> str:
    return f"{kind}/{UUID(str(object_id))}"


def _save(path: str, file: File) -> str:  # type: ignore[type-arg]
    """Save under exactly this name: a leftover of an earlier try gives way."""
    if default_storage.exists(path):
        default_storage.delete(path)
    return str(default_storage.save(path, file))


def _drop_empty_folders(folder: Path) -> None:
    """Remove ``folder`` and what it lay in while empty, up to but without the folder of its kind."""
    root = Path(default_storage.path(""))
    while folder.parent != root and root in folder.parents:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent
