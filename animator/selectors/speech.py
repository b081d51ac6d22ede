"""Reading speeches: the gate, and the words of the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from accounts.models import User
from animator.media_address import media_address
from animator.models.speech import Speech
from animator.models.upload import UploadState


def speech_for_user(user: User, speech_id: UUID) -> Speech:
    """The user's own speech. Raises ``Speech.DoesNotExist`` for anybody else's and for an erased one."""
    return Speech.objects.exclude(state=UploadState.ERASED).get(id=speech_id, owner=user)


def speech_payload(speech: Speech) -> dict[str, Any]:
    """A speech as the API says it."""
    return {
        "id": str(speech.id),
        "kind": speech.kind,
        "state": speech.state,
        "text": speech.text,
        "transcript": speech.transcript,
        "language": speech.language,
        "voice": speech.voice,
        "speed": speech.speed,
        "pitch": speech.pitch,
        "duration_s": speech.duration_s,
        "findings": speech.findings,
        "normalise": speech.normalise,
        "denoise": speech.denoise,
        "trim": speech.trim,
        "url": media_address("media_speech", [speech.id], speech.owner_id) if speech.path else None,
        "error": speech.error_dict,
    }
