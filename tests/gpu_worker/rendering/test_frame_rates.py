"""Another frame rate shows the same performance at other instants."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gpu_worker.motion.curves import band_noise
from gpu_worker.motion.listening import Part, speaking
from gpu_worker.rendering.renderer import WarpRenderer
from gpu_worker.schema import CONTROL, CONTROLS, FaceRig, MotionTrack
from gpu_worker.visemes.coarticulation import viseme_track
from tests.gpu_worker.motion.conftest import make_speaker

#: Rates, and every how many frames they show an instant that all of them show (a fifth of a second).
_RATES = {25.0: 5, 30.0: 6, 50.0: 10, 60.0: 12}


@pytest.mark.parametrize(("low", "high"), [(0.2, 0.9), (0.1, 0.6)])
def test_noise_is_the_same_movement_at_every_rate(low: float, high: float) -> None:
    slow = band_noise(250, 25.0, low, high, np.random.default_rng(3))
    for fps, every in ((50.0, 2), (100.0, 4)):
        fast = band_noise(250 * every, fps, low, high, np.random.default_rng(3))
        np.testing.assert_allclose(fast[::every], slow, atol=1e-9)
    assert 0.5 < np.mean([band_noise(250, 25.0, low, high, np.random.default_rng(k)).std() for k in range(40)]) < 1.1


@pytest.fixture(scope="module")
def performances(astronaut_face: FaceRig) -> dict[float, MotionTrack]:
    speaker = make_speaker(6)
    timeline = replace(speaker.timeline, duration=round(speaker.timeline.duration * 5) / 5)
    made = {}
    for fps in _RATES:
        track = viseme_track(timeline, speaker.waveform, fps)
        made[fps] = speaking(Part(astronaut_face, track, timeline, speaker.waveform), seed=5)
    return made


def test_performances_agree_at_common_instants(performances: dict[float, MotionTrack]) -> None:
    common = {fps: motion.values[:: _RATES[fps]] for fps, motion in performances.items()}
    count = min(len(values) for values in common.values()) - 2
    lids = [CONTROL["blink_left"], CONTROL["blink_right"]]
    for values in common.values():
        off = np.abs(values[:count] - common[25.0][:count])
        # a blink is moved by up to half a frame, so that one frame shows it closed
        assert np.delete(off, lids, axis=1).max() < 0.2
        assert off[:, lids].mean() < 0.05
        assert off.mean() < 0.01


def test_frames_agree_and_nothing_flickers_at_any_rate(
    performances: dict[float, MotionTrack], renderer: WarpRenderer
) -> None:
    """Two seconds at each rate: the same picture at the same time, and no frame that differs from both neighbours."""
    reference: list[np.ndarray] = []
    for fps, every in _RATES.items():
        values = performances[fps].values[: int(1.2 * fps)].copy()
        values[:, [CONTROL["blink_left"], CONTROL["blink_right"]]] = 0.0
        frames = [frame.mean(2) for frame in renderer.frames(MotionTrack(fps, values), 2)]
        shown = frames[::every]
        if not reference:
            reference = shown
        for one, other in zip(shown, reference, strict=True):
            assert np.abs(_blocks(one) - _blocks(other)).mean() < 0.4
        blocks = np.stack([_blocks(frame) for frame in frames])
        first, second = blocks[1:-1] - blocks[:-2], blocks[1:-1] - blocks[2:]
        alone = np.where(first * second > 0, np.minimum(np.abs(first), np.abs(second)), 0.0)
        assert alone.mean() < 0.15, fps
    assert values.shape[1] == len(CONTROLS)


def _blocks(grey: np.ndarray) -> np.ndarray:
    """Means of 8 x 8 pixels."""
    height, width = grey.shape[0] // 8 * 8, grey.shape[1] // 8 * 8
    blocks: np.ndarray = grey[:height, :width].reshape(height // 8, 8, width // 8, 8).mean((1, 3))
    return blocks
