"""The languages and voices on offer, in the words of the API."""

from __future__ import annotations

from typing import Any

from gpu_worker.languages import LANGUAGES, find_language
from gpu_worker.speech.language_detection import detect_language
from gpu_worker.speech.voice_choice import VoiceChoice, voice_choices

#: How probable a guess must be before somebody is asked, and how many times as probable as what they have chosen.
SURE, TIMES = 0.45, 3.0


def languages_payload() -> list[dict[str, Any]]:
    """Languages in the order they are offered, each with the voices that speak it."""
    choices = voice_choices()
    return [
        {
            "code": language.code,
            "name": language.name,
            "native": language.native,
            "rtl": language.rtl,
            "voices": [_voice_payload(choice) for choice in choices if choice.speaks(language.code)],
        }
        for language in LANGUAGES
    ]


def suggested_language(text: str, chosen: str) -> str | None:
    """The language that ``text`` is in, where that is clear and another than ``chosen``; regions are not told apart.

    Raises ``unsupported_language``.
    """
    code = find_language(chosen).code
    found = {candidate.language.split("-")[0]: candidate.confidence for candidate in detect_language(text)}
    if not found:
        return None
    first = max(found, key=lambda one: found[one])
    own = found.get(code.split("-")[0], 0.0)
    return find_language(first).code if found[first] >= max(SURE, TIMES * own) and first != code.split("-")[0] else None


def _voice_payload(choice: VoiceChoice) -> dict[str, Any]:
    """With ``engine`` and ``licence`` for installed voices, and ``pitch`` false where it cannot be changed."""
    payload: dict[str, Any] = {"id": choice.code, "name": choice.name}
    if choice.engine != "espeak-ng":
        payload |= {"engine": choice.engine, "licence": choice.licence}
    if not choice.has_pitch:
        payload["pitch"] = False
    return payload
