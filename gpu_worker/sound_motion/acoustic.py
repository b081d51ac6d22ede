"""How well 20 ms of sound fit each phone, by the Gaussians of the acoustic model that comes with pocketsphinx.

That model has heard hours of many people, which synthetic voices cannot replace: its opinion is the bridge from
synthetic training to real speech. Only its context-independent part is used: 42 phones of three states, each a mixture
of the phone's 128 Gaussians in each of three streams (cepstra, their velocity, their acceleration), BSD licence. The
files are read from the installed package; nothing is copied.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from gpu_worker.errors import EngineError
from gpu_worker.schema import FloatArray
from gpu_worker.sound_motion.layout import STATES
from gpu_worker.sound_motion.spectra import CEPSTRUM_BANDS

#: Cepstra of one spectrum.
CEPSTRA = 13
_LIFTER = 22
_PHONES, _STREAMS, _DENSITIES = 42, 3, 128
#: One step of the stored mixture weights, natural log.
_WEIGHT_STEP = -1024.0 * np.log(1.0001)
#: Likelihoods of neighbouring dimensions are not independent: their sum counts this much.
_SCALE = 0.3
_LEAST = 1e-3
#: Moments that are compared with all Gaussians at a time: what they fill stays in the processor's cache.
_BLOCK = 48


@dataclass(frozen=True)
class _Stream:
    """One stream's Gaussians: ``weights`` (26, 42 * 128) acts on squares and values, ``offset`` (42 * 128,) is added;
    ``mixture`` is (42, 128, 3)."""

    weights: FloatArray
    offset: FloatArray
    mixture: FloatArray


def state_fits(cepstra: FloatArray, velocity: FloatArray, acceleration: FloatArray) -> FloatArray:
    """Log likelihoods ``(n, 126)`` of the states, for streams of ``(n, 13)`` each; see :func:`cepstra_of`.

    Raises :class:`EngineError` where the acoustic model is not installed as it should be.
    """
    values = [part.astype(np.float32) for part in (cepstra, velocity, acceleration)]
    fits = np.zeros((len(cepstra), STATES), np.float32)
    for first in range(0, len(cepstra), _BLOCK):
        rows = slice(first, first + _BLOCK)
        for part, stream in zip(values, _streams(), strict=True):
            fits[rows] += _stream_fits(part[rows], stream)
    return fits


def _stream_fits(values: FloatArray, stream: _Stream) -> FloatArray:
    fit = np.concatenate([values * values, values], axis=1) @ stream.weights
    fit += stream.offset
    fit = fit.reshape(len(values), _PHONES, _DENSITIES)
    highest = fit.max(axis=2, keepdims=True)
    fit -= highest
    np.exp(fit, out=fit)
    mixed = np.matmul(fit.transpose(1, 0, 2), stream.mixture).transpose(1, 0, 2)
    fits: FloatArray = (np.log(mixed + 1e-20) + highest).reshape(len(values), STATES)
    return fits


def state_scores(fits: FloatArray) -> FloatArray:
    """Log posteriors of the 126 states, each moment by itself, roughly of unit size, of :func:`state_fits`."""
    scaled = _SCALE * fits
    scaled -= scaled.max(axis=1, keepdims=True)
    np.exp(scaled, out=scaled)
    scaled /= scaled.sum(axis=1, keepdims=True)
    scores: FloatArray = ((np.log(scaled + _LEAST) + 6.0) / 2.0).astype(np.float32)
    return scores


def cepstra_of(bands: FloatArray) -> FloatArray:
    """Liftered cepstra ``(n, 13)`` of log energies ``(n, 25)``."""
    cepstra: FloatArray = (bands @ _cosines()).astype(np.float32)
    return cepstra


@lru_cache(maxsize=1)
def _cosines() -> FloatArray:
    order = np.arange(CEPSTRA)[:, None]
    rows = np.sqrt(2.0 / CEPSTRUM_BANDS) * np.cos(np.pi * order * (np.arange(CEPSTRUM_BANDS) + 0.5) / CEPSTRUM_BANDS)
    rows[0] *= np.sqrt(0.5)
    lifter = 1.0 + _LIFTER / 2 * np.sin(np.pi * order / _LIFTER)
    cosines: FloatArray = (rows * lifter).T.astype(np.float32)
    return cosines


@lru_cache(maxsize=1)
def _streams() -> tuple[_Stream, ...]:
    import pocketsphinx

    folder = Path(pocketsphinx.get_model_path()) / "en-us" / "en-us"
    try:
        means = _gaussians((folder / "means").read_bytes())
        variances = np.maximum(_gaussians((folder / "variances").read_bytes()), 1e-4)
        mixtures = _mixtures((folder / "sendump").read_bytes())
    except (OSError, ValueError, struct.error) as problem:
        raise EngineError(f"the acoustic model cannot be read: {problem}", permanent=True) from problem
    streams = []
    for place in range(_STREAMS):
        mean, variance = means[:, place], variances[:, place]
        weights = np.concatenate([-0.5 / variance, mean / variance], axis=2).reshape(-1, 2 * CEPSTRA).T
        offset = -0.5 * (mean**2 / variance + np.log(2 * np.pi * variance)).sum(axis=2).reshape(-1)
        streams.append(_Stream(np.ascontiguousarray(weights, np.float32), offset.astype(np.float32), mixtures[place]))
    return tuple(streams)


def _gaussians(data: bytes) -> FloatArray:
    """An ``s3`` file of Gaussian parameters: (42, 3, 128, 13)."""
    at = data.index(b"endhdr\n") + len(b"endhdr\n")
    order, codebooks, streams, densities = struct.unpack_from("<I3i", data, at)
    shape = (codebooks, streams, densities, CEPSTRA)
    if order != 0x11223344 or shape != (_PHONES, _STREAMS, _DENSITIES, CEPSTRA):
        raise ValueError(f"not the expected Gaussians: {shape}")
    at += 16 + 4 * streams + 4
    return np.frombuffer(data, "<f4", int(np.prod(shape)), at).reshape(shape).astype(np.float32)


def _mixtures(data: bytes) -> list[FloatArray]:
    """Mixture weights of the context-independent states, for each stream (42, 128, 3)."""
    at = 0
    while (length := struct.unpack_from("<i", data, at)[0]) != 0:
        at += 4 + length
    densities, senones = struct.unpack_from("<2i", data, at + 4)
    size = _STREAMS * densities * senones
    if densities != _DENSITIES or len(data) - at - 12 != size:
        raise ValueError(f"not the expected mixture weights: {densities} x {senones}")
    stored = np.frombuffer(data, np.uint8, size, at + 12).reshape(_STREAMS, densities, senones)[:, :, :STATES]
    weights = np.exp(stored.astype(np.float32) * _WEIGHT_STEP).reshape(_STREAMS, densities, _PHONES, 3)
    return [np.ascontiguousarray(weights[place].transpose(1, 0, 2), np.float32) for place in range(_STREAMS)]
