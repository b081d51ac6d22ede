"""Loudness of speech: how loud, how clean, and a gentle correction that is a single factor and nothing else.

Integrated loudness follows ITU-R BS.1770-4 and EBU R 128: K-weighting, blocks of 400 ms every 100 ms, an absolute gate
at -70 LUFS and a relative one 10 LU below what passes it. True peak is the peak after fourfold oversampling (annex 2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gpu_worker.media import scratch
from gpu_worker.schema import FloatArray, Waveform

#: Loudness that speech on the web is brought to, and the true peak that is not passed on the way.
TARGET_LUFS, CEILING_DBTP = -16.0, -1.0
#: Largest change either way, dB: beyond it noise would be raised to speech.
MOST_GAIN_DB = 24.0

_BLOCK, _STEP = 0.4, 0.1
_ABSOLUTE_GATE, _RELATIVE_GATE = -70.0, -10.0
_OFFSET = -0.691
_OVERSAMPLING = 4
_CHUNK_SECONDS = 10
#: Frames for silence and noise, seconds; silence is this far below the loud parts, or below this level altogether.
_FRAME = 0.05
_SILENCE_BELOW_DB, _SILENCE_DBFS = 35.0, -60.0
#: A plateau of this many equal samples close to the recording's own peak is clipped.
_PLATEAU = 3
#: ... if so many more samples lie there than just below; a sine, flat at its top for a moment, has 1.4 times as many.
_CROWDED = 3.0
_MOST_SNR = 80.0


@dataclass(frozen=True)
class Loudness:
    """What was measured. ``integrated`` (LUFS) is None where nothing passes the gate; ``true_peak`` is in dBTP.

    ``clipped`` and ``silent`` are shares of the samples and of the time, 0 to 1. ``snr`` is an estimate in dB: the
    level of the loud frames above that of the quietest, so breath and reverberation count as noise; None where too
    little of either was found.
    """

    integrated: float | None
    true_peak: float
    clipped: float
    silent: float
    snr: float | None


def measure_loudness(waveform: Waveform) -> Loudness:
    """Measure mono sound at any rate."""
    samples = waveform.samples
    silent, snr = _silence_and_noise(waveform)
    return Loudness(
        integrated=integrated_loudness(samples, waveform.rate),
        true_peak=true_peak(samples),
        clipped=_clipped(samples),
        silent=silent,
        snr=snr,
    )


def integrated_loudness(samples: FloatArray, rate: int) -> float | None:
    """Integrated loudness in LUFS of ``(n,)`` or ``(n, channels)`` samples; all channels weigh 1, as left, right and
    centre do. None where no block passes the gate, or the sound is shorter than a block."""
    if not len(samples):
        return None
    power = _block_powers(samples.reshape(len(samples), -1), rate)
    power = power[_lufs(power) > _ABSOLUTE_GATE]
    if not len(power):
        return None
    gate = float(_lufs(power.mean())) + _RELATIVE_GATE
    loud = power[_lufs(power) > gate]
    return float(_lufs(loud.mean())) if len(loud) else None


def true_peak(samples: FloatArray) -> float:
    """True peak in dBTP, oversampled four times in bounded memory; -inf for digital silence."""
    from scipy.signal import resample_poly

    if not len(samples):
        return -np.inf
    table = samples.reshape(len(samples), -1)
    margin, chunk, peak = 64, 1 << 18, 0.0
    for first in range(0, len(table), chunk):
        part = table[max(first - margin, 0) : first + chunk + margin]
        finer = resample_poly(part.astype(np.float64), _OVERSAMPLING, 1, axis=0)
        peak = max(peak, float(np.abs(finer).max(initial=0.0)), float(np.abs(part).max(initial=0.0)))
        scratch.release(samples)
    return float(20.0 * np.log10(peak)) if peak > 0 else -np.inf


def gain_for(loudness: Loudness, target: float = TARGET_LUFS, ceiling: float = CEILING_DBTP) -> float:
    """The gain in dB that brings sound to ``target`` without its true peak passing ``ceiling``; 0 for silence.

    Sound that is already above the ceiling at its target is left quieter than the target: nothing is compressed.
    """
    if loudness.integrated is None or not np.isfinite(loudness.true_peak):
        return 0.0
    gain = min(target - loudness.integrated, ceiling - loudness.true_peak)
    return float(np.clip(gain, -MOST_GAIN_DB, MOST_GAIN_DB))


def normalised(
    waveform: Waveform, target: float = TARGET_LUFS, ceiling: float = CEILING_DBTP
) -> tuple[Waveform, float]:
    """A copy of the sound at ``target`` loudness, and the gain in dB that was applied; the original is not touched."""
    gain = gain_for(measure_loudness(waveform), target, ceiling)
    if gain == 0.0:
        return waveform, 0.0
    factor = np.float32(10.0 ** (gain / 20.0))
    return Waveform(scratch.mapped(waveform.samples, lambda block: block * factor), waveform.rate), gain


def _block_powers(table: FloatArray, rate: int) -> NDArray[np.float64]:
    """Mean square of the K-weighted sound, summed over channels, of each overlapping block of 400 ms."""
    from scipy.signal import sosfilt, sosfilt_zi

    sections = k_weighting(rate)
    state = np.stack([sosfilt_zi(sections)] * table.shape[1], axis=-1) * 0.0
    step = round(_STEP * rate)
    steps: list[NDArray[np.float64]] = []
    chunk = step * round(_CHUNK_SECONDS / _STEP)
    for first in range(0, len(table), chunk):
        part = table[first : first + chunk].astype(np.float64)
        scratch.release(table)
        weighted, state = sosfilt(sections, part, axis=0, zi=state)
        whole = len(weighted) // step * step
        squares = (weighted[:whole] ** 2).sum(axis=1)
        steps.append(squares.reshape(-1, step).sum(axis=1))
    sums = np.concatenate(steps) if steps else np.zeros(0)
    count = round(_BLOCK / _STEP)
    if len(sums) < count:
        return np.zeros(0)
    powers: NDArray[np.float64] = np.convolve(sums, np.ones(count), "valid") / (count * step)
    return powers


def k_weighting(rate: int) -> NDArray[np.float64]:
    """The two filters of BS.1770 (a shelf for the head, a high pass) as second-order sections at any rate.

    The standard gives coefficients for 48 kHz alone; these are the analogue filters behind them, taken through the
    bilinear transform at ``rate`` (B. De Man, "Evaluation of implementations of the EBU R128 loudness measurement",
    2018), and equal to the standard's at 48 kHz to nine digits.
    """
    shelf_hz, gain_db, shelf_q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
    k = np.tan(np.pi * min(shelf_hz / rate, 0.49))
    high = 10.0 ** (gain_db / 20.0)
    band = high**0.4996667741545416
    norm = 1.0 + k / shelf_q + k * k
    shelf = [
        (high + band * k / shelf_q + k * k) / norm, 2.0 * (k * k - high) / norm,
        (high - band * k / shelf_q + k * k) / norm, 1.0, 2.0 * (k * k - 1.0) / norm, (1.0 - k / shelf_q + k * k) / norm,
    ]  # fmt: skip
    pass_hz, pass_q = 38.13547087602444, 0.5003270373238773
    k = np.tan(np.pi * pass_hz / rate)
    norm = 1.0 + k / pass_q + k * k
    high_pass = [1.0, -2.0, 1.0, 1.0, 2.0 * (k * k - 1.0) / norm, (1.0 - k / pass_q + k * k) / norm]
    return np.array([shelf, high_pass])


def _lufs(power: NDArray[np.float64] | float) -> NDArray[np.float64]:
    levels: NDArray[np.float64] = _OFFSET + 10.0 * np.log10(np.maximum(power, 1e-20))
    return levels


def _clipped(samples: FloatArray) -> float:
    """Share of the samples on plateaus at the recording's own peak: a recording clipped before it was turned down is
    clipped all the same."""
    peak = scratch.peak_of(samples)
    if peak < 0.05:
        return 0.0
    top = below = 0
    for _, block in scratch.blocks(samples):
        size = np.abs(block)
        top += int(np.count_nonzero(size > 0.995 * peak))
        below += int(np.count_nonzero((size > 0.985 * peak) & (size <= 0.995 * peak)))
    if top < _CROWDED * below:
        return 0.0
    at = _flat_places(samples, peak)
    ends = np.flatnonzero(np.diff(at, append=np.iinfo(np.int64).max) > 1)
    runs = np.diff(ends, prepend=-1)
    return float(runs[runs >= _PLATEAU].sum() / max(len(samples), 1))


def _flat_places(samples: FloatArray, peak: float) -> NDArray[np.int64]:
    """Indices of the samples at the peak that hardly differ from the one before, in order."""
    places: list[NDArray[np.int64]] = []
    before = samples[:1].copy()
    for first, block in scratch.blocks(samples):
        flat = (np.abs(block) > 0.995 * peak) & (np.abs(np.diff(block, prepend=before)) < 0.005 * peak)
        places.append(np.flatnonzero(flat) + first)
        before = block[-1:].copy()
    return np.concatenate(places)


def _silence_and_noise(waveform: Waveform) -> tuple[float, float | None]:
    size = max(round(_FRAME * waveform.rate), 1)
    count = len(waveform.samples) // size
    if not count:
        return 1.0, None
    whole = waveform.samples[: count * size]
    parts = scratch.blocks(whole, max(scratch.BLOCK // size, 1) * size)
    power = np.concatenate([part.reshape(-1, size).astype(np.float64).var(axis=1) for _, part in parts])
    level = 10.0 * np.log10(np.maximum(power, 1e-20))
    loud = float(np.quantile(level, 0.95))
    threshold = max(loud - _SILENCE_BELOW_DB, _SILENCE_DBFS)
    silent = float(np.mean(level < threshold))
    if loud < _SILENCE_DBFS or count < 10:
        return silent, None
    # Frames of digital silence tell nothing of the microphone's noise.
    live = level[level > -110.0]
    floor = float(np.quantile(live, 0.05))
    return silent, float(min(loud - floor, _MOST_SNR))
