"""The page of a person who is asked for their consent, reached by a secret link and without an account."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_http_methods

from animator import phrases, storage
from animator.api.consent_request import ticked
from animator.api.errors import api
from animator.conf import site_config
from animator.consent_statements import PERSON_VERSION
from animator.errors import SiteError
from animator.models import Consent, ConsentRequest
from animator.models.upload import UploadState
from animator.selectors.consent import consequences
from animator.selectors.consent_request import asked_scope, consent_given, request_by_secret, text_for
from animator.services import consent_answer, rate
from gpu_worker.errors import InputError

#: Names of the languages that phrases are drawn in, in the languages themselves.
_LANGUAGES = {"en": "English", "de": "Deutsch", "fr": "Français", "es": "Español"}


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@ensure_csrf_cookie
def page(request: HttpRequest, secret: str) -> HttpResponseBase:
    """The question and its answers: POST with ``action`` phrase, typed, decline or revoke."""
    asked = _asked(secret)
    error: InputError | None = None
    if request.method == "POST":
        try:
            rate.count("agree", rate.visitor(request), site_config().answers_per_hour, 3600)
            _act(request, asked)
        except InputError as problem:
            error = problem
        else:
            return _private(redirect("animator:consent_link", secret))
    asked = _asked(secret)
    status = getattr(error, "status", 400) if error else 200
    return _private(
        render(request, "animator/consent_link.html", _context(request, asked, secret, error), status=status)
    )


@api("GET", "HEAD", signed_in=False)
def face(request: HttpRequest, secret: str) -> HttpResponseBase:
    """The face that the question is about; nobody else in the photo is on it."""
    asked = request_by_secret(secret)
    if not asked.face_path or asked.photo.state != UploadState.READY:
        raise Http404
    return _private(storage.serve(request, asked.face_path, etag=asked.id.hex))


def _act(request: HttpRequest, asked: ConsentRequest) -> None:
    action = request.POST.get("action", "")
    if action == "phrase":
        consent_answer.fresh_phrase(asked, request.POST.get("language", asked.language))
    elif action == "typed":
        consent_answer.agree_by_typing(asked, request.POST.get("typed", ""), ticked(request))
    elif action == "decline":
        consent_answer.decline(asked)
    elif action == "revoke":
        try:
            consent_answer.revoke(asked)
        except Consent.DoesNotExist:
            raise Http404 from None
    else:
        raise SiteError("bad_request", "This is no known answer.", "Use the buttons of the page.")


def _context(request: HttpRequest, asked: ConsentRequest, secret: str, error: InputError | None) -> dict[str, object]:
    consent = consent_given(asked)
    scope = asked_scope(asked)
    wanted = [name for name in scope if name != "sharing"]
    return {
        "asked": asked,
        "secret": secret,
        "there": asked.photo.state == UploadState.READY,
        "scope": scope,
        "text": text_for(asked, wanted),
        "version": PERSON_VERSION,
        "languages": [(code, _LANGUAGES[code]) for code in phrases.languages()],
        "consent": consent,
        "revoked": getattr(consent, "revocation", None),
        "erases": consequences(consent) if consent is not None else None,
        "error": error.as_dict() if error is not None else asked.error_dict,
        "typed": request.POST.get("typed", ""),
        "keeps_voice": bool(site_config().keep_consent_recordings),
        "address": request.build_absolute_uri(),
    }


def _asked(secret: str) -> ConsentRequest:
    try:
        return request_by_secret(secret)
    except ConsentRequest.DoesNotExist:
        raise Http404 from None


def _private(response: HttpResponseBase) -> HttpResponseBase:
    """No search engine keeps it, and its address is told to nobody."""
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    response["Referrer-Policy"] = "no-referrer"
    return response
