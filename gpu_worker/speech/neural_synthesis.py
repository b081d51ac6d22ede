"""Typed text to sound and timeline by an installed neural voice: the counterpart of espeak-ng's own way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gpu_worker.config import EngineConfig
from gpu_worker.errors import InputError
from gpu_worker.languages import Language, find_language
from gpu_worker.schema import Phone, Timeline, Waveform, Word
from gpu_worker.speech.ladder import covering, time_speech
from gpu_worker.speech.neural_voice import NeuralSpeech, neural_voice
from gpu_worker.speech.passage import Passage, plain_text
from gpu_worker.speech.synthesis import LEAD_IN, LEAD_OUT
from gpu_worker.speech.text import no_speakable_text
from gpu_worker.speech.voices import InstalledVoice
from gpu_worker.visemes.spans import viseme_spans


def synthesise_neural(
    voice: InstalledVoice, passages: Sequence[Passage], language: Language, speed: float, config: EngineConfig
) -> tuple[Waveform, Timeline]:
    """Speak ``passages`` at the voice's own sampling rate.

    The timeline's source is ``events`` where the model gives the lengths of its phones, else what the ladder of
    :func:`time_speech` finds. Raises :class:`InputError` ``voice_speaks_another_language``, ``speech_too_long`` or
    ``no_speakable_text``.
    """
    own = find_language(voice.language)
    if own.code.split("-")[0] != language.code.split("-")[0]:
        raise InputError(
            "voice_speaks_another_language",
            f"The voice “{voice.id}” speaks {own.name}, not {language.name}.",
            "Choose another voice, or the language that it speaks.",
        )
    said = neural_voice(voice).speak(passages, speed, config.max_sound_seconds)
    if not np.abs(said.samples).max(initial=0.0) > 0:
        raise no_speakable_text()
    lead = np.zeros(round(LEAD_IN * said.rate), np.float32)
    waveform = Waveform(
        np.concatenate([lead, said.samples, np.zeros(round(LEAD_OUT * said.rate), np.float32)]), said.rate
    )
    if said.phones is None:
        found = time_speech(waveform, plain_text(passages), own.code, dictionary=_dictionary(passages))
        note = "The words were typed, but this voice does not say when its phones sound."
        return waveform, replace(found, language=language.code, reasons=(note, *found.reasons))
    return waveform, _timeline(said, waveform, len(lead) / said.rate, language)


def _timeline(said: NeuralSpeech, waveform: Waveform, lead: float, language: Language) -> Timeline:
    moved = [Phone(phone.phone, phone.start + lead, phone.end + lead, phone.stress) for phone in said.phones or ()]
    phones = covering(moved, waveform.duration)
    return Timeline(
        language=language.code,
        source="events",
        duration=waveform.duration,
        words=tuple(Word(word.word, word.start + lead, word.end + lead) for word in said.words or ()),
        phones=tuple(phones),
        visemes=viseme_spans(phones),
        reasons=("The words were typed: the times are those of the neural voice itself.",),
        score=1.0,
    )


def _dictionary(passages: Sequence[Passage]) -> dict[str, str]:
    """How the aligner must say what mark-up and the user's dictionary had said otherwise."""
    said: dict[str, str] = {}
    for passage in passages:
        if passage.ipa is not None:
            said[passage.text.strip()] = f"/{passage.ipa}/"
        elif passage.respelled is not None:
            said[passage.text.strip()] = passage.respelled
    return {word: sound for word, sound in said.items() if 0 < len(word) <= 80 and len(sound) <= 200}
