"""Every voice that can speak here: espeak-ng's own ways of speaking, and what an operator has installed beside them.

Light: the site offers these and refuses others; no model is loaded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gpu_worker.languages import VOICES, find_language, find_voice
from gpu_worker.speech.flite import LANGUAGE, PREFIX, flite_voices
from gpu_worker.speech.voices import InstalledVoice, list_voices
from gpu_worker.weights import commercial_only

VoiceEngine = Literal["espeak-ng", "flite", "piper"]


@dataclass(frozen=True)
class VoiceChoice:
    """One voice on offer. ``language`` is the code of the only one it speaks, "" for all; ``has_pitch`` says whether
    its pitch can be changed."""

    code: str
    name: str
    engine: VoiceEngine
    language: str
    licence: str
    has_pitch: bool = True

    def speaks(self, language: str) -> bool:
        """Whether it speaks the language of this code, in any of its regions."""
        return not self.language or self.language.split("-")[0] == find_language(language).code.split("-")[0]


_ESPEAK_LICENCE = "GPL-3.0-or-later, a program of its own"
_EMBEDDED = tuple(VoiceChoice(voice.code, voice.name, "espeak-ng", "", _ESPEAK_LICENCE) for voice in VOICES)


def voice_choices() -> tuple[VoiceChoice, ...]:
    """All of them, the installed neural voices first: who installs one wants it used."""
    neural = [_neural(voice) for voice in list_voices() if voice.commercial_use or not commercial_only()]
    flite = [
        VoiceChoice(code, f"{code.removeprefix(PREFIX).upper()} (flite)", "flite", LANGUAGE, "BSD-like")
        for code in flite_voices()
    ]
    return (*neural, *_EMBEDDED, *flite)


def find_voice_choice(code: str | None) -> VoiceChoice:
    """The voice of a code; None or "" is espeak-ng's first. Raises :class:`InputError` ``unknown_voice``."""
    wanted = (code or "").strip()
    for choice in voice_choices():
        if wanted and wanted in (choice.code, choice.code.lower()):
            return choice
    own = find_voice(code).code
    return next(choice for choice in _EMBEDDED if choice.code == own)


def _neural(voice: InstalledVoice) -> VoiceChoice:
    return VoiceChoice(
        voice.id, voice.id.replace("_", " ").replace("-", " "), "piper", voice.language, voice.licence, has_pitch=False
    )
