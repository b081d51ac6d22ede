"""A suspended account neither signs in nor goes on with an older session: it is told why, and how to object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from accounts.models import User
from animator.api.errors import error_response
from animator.selectors.standing import standing
from animator.selectors.statement import statement_path
from animator.services.standing import suspended_error


class Suspension:
    """Ends the session of a suspended account and leads to the statement of reasons."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if isinstance(user, User):
            # Pages say to its owner what holds for an account.
            request.standing = standing(user)  # type: ignore[attr-defined]
            decision = request.standing.suspended  # type: ignore[attr-defined]
            if decision is not None:
                logout(request)
                if request.path.startswith(("/api/", "/media/")):
                    error = suspended_error()
                    return error_response(error.status, error.code, error.message, error.hint)
                return HttpResponseRedirect(statement_path(decision))
        return self.get_response(request)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """django-allauth's hook at sign-in (``ACCOUNT_ADAPTER``)."""

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        decision = standing(user).suspended
        if decision is not None:
            return HttpResponseRedirect(statement_path(decision))
        response: HttpResponse | None = super().pre_login(request, user, **kwargs)
        return response
