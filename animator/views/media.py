"""Private files behind the gate, at addresses that soon expire. The bytes are ``animator.storage``'s."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponseBase

from animator import storage
from animator.api.errors import api
from animator.api.user import signed_in_user
from animator.media_address import fresh_address
from animator.selectors.hold import photo_for_viewer, speech_for_viewer
from animator.selectors.result import FILES, result_for_user
from animator.services.access import note_foreign_access, note_foreign_upload


@api("GET", "HEAD")
def photo(request: HttpRequest, photo_id: UUID) -> HttpResponseBase:
    user = signed_in_user(request)
    found = photo_for_viewer(user, photo_id)
    if not found.path:
        raise Http404
    if elsewhere := fresh_address(request, user.id):
        return elsewhere
    note_foreign_upload(user, found)
    return storage.serve(request, found.path, etag=found.id.hex)


@api("GET", "HEAD")
def speech(request: HttpRequest, speech_id: UUID) -> HttpResponseBase:
    user = signed_in_user(request)
    found = speech_for_viewer(user, speech_id)
    if not found.path:
        raise Http404
    if elsewhere := fresh_address(request, user.id):
        return elsewhere
    note_foreign_upload(user, found)
    return storage.serve(request, found.path, etag=found.id.hex)


@api("GET", "HEAD")
def result(request: HttpRequest, job_id: UUID, name: str) -> HttpResponseBase:
    """One file of a result; ``?download=1`` makes it an attachment."""
    if name not in FILES:
        raise Http404
    user = signed_in_user(request)
    found = result_for_user(user, job_id)
    if elsewhere := fresh_address(request, user.id):
        return elsewhere
    note_foreign_access(user, found, name)
    download = f"picturetalk-{job_id.hex[:8]}-{name}" if request.GET.get("download") == "1" else ""
    # Each run has its own folder, so that its last part changes whenever the content does.
    etag = f"{found.folder.rsplit('/', 1)[-1]}-{FILES.index(name)}"
    return storage.serve(request, f"{found.folder}/{name}", etag=etag, download_name=download)
