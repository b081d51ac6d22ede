"""``/api/verify/``, open to everybody: a file comes in, the worker looks at it, the answer waits under its id."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponseBase, JsonResponse

from animator.api.errors import api
from animator.conf import site_config
from animator.errors import SiteError
from animator.selectors.file_check import file_check as check_by_id
from animator.selectors.file_check import file_check_payload
from animator.services import rate
from animator.services.file_check import add_file_check


@api("POST", signed_in=False)
def verify_file(request: HttpRequest) -> HttpResponseBase:
    """Take in a file (multipart ``file``): 201, still ``checking``."""
    file = request.FILES.get("file")
    if file is None:
        raise SiteError("bad_request", "There is no file in this request.", "Send it as the form field “file”.")
    rate.count("verify", rate.visitor(request), site_config().checks_per_hour, 3600)
    return JsonResponse(file_check_payload(add_file_check(file)), status=201)


@api("GET", signed_in=False)
def file_check(request: HttpRequest, check_id: UUID) -> HttpResponseBase:
    return JsonResponse(file_check_payload(check_by_id(check_id)))
