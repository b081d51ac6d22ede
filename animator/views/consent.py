"""“My consents”: what I agreed to or was given, for which face, until when; and taking it back."""

from __future__ import annotations

from itertools import groupby
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_http_methods, require_safe

from animator.api.user import signed_in_user
from animator.models.consent import Consent
from animator.selectors.consent import consent_for_user, consent_payload, consents_for_user
from animator.selectors.photo import face_window
from animator.services.consent_end import revoke_consent
from gpu_worker.errors import InputError

_TIMES = ("created_at", "expires_at", "revoked_at")


@require_safe
@login_required
def consent_list(request: HttpRequest) -> HttpResponse:
    user = signed_in_user(request)
    rows = sorted((_shown(one) for one in consents_for_user(user)), key=lambda row: (row["photo"], row["face"]))
    groups = [list(rows) for _, rows in groupby(rows, key=lambda row: (row["photo"], row["face"]))]
    groups.sort(key=lambda rows: max(row["created_at"] for row in rows), reverse=True)
    for group in groups:
        group.sort(key=lambda row: row["created_at"], reverse=True)
    return render(request, "animator/consent_list.html", {"groups": groups})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def consent_revoke(request: HttpRequest, consent_id: UUID) -> HttpResponse:
    """What a revocation takes away; POST does it."""
    user = signed_in_user(request)
    try:
        consent = consent_for_user(user, consent_id)
    except Consent.DoesNotExist:
        raise Http404 from None
    error = None
    if request.method == "POST":
        try:
            revoke_consent(user, consent.id)
        except InputError as problem:
            error = problem
        else:
            messages.success(request, "Revoked. What was made with this consent is erased.")
            return redirect("animator:consent_list")
    context = {"consent": _shown(consent), "error": error}
    return render(request, "animator/consent_revoke.html", context, status=409 if error else 200)


def _shown(consent: Consent) -> dict[str, Any]:
    """The payload with its moments as moments, and the window of the photo that shows the face."""
    payload = consent_payload(consent)
    window = face_window(consent.photo, consent.face_index) if payload["photo_url"] else None
    return {
        **payload,
        **{name: payload[name] and parse_datetime(payload[name]) for name in _TIMES},
        "window": None if window is None else " ".join(map(str, window)),
        "width": consent.photo.width,
        "height": consent.photo.height,
    }
