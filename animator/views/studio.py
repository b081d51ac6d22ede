"""The page on which a video is put together."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from animator.api.user import signed_in_user
from animator.conf import engine_config
from animator.consent_statements import STATEMENTS
from animator.selectors.language import languages_payload
from animator.selectors.motion import FRAMING_NAMES, gestures_payload
from animator.selectors.quota import quota_payload
from animator.services import minors

PHOTO_TYPES = "image/jpeg,image/png,image/webp,image/heic,image/heif,image/avif,.heic,.heif,.avif"
SOUND_TYPES = "audio/*,.wav,.mp3,.m4a,.ogg,.opus,.webm,.flac,video/webm,video/mp4"


def limits() -> dict[str, Any]:
    """What the page checks before it sends anything."""
    config = engine_config()
    return {
        "max_photo_bytes": config.max_photo_bytes,
        "max_sound_bytes": config.max_sound_bytes,
        "max_sound_seconds": config.max_sound_seconds,
        "max_text_chars": config.max_text_chars,
        "photo_types": PHOTO_TYPES,
        "sound_types": SOUND_TYPES,
    }


@require_safe
@login_required
@ensure_csrf_cookie
def studio(request: HttpRequest) -> HttpResponse:
    context = {
        "limits": limits(),
        "languages": languages_payload(),
        "gestures": gestures_payload(),
        "framings": FRAMING_NAMES,
        "minors": {"policy": minors.policy(), "text": settings.MINORS_TEXT},
        "consent_statements": [statement.as_dict() for statement in STATEMENTS.values()],
        "quota": quota_payload(signed_in_user(request)),
    }
    return render(request, "animator/studio.html", context)
