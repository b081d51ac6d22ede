"""Whether an installed neural voice is still what was installed, and can speak."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gpu_worker.speech.neural_voice import why_unusable
from gpu_worker.speech.voices import InstalledVoice
from gpu_worker.weights import sha256_of

VoiceState = Literal["present", "missing_file", "wrong_checksum", "unusable"]


@dataclass(frozen=True)
class VoiceCheck:
    """Whether a voice's files are still those that were installed, and usable."""

    voice: InstalledVoice
    state: VoiceState
    reason: str


def check_voice(voice: InstalledVoice) -> VoiceCheck:
    """Compare checksums, read the configuration and load the model once."""
    if not voice.model.is_file() or not voice.config.is_file():
        return VoiceCheck(voice, "missing_file", f"{voice.model} or its .json is missing")
    for file, promised in ((voice.model, voice.sha256), (voice.config, voice.config_sha256)):
        if sha256_of(file) != promised:
            return VoiceCheck(voice, "wrong_checksum", f"{file} is not the file that was installed")
    reason = why_unusable(voice)
    return VoiceCheck(voice, "unusable" if reason else "present", reason or f"{voice.id} is {voice.model}")
