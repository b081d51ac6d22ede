"""``/metrics`` for Prometheus: closed unless the operator sets a token, and then open to whoever brings it."""

from __future__ import annotations

from django.conf import settings
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures as text. 404 without a token in the settings, 401 for another one, 503 when a part is away."""
    if not settings.METRICS_TOKEN:
        raise Http404
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    if kind != "Bearer" or not constant_time_compare(given.strip(), settings.METRICS_TOKEN):
        answer = HttpResponse("This needs the token of METRICS_TOKEN.\n", status=401, content_type="text/plain")
        answer["WWW-Authenticate"] = "Bearer"
        return answer
    # Workers load the addresses too, and not every worker's environment holds what writes this format.
    from animator.selectors.figure import CONTENT_TYPE, exposition

    try:
        return HttpResponse(exposition(), content_type=CONTENT_TYPE)
    except (DatabaseError, RedisError):
        return HttpResponse("The database or Redis is away.\n", status=503, content_type="text/plain")
