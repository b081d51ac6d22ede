"""``/api/jobs/<uuid>/forms/``: a finished video as WebM, GIF or animated WebP."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponseBase, JsonResponse

from animator.api.body import Body
from animator.api.errors import api
from animator.api.user import signed_in_user
from animator.selectors.rendition import own_result, rendition_payloads
from animator.services.rendition import ask_for_form


@api("GET", "POST")
def forms(request: HttpRequest, job_id: UUID) -> HttpResponseBase:
    """Which forms there are of my video; or have one made: 202, and how far it is by asking again."""
    user = signed_in_user(request)
    result = own_result(user, job_id)
    if request.method == "GET":
        return JsonResponse({"forms": rendition_payloads(result)})
    result = ask_for_form(user, job_id, Body.of(request).text("kind"))
    return JsonResponse({"forms": rendition_payloads(result)}, status=202)
