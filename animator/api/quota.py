"""``/api/quota/``."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase, JsonResponse

from animator.api.errors import api
from animator.api.user import signed_in_user
from animator.selectors.quota import quota_payload


@api("GET")
def quota(request: HttpRequest) -> HttpResponseBase:
    """What I may do, have done, and have left."""
    return JsonResponse(quota_payload(signed_in_user(request)))
