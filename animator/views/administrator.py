"""Pages for administrators alone."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse

from accounts.models import User
from animator.api.user import signed_in_user

P = ParamSpec("P")
Page = Callable[Concatenate[HttpRequest, P], HttpResponse]


def administrators_only(
    may_see: Callable[[User], bool],
) -> Callable[[Callable[Concatenate[HttpRequest, User, P], HttpResponse]], Page[P]]:
    """Hands the administrator to the view: sign-in for strangers, 403 for others, 404 for what no gate finds."""

    def wrapped(view: Callable[Concatenate[HttpRequest, User, P], HttpResponse]) -> Page[P]:
        @functools.wraps(view)
        def page(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            user = signed_in_user(request)
            if not may_see(user):
                raise PermissionDenied
            try:
                return view(request, user, *args, **kwargs)
            except ObjectDoesNotExist as error:
                raise Http404 from error

        allowed: Page[P] = login_required(page)
        return allowed

    return wrapped
