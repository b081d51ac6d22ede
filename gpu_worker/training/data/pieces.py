"""Cutting a long timeline and its sound into pieces at pauses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gpu_worker.schema import Phone, Timeline, Waveform, Word
from gpu_worker.training.clip import FRAME_RATE
from gpu_worker.visemes.spans import viseme_spans

#: Longest piece, seconds; pauses from this length on are places to cut.
LONGEST, PAUSE = 12.0, 0.12


def cut_points(timeline: Timeline, start: float, end: float) -> list[tuple[float, float]]:
    """(start, end) of pieces of at most :data:`LONGEST` seconds between two instants, on frames, cut in pauses where
    there are any."""
    pauses = [
        (phone.start + phone.end) / 2
        for phone in timeline.phones
        if phone.phone == "SIL" and phone.end - phone.start >= PAUSE
    ]
    pieces: list[tuple[float, float]] = []
    at = start
    while end - at > LONGEST:
        inside = [pause for pause in pauses if at + 0.4 * LONGEST < pause <= at + LONGEST]
        following = on_frame(inside[-1] if inside else at + LONGEST)
        pieces.append((at, following))
        at = following
    pieces.append((at, end))
    return pieces


def on_frame(instant: float) -> float:
    """The instant of the nearest frame."""
    return round(instant * FRAME_RATE) / FRAME_RATE


def piece_of(timeline: Timeline, start: float, end: float) -> Timeline:
    """What lies between two instants, with the first as 0."""
    phones = tuple(
        replace(phone, start=max(phone.start, start) - start, end=min(phone.end, end) - start)
        for phone in timeline.phones
        if min(phone.end, end) - max(phone.start, start) > 1e-6
    )
    phones = phones or (Phone("SIL", 0.0, end - start),)
    words = tuple(
        Word(word.word, word.start - start, word.end - start, word.said)
        for word in timeline.words
        if word.start >= start - 1e-6 and word.end <= end + 1e-6
    )
    return replace(timeline, duration=end - start, phones=phones, words=words, visemes=viseme_spans(phones), mouth=())


def sound_of(waveform: Waveform, start: float, end: float) -> Waveform:
    """The samples between two instants; silence where the sound has ended."""
    first, last = round(start * waveform.rate), round(end * waveform.rate)
    part = waveform.samples[first:last]
    return Waveform(np.pad(part, (0, last - first - len(part))).astype(np.float32), waveform.rate)
