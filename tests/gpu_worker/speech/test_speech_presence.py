"""Music alone is noticed before a video is made of it; speech is not."""

from __future__ import annotations

import numpy as np
import pytest

from gpu_worker.errors import EngineError
from gpu_worker.schema import FloatArray, Waveform
from gpu_worker.speech import speech_presence
from gpu_worker.speech.speech_presence import speech_finding
from gpu_worker.speech.synthesis import synthesise

RATE = 16000
TEXT = "On Monday my grandmother baked seven plum pies for the people at number five, and we ate them with fresh cream."


def music(kind: str) -> FloatArray:
    at = np.arange(12 * RATE) / RATE
    beat = np.exp(-((at * 2) % 1) * 3)
    chord = sum(np.sin(2 * np.pi * hertz * at) for hertz in (220, 277, 330, 440))
    hiss = np.random.default_rng(0).normal(0, 1, len(at))
    found = {
        "chords": 0.15 * chord * beat,
        "held": 0.1 * chord,
        "band": 0.15 * chord * beat + 0.1 * hiss * np.exp(-((at * 4) % 1) * 20),
        "wind": 0.1 * hiss,
    }[kind]
    return np.asarray(found, np.float32)


@pytest.mark.parametrize("kind", ["chords", "held", "band", "wind"])
def test_no_speech(kind: str) -> None:
    finding = speech_finding(Waveform(music(kind), RATE))
    assert finding is not None
    assert finding.code == "no_speech"
    assert finding.hint


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (TEXT, "en"),
        (
            "Guten Morgen, ich heiße Peter, komme aus Hamburg und wohne seit sieben Jahren mit meiner Familie in Wien.",
            "de",
        ),
    ],
)
def test_speech(text: str, language: str) -> None:
    waveform, _ = synthesise(text, language, speed=0.7)
    assert waveform.duration > speech_presence.SHORTEST
    assert speech_finding(waveform) is None
    tune = np.resize(music("chords"), len(waveform.samples) // 2)
    both = Waveform(np.concatenate([np.resize(tune, 12 * waveform.rate), waveform.samples]), waveform.rate)
    assert speech_finding(both) is None


def test_what_cannot_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert speech_finding(Waveform(music("chords")[: 5 * RATE], RATE)) is None

    def missing(*_: object) -> None:
        raise EngineError("no model")

    monkeypatch.setattr(speech_presence, "shipped_model", missing)
    assert speech_finding(Waveform(music("chords"), RATE)) is None
