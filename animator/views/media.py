"""Private files behind the gate, at addresses that soon expire. The bytes are ``animator.storage``'s."""

from __future__ import annotations

import json
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase

from animator import storage
from animator.api.errors import api
from animator.api.user import signed_in_user
from animator.media_address import fresh_address
from animator.models import Result, Speech
from animator.selectors.hold import photo_for_viewer, speech_for_viewer
from animator.selectors.rendition import ready_rendition
from animator.selectors.result import FILES, FORMS, SUBTITLES, result_for_user
from animator.selectors.script import speeches_of
from animator.selectors.timeline import FILES as TIMELINE_FILES
from animator.selectors.timeline import subtitles, timeline_for_user, timeline_of, written_words
from animator.services.access import note_foreign_access, note_foreign_upload
from gpu_worker import timeline_json
from gpu_worker.errors import InputError


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
    if name not in (*FILES, *FORMS, *SUBTITLES):
        raise Http404
    user = signed_in_user(request)
    found = result_for_user(user, job_id)
    if name in FORMS:
        ready_rendition(found, name)
    if elsewhere := fresh_address(request, user.id):
        return elsewhere
    note_foreign_access(user, found, name)
    if name in SUBTITLES:
        return _subtitles(request, found, name)
    download = f"picturetalk-{job_id.hex[:8]}-{name}" if request.GET.get("download") == "1" else ""
    # Each run has its own folder, so that its last part changes whenever the content does.
    etag = f"{found.folder.rsplit('/', 1)[-1]}-{(*FILES, *FORMS).index(name)}"
    return storage.serve(request, f"{found.folder}/{name}", etag=etag, download_name=download)


@api("GET", "HEAD")
def timeline(request: HttpRequest, speech_id: UUID, version: int, name: str) -> HttpResponseBase:
    """What belongs to one version of a speech's words: subtitles, the timeline, the sound of typed ones."""
    user = signed_in_user(request)
    row = timeline_for_user(user, speech_id, version)
    if name not in TIMELINE_FILES:
        raise Http404
    if elsewhere := fresh_address(request, user.id):
        return elsewhere
    stem = f"picturetalk-{speech_id.hex[:8]}-{version}"
    if name == "spoken.wav" and row.sound_path:
        return storage.serve(request, row.sound_path, etag=row.sound_path.rsplit("/", 1)[-1])
    if name == "timeline.json":
        text = json.dumps(timeline_json.as_dict(timeline_of(row)), indent=2, ensure_ascii=False)
        return _text(request, f"{text}\n", name, stem)
    if name in SUBTITLES:
        return _text(request, subtitles(timeline_of(row), written_words(row.speech), name), name, stem)
    raise Http404


def _subtitles(request: HttpRequest, found: Result, name: str) -> HttpResponseBase:
    """A video's words, on the video's clock; none where the video has no timeline of ours."""
    try:
        with storage.local_copy(f"{found.folder}/timeline.json") as path:
            words = timeline_json.read(path)
    except (OSError, InputError):
        raise Http404 from None
    written = " ".join(written_words(speech) for speech in _said(found))
    return _text(request, subtitles(words, written, name), name, f"picturetalk-{found.job_id.hex[:8]}")


def _said(found: Result) -> list[Speech]:
    """What is said, line by line."""
    lines = [line.speech for line in found.job.lines.select_related("speech")]
    return lines or speeches_of(found.job)


def _text(request: HttpRequest, text: str, name: str, stem: str) -> HttpResponse:
    """A small file that is made here and now; ``?download=1`` makes it an attachment."""
    kinds = {"srt": "application/x-subrip", "vtt": "text/vtt", "json": "application/json"}
    response = HttpResponse(text, content_type=f"{kinds[name.rsplit('.', 1)[-1]]}; charset=utf-8")
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    if request.GET.get("download") == "1":
        response["Content-Disposition"] = f'attachment; filename="{stem}-{name}"'
    return response
