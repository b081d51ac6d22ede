"""The user of a request that is known to be signed in."""

from __future__ import annotations

from django.http import HttpRequest

from accounts.models import User


def signed_in_user(request: HttpRequest) -> User:
    """The user behind a request. Only behind ``api`` or ``login_required``, which let nobody else through."""
    user = request.user
    if not isinstance(user, User):
        raise TypeError("this view is open to signed-in users only")
    return user
