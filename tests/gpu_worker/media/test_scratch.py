"""Long sound lies in files and is worked through in blocks: the same numbers, and memory that does not grow."""

from __future__ import annotations

import tracemalloc
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from gpu_worker.media import loudness, scratch
from gpu_worker.media.sound import load_waveform, resample, write_wav
from gpu_worker.motion.margins import with_margins
from gpu_worker.motion.prosody import analyse
from gpu_worker.schema import FloatArray, Phone, Timeline, Waveform
from gpu_worker.speech.refinement import spectral_change
from gpu_worker.speech.spectrum import frame_db, log_mel
from gpu_worker.visemes.loudness import level_db


def noisy(seconds: float, rate: int = 16000) -> Waveform:
    """Something like speech: bursts of noise and tone of changing loudness."""
    count = int(seconds * rate)
    at = np.arange(count) / rate
    noise = np.random.default_rng(3).normal(0, 0.1, count)
    samples = np.sin(at * 2.1) ** 2 * (noise + 0.3 * np.sin(2 * np.pi * 140 * at))
    return Waveform(np.clip(samples, -1, 1).astype(np.float32), rate)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is long, and blocks are short and odd."""
    monkeypatch.setattr(scratch, "IN_MEMORY", 1000)
    monkeypatch.setattr(scratch, "BLOCK", 7001)


def test_collected_parts_are_the_whole_and_leave_no_file(tiny: None, tmp_path: Path) -> None:
    parts = [np.full((300, 2), number, np.float32) for number in range(9)]
    with scratch.within(tmp_path):
        whole = scratch.collect(iter(parts))
    np.testing.assert_array_equal(whole, np.concatenate(parts))
    assert not whole.flags.writeable
    assert list(tmp_path.iterdir()) == []
    scratch.release(whole[10:].reshape(-1)[::3])
    np.testing.assert_array_equal(whole, np.concatenate(parts))
    assert scratch.collect(iter([])).shape == (0,)


def test_a_long_canvas_keeps_what_is_written(tiny: None, tmp_path: Path) -> None:
    with scratch.within(tmp_path):
        canvas = scratch.zeros(50_000)
    canvas[100:200] += 1.0
    scratch.release(canvas)
    canvas[150:250] += 1.0
    scratch.release(canvas)
    assert (float(canvas.sum()), float(canvas[175]), len(canvas)) == (200.0, 2.0, 50_000)


def _padded(sound: Waveform) -> FloatArray:
    phones = (Phone("SIL", 0.0, 0.05), Phone("AA", 0.05, sound.duration))
    return with_margins(sound, Timeline("en", "events", sound.duration, (), phones, ()), 25.0)[0].samples


_STEPS: dict[str, Callable[[Waveform], FloatArray]] = {
    "down": lambda sound: resample(Waveform(sound.samples, 48000), 16000).samples,
    "uneven": lambda sound: resample(Waveform(sound.samples, 22050), 48000).samples,
    "margins": _padded,
    "louder": lambda sound: loudness.normalised(sound)[0].samples,
    "mel": lambda sound: log_mel(sound.samples, 80),
    "change": lambda sound: spectral_change(sound.samples),
    "frames": lambda sound: frame_db(sound.samples, 80),
    "level": lambda sound: level_db(sound, np.arange(0, sound.duration + 1, 0.005, np.float32)),
    "pitch": lambda sound: analyse(sound).pitch.astype(np.float32),
    "loudness": lambda sound: analyse(Waveform(sound.samples, 48000)).loudness.astype(np.float32),
}


@pytest.mark.parametrize("step", _STEPS)
def test_blocks_change_no_number(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = noisy(9.7)
    whole = _STEPS[step](sound)
    monkeypatch.setattr(scratch, "IN_MEMORY", 1000)
    monkeypatch.setattr(scratch, "BLOCK", 7001)
    long = Waveform(scratch.mapped(sound.samples, lambda block: block), sound.rate)
    np.testing.assert_allclose(_STEPS[step](long), whole, rtol=1e-6, atol=2e-5)


def test_a_stereo_file_is_read_and_written_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = noisy(4.0)
    both = np.stack([sound.samples, -0.9 * sound.samples], axis=1)
    with wave.open(str(tmp_path / "stereo.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes((both * 32767).astype("<i2").tobytes())
    whole = load_waveform(tmp_path / "stereo.wav", 48000)
    write_wav(whole, tmp_path / "whole.wav")
    monkeypatch.setattr(scratch, "IN_MEMORY", 1000)
    monkeypatch.setattr(scratch, "BLOCK", 7001)
    long = load_waveform(tmp_path / "stereo.wav", 48000)
    write_wav(long, tmp_path / "long.wav")
    np.testing.assert_array_equal(long.samples, whole.samples)
    assert (tmp_path / "long.wav").read_bytes() == (tmp_path / "whole.wav").read_bytes()


def test_clipping_is_counted_across_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = Waveform(np.clip(3.0 * noisy(4.0).samples, -0.5, 0.5), 16000)
    whole = loudness.measure_loudness(sound)
    assert whole.clipped > 0.01
    monkeypatch.setattr(scratch, "BLOCK", 7001)
    assert loudness.measure_loudness(sound) == whole


def _peak(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _second(seconds: int) -> Iterator[FloatArray]:
    one = noisy(1.0, 48000).samples
    return (one for _ in range(seconds))


def test_memory_does_not_grow_with_the_sound(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(scratch, "IN_MEMORY", 1 << 18)
    monkeypatch.setattr(scratch, "BLOCK", 1 << 16)

    def work(seconds: int) -> None:
        sound = Waveform(scratch.collect(_second(seconds)), 48000)
        heard = resample(sound, 16000)
        write_wav(sound, tmp_path / "long.wav")
        level_db(heard, np.arange(0, heard.duration, 0.04, np.float32))
        log_mel(heard.samples, 1600)
        load_waveform(tmp_path / "long.wav", 48000)

    short = _peak(lambda: work(12))
    assert _peak(lambda: work(72)) < 1.3 * short + 1_000_000
