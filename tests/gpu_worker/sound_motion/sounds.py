"""Sounds for the tests: something like speech, made of a buzz whose loudness and colour change."""

from __future__ import annotations

import numpy as np

from gpu_worker.schema import FloatArray

RATE = 16000


def babble(seconds: float, seed: int = 0) -> FloatArray:
    """A voice-like buzz in syllables, with a pause in the middle."""
    generator = np.random.default_rng(seed)
    count = int(seconds * RATE)
    time = np.arange(count) / RATE
    pitch = 120 + 20 * np.sin(2 * np.pi * 0.7 * time + seed)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    buzz = sum(np.sin(n * phase) / n for n in range(1, 12))
    syllables = 0.5 + 0.5 * np.sin(2 * np.pi * 4 * time)
    pause = (np.abs(time - seconds / 2) > 0.1).astype(float)
    sound: FloatArray = (0.1 * buzz * syllables * pause + generator.normal(0, 0.002, count)).astype(np.float32)
    return sound
