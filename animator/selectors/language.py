"""The languages and voices on offer, in the words of the API."""

from __future__ import annotations

from typing import Any

from gpu_worker.languages import LANGUAGES, VOICES


def languages_payload() -> list[dict[str, Any]]:
    """Languages in the order they are offered; every voice speaks every language."""
    voices = [{"id": voice.code, "name": voice.name} for voice in VOICES]
    return [
        {
            "code": language.code,
            "name": language.name,
            "native": language.native,
            "rtl": language.rtl,
            "voices": voices,
        }
        for language in LANGUAGES
    ]
