"""``/api/photos/``."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse

from animator.api.errors import api
from animator.api.user import signed_in_user
from animator.errors import SiteError
from animator.selectors.framing import framing_payloads
from animator.selectors.photo import photo_for_user, photo_payload
from animator.selectors.quota import limits_for
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


@api("GET", "DELETE")
def photo(request: HttpRequest, photo_id: UUID) -> HttpResponseBase:
    user = signed_in_user(request)
    if request.method == "DELETE":
        delete_photo(user, photo_id)
        return HttpResponse(status=204)
    return JsonResponse(photo_payload(photo_for_user(user, photo_id)))
