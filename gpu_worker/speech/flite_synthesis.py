"""Typed text to sound and timeline by a voice of flite: its phones are its own, its words are found by alignment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gpu_worker.config import EngineConfig
from gpu_worker.errors import InputError
from gpu_worker.languages import Language
from gpu_worker.schema import FloatArray, Phone, Timeline, Waveform, Word
from gpu_worker.speech.flite import LANGUAGE, speak_flite
from gpu_worker.speech.ladder import covering, time_speech
from gpu_worker.speech.passage import Passage, plain_text
from gpu_worker.speech.synthesis import LEAD_IN, LEAD_OUT
from gpu_worker.speech.text import no_speakable_text
from gpu_worker.visemes.spans import viseme_spans

#: How far, in seconds, a word's aligned edge may lie from the phone's edge that it is put on.
_SNAP = 0.12


def synthesise_flite(
    voice: str, passages: Sequence[Passage], language: Language, speed: float, pitch: float, config: EngineConfig
) -> tuple[Waveform, Timeline]:
    """Speak ``passages`` at the voice's own sampling rate; the timeline's source is ``events``.

    Raises :class:`InputError` ``voice_speaks_another_language``, ``no_speakable_text`` or ``speech_too_long``.
    """
    if language.code.split("-")[0] != LANGUAGE:
        raise InputError(
            "voice_speaks_another_language",
            f"The voice “{voice}” speaks English, not {language.name}.",
            "Choose another voice, or the language that it speaks.",
        )
    said = speak_flite(voice, passages, speed, pitch)
    if not any(phone.phone != "SIL" for phone in said.phones):
        raise no_speakable_text()
    if len(said.samples) / said.rate > config.max_sound_seconds:
        raise InputError(
            "speech_too_long",
            f"Spoken, this text lasts longer than {config.max_sound_seconds / 60:g} minutes.",
            "Shorten it, or make several videos.",
        )
    lead = round(LEAD_IN * said.rate)
    silence = np.zeros(round(LEAD_OUT * said.rate), np.float32)
    waveform = Waveform(np.concatenate([np.zeros(lead, np.float32), said.samples, silence]), said.rate)
    offset = lead / said.rate
    moved = [replace(phone, start=phone.start + offset, end=phone.end + offset) for phone in said.phones]
    phones = covering(moved, waveform.duration)
    aligned = time_speech(waveform, plain_text(passages), language.code)
    timeline = Timeline(
        language=language.code,
        source="events",
        duration=waveform.duration,
        words=tuple(snapped(aligned.words, phones)),
        phones=tuple(phones),
        visemes=viseme_spans(phones),
        reasons=("The words were typed: the times are those of flite's own phones.",),
        score=1.0,
    )
    return waveform, timeline


def snapped(words: Sequence[Word], phones: Sequence[Phone]) -> list[Word]:
    """The words with their edges on the nearest edges of sounding phones, in order and without overlap."""
    starts = np.array([phone.start for phone in phones if phone.phone != "SIL"])
    ends = np.array([phone.end for phone in phones if phone.phone != "SIL"])
    found: list[Word] = []
    for word in words:
        start = max(_nearest(starts, word.start), found[-1].end if found else 0.0)
        end = _nearest(ends, word.end)
        if end <= start:
            start, end = max(word.start, found[-1].end if found else 0.0), word.end
        if end > start:
            found.append(replace(word, start=start, end=end))
    return found


def _nearest(edges: FloatArray, at: float) -> float:
    nearest = float(edges[np.abs(edges - at).argmin()])
    return nearest if abs(nearest - at) <= _SNAP else at
