"""``/api/photos/``."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse

from animator.api.body import Body
from animator.api.errors import api
from animator.api.job import confirmation
from animator.api.user import signed_in_user
from animator.errors import SiteError
from animator.selectors.framing import framing_payloads
from animator.selectors.photo import photo_for_user, photo_payload
from animator.selectors.quota import limits_for
from animator.services.moving_face import moving_face, standing_consent
from animator.services.photo import add_photo, delete_photo


@api("POST")
def photos(request: HttpRequest) -> HttpResponseBase:
    """Take in a photo (multipart ``file``): 201, still ``checking``."""
    file = request.FILES.get("file")
    if file is None:
        raise SiteError("bad_request", "There is no file in this request.", "Send it as the form field “file”.")
    return JsonResponse(photo_payload(add_photo(signed_in_user(request), file)), status=201)


@api("GET")
def framings(request: HttpRequest, photo_id: UUID) -> HttpResponseBase:
    """What each framing would show of my photo: ``?faces=0,2`` are those that move, all where it is left out."""
    user = signed_in_user(request)
    asked = request.GET.get("faces", "")
    if asked and not all(one.isascii() and one.isdigit() and len(one) < 5 for one in asked.split(",")):
        raise SiteError("bad_request", "“faces” must be whole numbers with commas between.")
    faces = [int(one) for one in asked.split(",")] if asked else None
    return JsonResponse(
        {"framings": framing_payloads(photo_for_user(user, photo_id), faces, limits_for(user).max_side)}
    )


@api("GET", "POST")
def moving(request: HttpRequest, photo_id: UUID) -> HttpResponseBase:
    """A face that moves in the page. GET ``?face=0``: ``{"consent": id | null}``, the one that it may rest on already.

    POST ``{"face", "consent"}``, a consent as for a job: the face as ``gpu_worker.packed`` packs it, and in the header
    ``X-Consent`` the id of the consent.
    """
    user = signed_in_user(request)
    photo_for_user(user, photo_id)
    if request.method == "GET":
        asked = request.GET.get("face", "")
        if not (asked.isascii() and asked.isdigit() and len(asked) < 5):
            raise SiteError("bad_request", "“face” must be a whole number.")
        found = standing_consent(user, photo_id, int(asked))
        return JsonResponse({"consent": None if found is None else str(found.id)})
    body = Body.of(request)
    consent, described = moving_face(user, photo_id, body.required_index("face"), confirmation(body.part("consent")))
    return HttpResponse(
        described,
        content_type="application/octet-stream",
        headers={"X-Consent": str(consent.id), "X-Content-Type-Options": "nosniff"},
    )


@api("GET", "DELETE")
def photo(request: HttpRequest, photo_id: UUID) -> HttpResponseBase:
    user = signed_in_user(request)
    if request.method == "DELETE":
        delete_photo(user, photo_id)
        return HttpResponse(status=204)
    return JsonResponse(photo_payload(photo_for_user(user, photo_id)))
