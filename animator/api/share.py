"""``/api/jobs/<uuid>/shares/`` and ``/api/shares/<uuid>/``."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.urls import reverse

from animator.api.body import Body
from animator.api.errors import api
from animator.api.user import signed_in_user
from animator.selectors.job import job_for_user
from animator.selectors.share import share_for_user, share_payload, shares_of_job
from animator.services.share import create_share, revoke_share


@api("GET", "POST")
def shares(request: HttpRequest, job_id: UUID) -> HttpResponseBase:
    """The links of my video; or a new one: 201 with its ``link``, which is told this once."""
    user = signed_in_user(request)
    job = job_for_user(user, job_id)
    if request.method == "GET":
        return JsonResponse({"shares": [share_payload(one) for one in shares_of_job(job)]})
    body = Body.of(request)
    findable = not body.has("findable") or body.flag("findable")
    share, secret = create_share(user, job_id, body.index("days"), findable=findable, confirmed=body.flag("confirmed"))
    link = request.build_absolute_uri(reverse("animator:share", args=[secret]))
    return JsonResponse({**share_payload(share), "link": link}, status=201)


@api("GET", "DELETE")
def share(request: HttpRequest, share_id: UUID) -> HttpResponseBase:
    """One of my links; DELETE ends it."""
    user = signed_in_user(request)
    if request.method == "DELETE":
        return JsonResponse(share_payload(revoke_share(user, share_id)))
    return JsonResponse(share_payload(share_for_user(user, share_id)))
