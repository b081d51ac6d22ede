"""Loudness against ffmpeg's own meter and the standard's test signals; findings against recordings made bad."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

from gpu_worker.media.loudness import (
    TARGET_LUFS,
    gain_for,
    integrated_loudness,
    k_weighting,
    measure_loudness,
    normalised,
    true_peak,
)
from gpu_worker.media.sound import write_wav
from gpu_worker.media.sound_findings import inspect_sound
from gpu_worker.schema import FloatArray, Waveform
from gpu_worker.speech.synthesis import synthesise


def sine(hertz: float, dbfs: float, seconds: float, rate: int = 48000, phase: float = 0.0) -> FloatArray:
    time = np.arange(round(seconds * rate)) / rate
    tone: FloatArray = (10 ** (dbfs / 20) * np.sin(2 * np.pi * hertz * time + phase)).astype(np.float32)
    return tone


@pytest.fixture(scope="module")
def speech() -> Waveform:
    return synthesise("The old house stood by the sea. [pause 0.8s] Nobody had lived in it for many years.")[0]


def ffmpeg_says(waveform: Waveform, folder: Path) -> tuple[float, float]:
    """Integrated loudness and true peak as ffmpeg's ebur128 filter measures them."""
    file = write_wav(waveform, folder / "measured.wav")
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-hide_banner", "-i", str(file)]
    command += ["-af", "ebur128=peak=true:framelog=quiet", "-f", "null", "-"]
    told = subprocess.run(command, capture_output=True, check=True, timeout=60).stderr.decode()
    summary = told[told.rindex("Summary") :]
    loudness, peak = re.search(r"I:\s+(-?[\d.]+) LUFS", summary), re.search(r"Peak:\s+(-?[\d.]+) dBFS", summary)
    assert loudness is not None
    assert peak is not None
    return float(loudness[1]), float(peak[1])


def test_the_filters_are_those_of_the_standard() -> None:
    shelf, high_pass = k_weighting(48000)
    assert shelf == pytest.approx(
        [1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585], abs=1e-8
    )
    assert high_pass == pytest.approx([1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621], abs=1e-8)


@pytest.mark.parametrize(("dbfs", "lufs"), [(-23.0, -23.0), (-33.0, -33.0)])
def test_tones_of_ebu_tech_3341(dbfs: float, lufs: float) -> None:
    tone = sine(1000, dbfs, 20)
    assert integrated_loudness(np.stack([tone, tone], axis=1), 48000) == pytest.approx(lufs, abs=0.1)


def test_the_gates_of_ebu_tech_3341() -> None:
    parts = [sine(1000, level, length) for level, length in ((-36, 10), (-23, 60), (-36, 10))]
    stereo = np.stack([np.concatenate(parts)] * 2, axis=1)
    assert integrated_loudness(stereo, 48000) == pytest.approx(-23.0, abs=0.1)


def test_true_peak_between_the_samples() -> None:
    between = sine(12000, -6.0, 0.5, phase=np.pi / 4)
    assert 20 * np.log10(np.abs(between).max()) == pytest.approx(-9.0, abs=0.05)
    assert true_peak(between) == pytest.approx(-6.0, abs=0.4)
    assert true_peak(np.zeros(100, np.float32)) == -np.inf


@pytest.mark.parametrize("gain", [1.0, 0.1])
def test_speech_measures_as_in_ffmpeg(speech: Waveform, gain: float, tmp_path: Path) -> None:
    waveform = Waveform((speech.samples * gain).astype(np.float32), speech.rate)
    loudness, peak = ffmpeg_says(waveform, tmp_path)
    measured = measure_loudness(waveform)
    assert measured.integrated == pytest.approx(loudness, abs=0.15)
    assert measured.true_peak == pytest.approx(peak, abs=0.3)


@pytest.mark.parametrize(("rate", "error"), [(8000, 0.25), (16000, 0.1), (44100, 0.05)])
def test_the_rate_hardly_matters(rate: int, error: float) -> None:
    assert integrated_loudness(sine(440, -20, 3, rate), rate) == pytest.approx(
        integrated_loudness(sine(440, -20, 3), 48000), abs=error
    )


@pytest.mark.parametrize("gain", [0.02, 0.3, 1.0])
def test_normalising_is_one_factor_and_keeps_the_original(speech: Waveform, gain: float, tmp_path: Path) -> None:
    source = Waveform((speech.samples * gain).astype(np.float32), speech.rate)
    before = source.samples.copy()
    louder, applied = normalised(source)
    assert np.array_equal(source.samples, before)
    factor = 10 ** (applied / 20)
    assert np.allclose(louder.samples, before * factor, atol=1e-6)
    measured = measure_loudness(louder)
    assert measured.integrated is not None
    assert measured.true_peak <= -0.99
    at_target = measured.integrated == pytest.approx(TARGET_LUFS, abs=0.1)
    at_ceiling = measured.true_peak == pytest.approx(-1.0, abs=0.05)
    assert at_target or at_ceiling or abs(applied) == 24.0


def test_silence_is_left_alone() -> None:
    quiet = Waveform(np.zeros(48000, np.float32), 48000)
    assert normalised(quiet) == (quiet, 0.0)
    measured = measure_loudness(quiet)
    assert measured.integrated is None
    assert gain_for(measured) == 0.0
    assert measured.silent == 1.0
    assert measure_loudness(Waveform(np.zeros(0, np.float32), 16000)).integrated is None


def codes(samples: FloatArray, rate: int) -> set[str]:
    report = inspect_sound(Waveform(samples.astype(np.float32), rate))
    assert all(finding.message and finding.hint for finding in report.findings)
    return {finding.code for finding in report.findings}


def test_a_good_recording_is_not_remarked_on(speech: Waveform) -> None:
    noise = np.random.default_rng(0).normal(0, 0.0005, len(speech.samples))
    assert codes(speech.samples + noise, speech.rate) == set()


def test_each_fault_is_found(speech: Waveform) -> None:
    rng = np.random.default_rng(0)
    samples, rate = speech.samples, speech.rate
    peak = float(np.abs(samples).max())
    assert "quiet" in codes(samples * 0.01, rate)
    overdriven = np.clip(samples * 6.0 / peak, -1, 1)
    assert "clipped" in codes(overdriven, rate)
    assert "clipped" in codes(overdriven * 0.3, rate)  # turned down afterwards
    assert "mostly_silence" in codes(np.concatenate([samples, np.zeros(3 * len(samples))]), rate)
    level = float(samples.std())
    assert "noisy" in codes(samples + rng.normal(0, level / 2.0, len(samples)), rate)


def test_the_estimate_of_noise_follows_the_noise(speech: Waveform) -> None:
    rng = np.random.default_rng(1)
    found = []
    for snr in (10, 20, 30, 40):
        noise = rng.normal(0, float(speech.samples.std()) * 10 ** (-snr / 20), len(speech.samples))
        report = measure_loudness(Waveform((speech.samples + noise).astype(np.float32), speech.rate))
        assert report.snr is not None
        found.append(report.snr)
        assert report.snr == pytest.approx(snr + 5, abs=6)
    assert found == sorted(found)


def test_a_pure_tone_is_not_clipped() -> None:
    for hertz in (60, 440, 3000):
        assert "clipped" not in codes(sine(hertz, -1, 2, 16000), 16000)


def test_the_pipeline_normalises_only_when_asked(speech: Waveform, tmp_path: Path) -> None:
    from gpu_worker.cast import _spoken
    from gpu_worker.config import EngineConfig
    from gpu_worker.request import SoundSpeech

    words = "The old house stood by the sea. Nobody had lived in it for many years."
    file = write_wav(Waveform((speech.samples * 0.1).astype(np.float32), speech.rate), tmp_path / "soft.wav")
    stored = file.read_bytes()

    def heard(normalise: bool) -> float:
        asked = SoundSpeech(file, words, normalise=normalise)
        sound, _ = _spoken(asked, EngineConfig(), lambda _: None)
        return measure_loudness(sound).integrated or 0.0

    assert heard(False) == pytest.approx((measure_loudness(speech).integrated or 0.0) - 20.0, abs=0.3)
    assert heard(True) > heard(False) + 10.0
    assert heard(True) <= TARGET_LUFS + 0.2
    assert file.read_bytes() == stored
