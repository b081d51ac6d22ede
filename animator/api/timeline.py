"""``/api/speech/<id>/timeline/``: words, sounds and mouth of a speech, and correcting them."""

from __future__ import annotations

import base64
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase, JsonResponse

from animator.api.body import Body
from animator.api.errors import api
from animator.api.user import signed_in_user
from animator.errors import SiteError
from animator.selectors.speech import speech_for_user
from animator.selectors.timeline import latest_timeline, timeline_payload
from animator.services import timeline as service
from gpu_worker.schema import Word

#: Most edits in one request.
MOST_EDITS = 1000
#: Largest body that carries a timeline, bytes: an hour of speech is about 1.1 MB.
MOST_BYTES = 8 * 1024 * 1024


@api("GET", "POST")
def timeline(request: HttpRequest, speech_id: UUID) -> HttpResponseBase:
    """The newest version; POST keeps a corrected ``document``, or carries out ``edits``, on top of ``version``."""
    user = signed_in_user(request)
    speech = speech_for_user(user, speech_id)
    if request.method == "GET":
        return JsonResponse(timeline_payload(speech, latest_timeline(speech)))
    body = Body.of(request, MOST_BYTES)
    version = body.index("version") or 0
    edits = body.raw("edits")
    if edits is None:
        return JsonResponse(timeline_payload(speech, service.save(user, speech_id, version, body.raw("document"))))
    if not isinstance(edits, list) or len(edits) > MOST_EDITS or not all(isinstance(edit, dict) for edit in edits):
        raise SiteError("bad_request", f"“edits” must be a list of at most {MOST_EDITS} objects.")
    return JsonResponse(timeline_payload(speech, service.save_edits(user, speech_id, version, edits)))


@api("POST")
def measure(request: HttpRequest, speech_id: UUID) -> HttpResponseBase:
    """Begin to measure, unless it was done: the newest version, perhaps still on its way."""
    user = signed_in_user(request)
    row = service.measure(user, speech_id)
    return JsonResponse(timeline_payload(speech_for_user(user, speech_id), row))


@api("POST")
def align(request: HttpRequest, speech_id: UUID) -> HttpResponseBase:
    """``words`` (``{"word", "said"}``) aligned anew with the sound from ``start`` to ``end``; nothing is kept."""
    user = signed_in_user(request)
    speech_for_user(user, speech_id)
    body = Body.of(request)
    words = body.raw("words")
    if not isinstance(words, list):
        raise SiteError("bad_request", "“words” must be a list.")
    asked = []
    for entry in words[: service.MOST_WORDS + 1]:
        word, said = (entry.get("word"), entry.get("said", "")) if isinstance(entry, dict) else (None, None)
        if not isinstance(word, str) or not isinstance(said, str):
            raise SiteError("bad_request", "Each of “words” must have a “word” and may have “said”.")
        asked.append(Word(word, 0.0, 0.0, said.strip()))
    found = service.align_part(user, speech_id, asked, body.number("start", -1.0), body.number("end", -1.0))
    return JsonResponse(found)


@api("POST")
def mouth(request: HttpRequest, speech_id: UUID) -> HttpResponseBase:
    """How far the mouth opens from ``start`` to ``end`` under a ``document``, a byte for each fiftieth of a second."""
    user = signed_in_user(request)
    speech_for_user(user, speech_id)
    body = Body.of(request, MOST_BYTES)
    curve = service.mouth_curve(
        user,
        speech_id,
        body.index("version") or 0,
        body.raw("document"),
        body.number("start", -1.0),
        body.number("end", -1.0),
    )
    return JsonResponse({"hz": 50, "opening": base64.b64encode(curve).decode()})
