"""Pitch over the whole range of voices."""

from __future__ import annotations

import numpy as np
import pytest

from gpu_worker.motion.prosody import _pitch, analyse
from gpu_worker.schema import Waveform

_RATE = 16000


def _voice(frequency: float) -> np.ndarray:
    time = np.arange(_RATE) / _RATE
    return np.asarray(sum(np.cos(2 * np.pi * k * frequency * time) / k for k in range(1, 9)), np.float32) * 0.1


@pytest.mark.parametrize("frequency", [70.0, 110.0, 220.0, 320.0])
def test_a_voice_has_its_pitch(frequency: float) -> None:
    pitch = analyse(Waveform(_voice(frequency), _RATE)).pitch[5:-5]
    assert np.abs(pitch - 12 * np.log2(frequency / 100.0)).max() < 0.6


def test_the_lags_that_are_read_do_not_wrap_around() -> None:
    """The same as the sums themselves, for frames of noise and voice."""
    count, shortest, longest = 640, int(_RATE / 400.0), int(_RATE / 65.0)
    noise = np.random.default_rng(1).normal(0.0, 0.05, (3, count))
    frames = noise + np.stack([_voice(f)[:count] for f in (66.0, 150.0, 390.0)])
    window = np.hanning(count)
    centred = (frames - frames.mean(1, keepdims=True)) * window
    lags = range(shortest, longest)
    sums = np.array([[(row[: count - lag] * row[lag:]).sum() for lag in lags] for row in centred])
    shape = np.array([(window[: count - lag] * window[lag:]).sum() for lag in lags]) / (window**2).sum()
    best = (sums / (centred**2).sum(1)[:, None] / shape - 0.0002 * np.arange(longest - shortest)).argmax(1)
    assert np.allclose(_pitch(frames, _RATE), 12.0 * np.log2(_RATE / (shortest + best) / 100.0))
