"""``/api/reports/``."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase, JsonResponse

from animator.api.body import Body
from animator.api.errors import api
from animator.api.user import signed_in_user
from animator.selectors.report import report_payload
from animator.services.report import make_report


@api("POST")
def reports(request: HttpRequest) -> HttpResponseBase:
    """Report a video: 201."""
    body = Body.of(request)
    report = make_report(signed_in_user(request), body.uuid("job"), body.text("reason", ""), body.text("statement", ""))
    return JsonResponse(report_payload(report), status=201)
