"""``/api/dictionary/``: how the user's own names are said."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse

from animator.api.body import Body
from animator.api.errors import api
from animator.api.user import signed_in_user
from animator.selectors.pronunciation import pronunciation_payload, pronunciations
from animator.services.pronunciation import forget_pronunciation, keep_pronunciation


@api("GET", "POST")
def entries(request: HttpRequest) -> HttpResponseBase:
    """My entries; POST keeps one (``word``, ``said``, ``language``), instead of what was kept for that word: 201."""
    user = signed_in_user(request)
    if request.method == "GET":
        return JsonResponse({"entries": [pronunciation_payload(entry) for entry in pronunciations(user)]})
    body = Body.of(request)
    kept = keep_pronunciation(user, body.text("word", ""), body.text("said", ""), body.text("language", ""))
    return JsonResponse(pronunciation_payload(kept), status=201)


@api("DELETE")
def entry(request: HttpRequest, pronunciation_id: UUID) -> HttpResponseBase:
    """Forget an entry: 204."""
    forget_pronunciation(signed_in_user(request), pronunciation_id)
    return HttpResponse(status=204)
