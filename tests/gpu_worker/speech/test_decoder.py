"""The pocketsphinx decoders: what is heard is a function of the sound alone."""

from __future__ import annotations

import numpy as np

from gpu_worker.media.sound import resample
from gpu_worker.schema import FloatArray
from gpu_worker.speech.phone_decoding import decode_phones
from gpu_worker.speech.spectrum import RATE
from gpu_worker.speech.synthesis import synthesise


def spoken(text: str, noise: float) -> FloatArray:
    waveform, _ = synthesise(text, "en")
    samples = resample(waveform, RATE).samples
    return (samples + np.random.default_rng(0).normal(0.0, noise, len(samples))).astype(np.float32)


def test_what_was_heard_before_does_not_change_what_is_heard() -> None:
    calm, loud = spoken("Please move both lips together.", 0.003), spoken("Hello my old friend.", 0.05)
    first = decode_phones(calm)
    decode_phones(loud)
    assert decode_phones(calm) == first
