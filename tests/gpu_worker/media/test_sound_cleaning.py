"""A cleaned copy: less noise, the same times, silence cut at the ends only, the original untouched."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from gpu_worker.errors import InputError
from gpu_worker.media.sound_cleaning import MARGIN_SECONDS, clean_sound, sounding
from gpu_worker.speech.synthesis import synthesise

RATE = 22050


@pytest.fixture(scope="module")
def spoken() -> np.ndarray:
    """A sentence without noise, (n,) in [-1, 1], with two seconds of silence before and one after."""
    waveform, _ = synthesise("Grandma keeps her old photographs in a box under the bed.")
    assert waveform.rate == RATE
    return np.concatenate([np.zeros(2 * RATE), 0.6 * waveform.samples, np.zeros(RATE)])


def write(path: Path, samples: np.ndarray) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, RATE, 0, "NONE", ""))
        file.writeframes(np.repeat(np.clip(samples * 32767, -32768, 32767).astype("<i2"), 2).tobytes())
    return path


def read(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        assert file.getnchannels() == 2
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")[::2] / 32767.0


def db(samples: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(np.square(samples)) + 1e-12))


def test_noise_is_lowered_and_every_word_stays_in_its_place(spoken: np.ndarray, tmp_path: Path) -> None:
    noise = np.random.default_rng(1).normal(0, 0.01, len(spoken))
    source = write(tmp_path / "noisy.wav", spoken + noise)
    kept = source.read_bytes()
    seconds = clean_sound(source, tmp_path / "clean.wav", denoise=True, trim=False)
    cleaned = read(tmp_path / "clean.wav")
    assert seconds == pytest.approx(len(spoken) / RATE)
    assert source.read_bytes() == kept
    quiet = slice(RATE // 2, 2 * RATE)
    assert db(cleaned[quiet]) < db((spoken + noise)[quiet]) - 5.0
    voiced = np.abs(spoken) > 0.05
    assert abs(db(cleaned[voiced]) - db(spoken[voiced])) < 2.0
    lags = [float(np.dot(spoken[300:-300], np.roll(cleaned, -lag)[300:-300])) for lag in range(-200, 201)]
    assert abs(int(np.argmax(lags)) - 200) <= 2


def test_silence_is_cut_at_the_ends_alone(spoken: np.ndarray, tmp_path: Path) -> None:
    inside = np.concatenate([spoken, np.zeros(3 * RATE), spoken])
    source = write(tmp_path / "a.wav", inside)
    seconds = clean_sound(source, tmp_path / "b.wav", denoise=False, trim=True)
    first, last = sounding(read(source)[:, None].copy() * 32767, RATE)
    assert seconds == pytest.approx((last - first) / RATE, abs=0.05)
    heard = np.flatnonzero(np.abs(inside) > 0.02)
    assert first / RATE == pytest.approx(heard[0] / RATE - MARGIN_SECONDS, abs=0.15)
    np.testing.assert_allclose(read(tmp_path / "b.wav")[RATE:], inside[first:last][RATE:], atol=1e-3)


def test_what_cannot_be_cleaned_is_refused(tmp_path: Path) -> None:
    silent = write(tmp_path / "silent.wav", np.zeros(RATE))
    with pytest.raises(InputError) as nothing:
        clean_sound(silent, tmp_path / "out.wav", denoise=False, trim=True)
    assert nothing.value.code == "silent_sound"
    (tmp_path / "text.wav").write_bytes(b"#EXTM3U\n" * 20)
    with pytest.raises(InputError) as other:
        clean_sound(tmp_path / "text.wav", tmp_path / "out.wav", denoise=True, trim=True)
    assert other.value.code == "unreadable_sound"
