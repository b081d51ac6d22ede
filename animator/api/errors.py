"""Every error of the API in one shape: ``{"error", "message", "hint"}``."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Concatenate, ParamSpec

from django.core.exceptions import ObjectDoesNotExist, RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.views import defaults
from django.views.csrf import csrf_failure as django_csrf_failure

from gpu_worker.errors import InputError

log = logging.getLogger(__name__)

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


class SignedInRequest(HttpRequest):
    """A request whose user is known; for type checkers, see :func:`api`."""


def error_response(status: int, code: str, message: str, hint: str = "") -> JsonResponse:
    return JsonResponse({"error": code, "message": message, "hint": hint}, status=status)


def api(*methods: str, signed_in: bool = True) -> Callable[[View[P]], View[P]]:
    """Wraps a view of the API: allowed methods, sign-in, and errors in the API's shape. CSRF is Django's middleware."""

    def wrap(view: View[P]) -> View[P]:
        @functools.wraps(view)
        def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if signed_in and not request.user.is_authenticated:
                return error_response(401, "not_signed_in", "You are not signed in.", "Sign in and try again.")
            if request.method not in methods:
                response = error_response(405, "method_not_allowed", f"Use {' or '.join(methods)} here.")
                response["Allow"] = ", ".join(methods)
                return response
            try:
                response_ = view(request, *args, **kwargs)
            except ObjectDoesNotExist:
                return error_response(404, "not_found", "There is no such thing, or it is not yours.")
            except InputError as error:
                return error_response(getattr(error, "status", 400), error.code, error.message, error.hint)
            except (RequestDataTooBig, TooManyFieldsSent):
                return error_response(413, "request_too_large", "The request is too large.")
            except MultiPartParserError:
                return error_response(400, "bad_request", "The form data cannot be read.", "Send it again.")
            if not response_.has_header("Cache-Control"):
                response_["Cache-Control"] = "private, no-store"
            return response_

        return answer

    return wrap


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """``CSRF_FAILURE_VIEW``: JSON for the API, Django's page for the rest."""
    if request.path.startswith("/api/"):
        return error_response(
            403, "csrf_failed", "This request did not come from one of our pages.", "Reload the page and try again."
        )
    return django_csrf_failure(request, reason)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """``handler404``: JSON for the API, the site's page for the rest."""
    if request.path.startswith("/api/"):
        return error_response(404, "not_found", "There is no such thing, or it is not yours.")
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """``handler500``: JSON for the API, the site's page for the rest. The traceback is in the log."""
    if request.path.startswith("/api/"):
        return error_response(500, "server_error", "Something went wrong, which is our fault.", "Please try again.")
    return defaults.server_error(request)
