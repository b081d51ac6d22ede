"""Addresses of private files: good for some minutes and for one user, by a signature over path, user and expiry.

``/media/results/<id>/video.mp4?until=<seconds>&for=<signature>``. The signature is no key by itself: whoever asks must
be signed in as that user, and pass the gate of the file as well. An address without a signature is the file's name; the
views answer it, past the gate, with a redirection to a fresh one.
"""

from __future__ import annotations

import time
from uuid import UUID

from django.core.signing import Signer
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare

from animator.conf import site_config
from animator.errors import SiteError

#: Addresses made within so many seconds are the same, so that browsers need not fetch a picture again.
STEP_S = 300


def media_address(name: str, arguments: list[object], viewer: UUID, *, download: bool = False) -> str:
    """An address of a view of ``animator.views.media`` for ``viewer``, good for ``media_address_s`` seconds or, by up
    to ``STEP_S``, longer."""
    return sign(reverse(f"animator:{name}", args=arguments), viewer, download=download)


def sign(path: str, viewer: UUID, *, download: bool = False) -> str:
    """The same for a path that is known."""
    until = (int(time.time()) // STEP_S + 1) * STEP_S + site_config().media_address_s
    signed = f"{path}?until={until}&for={_signature(path, viewer, until)}"
    return f"{signed}&download=1" if download else signed


def fresh_address(request: HttpRequest, viewer: UUID) -> HttpResponse | None:
    """None where the request's address is good for ``viewer``; a redirection to such a one where it has no signature.

    Raises ``address_altered`` or ``address_expired`` (403).
    """
    until, given = request.GET.get("until"), request.GET.get("for")
    if until is None and given is None:
        response = HttpResponseRedirect(sign(request.path, viewer, download=request.GET.get("download") == "1"))
        response["Cache-Control"] = "private, no-store"
        return response
    number = int(until) if until and until.isascii() and until.isdigit() and len(until) <= 12 else 0
    if not _is_signed(request.path, viewer, number, given or ""):
        raise SiteError(
            "address_altered", "This address is not whole, or was not made for you.", "Open the page anew.", status=403
        )
    if number < time.time():
        raise SiteError("address_expired", "This address was good for some minutes.", "Open the page anew.", status=403)
    return None


def _signature(path: str, viewer: UUID, until: int) -> str:
    return _signer().signature(_signed(path, viewer, until))


def _is_signed(path: str, viewer: UUID, until: int, given: str) -> bool:
    """Whether the key in force, or an earlier one that still counts, made this signature."""
    signer, words = _signer(), _signed(path, viewer, until)
    return any(
        constant_time_compare(signer.signature(words, key), given) for key in (signer.key, *signer.fallback_keys)
    )


def _signed(path: str, viewer: UUID, until: int) -> str:
    return f"{path}|{viewer}|{until}"


def _signer() -> Signer:
    return Signer(salt="animator.media_address")
