from __future__ import annotations

import numpy as np
import pytest

from gpu_worker.sound_motion.features import FeatureStream, causal_features, full_features
from gpu_worker.sound_motion.layout import ANALYSIS_SECONDS, FEATURES, RATE, ROW_HOP, STATE_COLUMNS, VOICE
from tests.gpu_worker.sound_motion.sounds import babble


@pytest.mark.parametrize("samples", [0, 1, 319, 320, 321, 5000])
def test_there_is_a_row_for_every_begun_20_ms(samples: int) -> None:
    sound = babble(1.0)[:samples]
    assert causal_features(sound).shape == (-(-samples // ROW_HOP), FEATURES)
    assert full_features(sound).shape == (-(-samples // ROW_HOP), FEATURES)


@pytest.mark.parametrize("seed", [1, 2])
def test_pieces_of_any_size_give_the_rows_of_the_whole(seed: int) -> None:
    sound = babble(1.7)
    generator = np.random.default_rng(seed)
    stream, rows, at = FeatureStream(), [], 0
    while at < len(sound):
        size = int(generator.integers(0, 2000))
        rows.append(stream.push(sound[at : at + size]))
        at += size
    rows.append(stream.finish())
    np.testing.assert_allclose(np.concatenate(rows), causal_features(sound), atol=1e-4)


def test_a_row_knows_no_more_of_the_future_than_is_said() -> None:
    sound = babble(1.5)
    changed = sound.copy()
    cut = RATE
    changed[cut:] = np.random.default_rng(0).normal(0, 0.3, len(sound) - cut)
    before = causal_features(sound), causal_features(changed)
    last = int((cut / RATE - ANALYSIS_SECONDS) * 50)
    np.testing.assert_allclose(before[0][: last + 1], before[1][: last + 1], atol=1e-5)
    assert np.abs(before[0][last + 4 :] - before[1][last + 4 :]).max() > 0.1


def test_rows_come_as_soon_as_their_look_ahead_is_heard() -> None:
    stream = FeatureStream()
    heard = 0
    for _ in range(20):
        heard += len(stream.push(babble(0.1)))
    assert heard >= (2.0 - ANALYSIS_SECONDS) * 50 - 1


def test_loudness_of_the_recording_does_not_matter() -> None:
    sound = babble(2.0)
    for features in (full_features, causal_features):
        loud, soft = features(sound), features(sound * 0.4)
        # The floor of the dither shows in the softest rows only.
        assert np.median(np.abs(loud - soft)[30:]) < 0.1


def test_a_vowel_and_silence_are_told_apart_by_the_acoustic_model() -> None:
    rows = full_features(np.concatenate([babble(1.0), np.zeros(RATE, np.float32)]))
    scores = rows[:, STATE_COLUMNS]
    assert np.isfinite(rows).all()
    assert (scores[:45].argmax(axis=1) != scores[60:].argmax(axis=1)[0]).mean() > 0.8


def test_pitch_is_that_of_the_voice() -> None:
    rows = full_features(babble(2.0))
    voice = rows[10:40, VOICE]
    octaves = voice[voice[:, 2] > 0.7, 1]
    assert 100 * 2 ** np.median(octaves) == pytest.approx(135, abs=8)
