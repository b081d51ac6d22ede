"""``/api/photos/``."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse

from animator.api.errors import api
from animator.api.user import signed_in_user
from animator.errors import SiteError
from animator.selectors.photo import photo_for_user, photo_payload
from animator.services.photo import add_photo, delete_photo


@api("POST")
def photos(request: HttpRequest) -> HttpResponseBase:
    """Take in a photo (multipart ``file``): 201, still ``checking``."""
    file = request.FILES.get("file")
    if file is None:
        raise SiteError("bad_request", "There is no file in this request.", "Send it as the form field “file”.")
    return JsonResponse(photo_payload(add_photo(signed_in_user(request), file)), status=201)


@api("GET", "DELETE")
def photo(request: HttpRequest, photo_id: UUID) -> HttpResponseBase:
    user = signed_in_user(request)
    if request.method == "DELETE":
        delete_photo(user, photo_id)
        return HttpResponse(status=204)
    return JsonResponse(photo_payload(photo_for_user(user, photo_id)))
