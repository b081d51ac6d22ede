"""What the moderators' views share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie

from accounts.models import User
from animator.api.user import signed_in_user
from animator.selectors.result import may_moderate

P = ParamSpec("P")


def moderators_only(
    view: Callable[Concatenate[HttpRequest, User, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Hands the moderator to the view; everybody else is refused. What is not there is a page that says so."""

    @wraps(view)
    def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        user = signed_in_user(request)
        if not may_moderate(user):
            raise PermissionDenied
        try:
            return view(request, user, *args, **kwargs)
        except ObjectDoesNotExist:
            raise Http404 from None

    return login_required(never_cache(ensure_csrf_cookie(answer)))
