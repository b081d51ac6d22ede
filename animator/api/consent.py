"""``/api/consents/``."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponseBase, JsonResponse

from animator.api.errors import api
from animator.api.user import signed_in_user
from animator.selectors.consent import consent_for_user, consent_payload, consents_for_user
from animator.services.consent_end import revoke_consent


@api("GET")
def consents(request: HttpRequest) -> HttpResponseBase:
    """My consents, the newest first; ``?photo=<uuid>`` those of one photo."""
    user = signed_in_user(request)
    wanted = request.GET.get("photo")
    mine = [one for one in consents_for_user(user) if wanted is None or str(one.photo_id) == wanted]
    return JsonResponse({"consents": [consent_payload(one) for one in mine]})


@api("GET")
def consent(request: HttpRequest, consent_id: UUID) -> HttpResponseBase:
    return JsonResponse(consent_payload(consent_for_user(signed_in_user(request), consent_id)))


@api("POST")
def revoke(request: HttpRequest, consent_id: UUID) -> HttpResponseBase:
    """Take a consent back, with everything that rests on it."""
    user = signed_in_user(request)
    revoke_consent(user, consent_id)
    return JsonResponse(consent_payload(consent_for_user(user, consent_id)))
