"""Resampling: exact in the pass band, silent beyond it, no shift in time."""

from __future__ import annotations

import numpy as np
import pytest

from gpu_worker.media.resampling import polyphase
from gpu_worker.schema import FloatArray

RATES = [(22050, 16000), (22050, 48000), (44100, 16000), (48000, 16000), (8000, 16000), (16000, 16001)]


def sine(rate: int, frequency: float, seconds: float = 1.0) -> FloatArray:
    wave: FloatArray = np.sin(2 * np.pi * frequency * np.arange(round(rate * seconds)) / rate).astype(np.float32)
    return wave


def resampled(samples: FloatArray, before: int, after: int) -> FloatArray:
    divisor = int(np.gcd(before, after))
    return polyphase(samples, after // divisor, before // divisor)


@pytest.mark.parametrize(("before", "after"), RATES)
def test_a_tone_stays_the_same_tone(before: int, after: int) -> None:
    tone = resampled(sine(before, 1000.0), before, after)
    inner = slice(after // 20, -after // 20)
    np.testing.assert_allclose(tone[inner], sine(after, 1000.0)[: len(tone)][inner], atol=2e-4)
    assert len(tone) == after


def test_what_the_lower_rate_cannot_hold_is_gone() -> None:
    heard = resampled(sine(48000, 11000.0), 48000, 16000)
    assert np.abs(heard[800:-800]).max() < 1e-3


@pytest.mark.parametrize("length", [0, 1, 2, 7])
@pytest.mark.parametrize(("up", "down"), [(1, 3), (320, 441), (3, 1)])
def test_short_sounds_have_their_length(length: int, up: int, down: int) -> None:
    assert len(polyphase(np.ones(length, np.float32), up, down)) == -(-length * up // down)
