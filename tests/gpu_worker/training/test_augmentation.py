from __future__ import annotations

import numpy as np
import pytest

from gpu_worker.sound_motion.layout import FEATURES
from gpu_worker.training.augmentation import changed_sound, masked_features
from tests.gpu_worker.sound_motion.sounds import babble


def test_a_hearing_differs_but_keeps_its_time() -> None:
    sound = babble(1.5)
    lengths = set()
    for seed in range(8):
        heard, speed = changed_sound(sound, np.random.default_rng(seed))
        assert np.isfinite(heard).all()
        assert np.abs(heard).max() <= 1.0
        assert len(heard) * speed == pytest.approx(len(sound), abs=2)
        lengths.add(len(heard))
        # The pause in the middle is where it was, by the clock of the changed sound.
        energy = np.convolve(heard**2, np.ones(800) / 800, "same")
        quietest = int(energy[4000:-4000].argmin()) + 4000
        assert quietest / len(heard) == pytest.approx(0.5, abs=0.1) or energy[quietest] > 1e-4
    assert len(lengths) > 3


def test_the_same_seed_gives_the_same_hearing() -> None:
    one, _ = changed_sound(babble(0.8), np.random.default_rng(5))
    other, _ = changed_sound(babble(0.8), np.random.default_rng(5))
    np.testing.assert_array_equal(one, other)


def test_silence_and_single_samples_pass() -> None:
    for sound in (np.zeros(16000, np.float32), np.ones(700, np.float32)):
        heard, _ = changed_sound(sound, np.random.default_rng(1))
        assert np.isfinite(heard).all()


def test_masking_leaves_its_input_alone() -> None:
    rows = np.ones((60, FEATURES), np.float32)
    masked = [masked_features(rows, np.random.default_rng(seed)) for seed in range(8)]
    assert (rows == 1).all()
    assert sum((one == 0).any() for one in masked) >= 6
    with pytest.raises(ValueError, match="wide"):
        masked_features(np.ones((3, 4), np.float32), np.random.default_rng(0))
