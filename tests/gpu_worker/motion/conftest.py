"""A made-up speaker: phones, articulators and a voice whose pitch and loudness rise on two syllables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from gpu_worker.schema import ARTICULATORS, FaceRig, Phone, Timeline, VisemeTrack, Waveform

FPS, RATE = 25.0, 16000
_WORD = (("M", 0.08), ("AE", 0.14), ("P", 0.08), ("IY", 0.12), ("V", 0.08), ("UW", 0.12))


@dataclass(frozen=True)
class Speaker:
    timeline: Timeline
    track: VisemeTrack
    waveform: Waveform


def make_speaker(words: int = 12, pause: float = 0.5) -> Speaker:
    phones = [Phone("SIL", 0.0, 0.4)]
    at = 0.4
    for number in range(words):
        for symbol, length in _WORD:
            phones.append(Phone(symbol, at, at + length, 1 if symbol == "AE" else 0))
            at += length
        if number % 3 == 2:
            phones.append(Phone("SIL", at, at + pause))
            at += pause
    timeline = Timeline("en", "events", at, (), tuple(phones), ())
    frames = int(at * FPS)
    times = np.arange(frames) / FPS
    values = np.zeros((frames, len(ARTICULATORS)), np.float32)
    jaw = {"AE": 0.7, "IY": 0.2, "UW": 0.2, "V": 0.1, "M": 0.05, "P": 0.05}
    for phone in phones:
        inside = (times >= phone.start) & (times < phone.end)
        values[inside, ARTICULATORS.index("jaw")] = jaw.get(phone.phone, 0.0)
        values[inside, ARTICULATORS.index("close")] = phone.phone in ("M", "P")
        values[inside, ARTICULATORS.index("round")] = phone.phone == "UW"
        values[inside, ARTICULATORS.index("labiodental")] = phone.phone == "V"
    closures = tuple((phone.start, phone.end) for phone in phones if phone.phone in ("M", "P"))
    return Speaker(timeline, VisemeTrack(FPS, values, closures), _voice(timeline))


def _voice(timeline: Timeline) -> Waveform:
    """A buzz at 120 Hz, higher and louder on every fifth stressed vowel, silent in pauses."""
    count = int(timeline.duration * RATE)
    pitch, level = np.full(count, 120.0), np.zeros(count)
    stressed = 0
    for phone in timeline.phones:
        part = slice(int(phone.start * RATE), int(phone.end * RATE))
        level[part] = 0.0 if phone.phone == "SIL" else 0.15
        if phone.stress:
            stressed += 1
            if stressed % 5 == 2:
                pitch[part], level[part] = 190.0, 0.6
    phase = 2.0 * np.pi * np.cumsum(pitch) / RATE
    buzz = np.sin(phase) + 0.5 * np.sin(2.0 * phase) + 0.25 * np.sin(3.0 * phase)
    return Waveform((0.5 * level * buzz).astype(np.float32), RATE)


def make_face(mouth_gap: float = 0.0, yaw: float = 0.0) -> FaceRig:
    landmarks = np.zeros((478, 3), np.float32)
    return FaceRig(0, (0.0, 0.0, 100.0, 120.0), 0.9, landmarks, 120.0, yaw, 0.0, 0.0, mouth_gap)


@pytest.fixture(scope="package")
def speaker() -> Speaker:
    return make_speaker()


@pytest.fixture
def face() -> FaceRig:
    return make_face()
