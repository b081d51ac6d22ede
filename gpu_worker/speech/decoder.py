"""The pocketsphinx decoders and what they are given: 16-bit sound at a steady level, dithered, at 16 kHz.

The acoustic model (en-us, 39 phones) comes with the wheel. Decoders are not shared between threads.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gpu_worker.errors import EngineError
from gpu_worker.schema import FloatArray
from gpu_worker.speech.apart import apart, may_copy

#: Frames a second of the decoder's answers.
FRAME_HZ = 100.0
#: The decoder's times are early by this, seconds.
EARLY = 0.01
#: Peak level given to the decoder: quiet recordings would else drown in the rounding to 16 bits.
_PEAK = 0.5
_ALIGN = {"lm": None, "bestpath": False, "beam": 1e-80, "wbeam": 1e-60, "pbeam": 1e-80, "lw": 1.0, "wip": 1.0,
          "pip": 1.0, "loglevel": "FATAL"}  # fmt: skip
#: States and ends of words that are followed at a time. Without a limit (30,000) the search takes nearly twice as long
#: and heard the same share of words right in read English.
_RECOGNISE = {"maxhmmpf": 2000, "maxwpf": 8, "loglevel": "FATAL"}

_local = threading.local()


@dataclass(frozen=True)
class Segment:
    """One word or phone of an answer; times in seconds from the start of what was decoded. ``score`` is the log
    likelihood relative to the best of all sounds, per frame: 0 is perfect, the more negative the worse."""

    name: str
    start: float
    end: float
    score: float = 0.0
    phones: tuple[Segment, ...] = ()

    @classmethod
    def told(cls, fields: Mapping[str, Any]) -> Segment:
        """The one that ``dataclasses.asdict`` was made of, through JSON."""
        return cls(**{**fields, "phones": tuple(cls.told(phone) for phone in fields["phones"])})

    @property
    def silent(self) -> bool:
        return self.name.startswith(("<", "[", "+", "(NULL")) or self.name == "SIL"


def aligner() -> Any:
    """This thread's decoder for alignment."""
    return _decoder("aligner", _ALIGN)


def recogniser() -> Any:
    """This thread's decoder for English words, with the wheel's language model."""
    return _decoder("recogniser", _RECOGNISE)


def phone_decoder() -> Any:
    """This thread's decoder for phones without words."""
    from pocketsphinx import get_model_path

    model = str(Path(get_model_path()) / "en-us" / "en-us-phone.lm.bin")
    return _decoder("phones", {"allphone": model, "lw": 2.0, "beam": 1e-20, "pbeam": 1e-20, "loglevel": "FATAL"})


def decoder_pcm(samples: FloatArray) -> bytes:
    """16-bit sound for the decoder, raised or lowered to a steady peak, with a last bit of noise, since digital
    silence has no logarithm."""
    peak = float(np.quantile(np.abs(samples), 0.9995)) if len(samples) else 0.0
    gain = _PEAK / peak if peak > 1e-5 else 1.0
    noise = np.random.default_rng(0).integers(-2, 3, len(samples))
    scaled = np.clip(samples * (gain * 32767.0) + noise, -32768, 32767)
    return scaled.astype("<i2").tobytes()


def decoded(decoder: Any, samples: FloatArray) -> list[tuple[str, int, int]]:
    """What a decoder hears in 16 kHz sound: word or phone, first and last frame; nothing where nothing was heard.

    It works apart from this process (:mod:`speech.apart`). Raises :class:`EngineError`.
    """

    def work() -> list[tuple[str, int, int]]:
        decode(decoder, decoder_pcm(samples))
        # None where nothing at all was heard
        return [(segment.word, segment.start_frame, segment.end_frame) for segment in decoder.seg() or ()]

    return [(word, first, last) for word, first, last in run(work)]


def run(work: Callable[[], Any]) -> Any:
    """What ``work`` returns, which must be JSON: apart from this process (:mod:`speech.apart`) where it may be copied,
    else in it. Raises :class:`EngineError`."""
    if may_copy():
        return apart(work)
    try:
        return json.loads(json.dumps(work()))
    except (RuntimeError, EngineError) as problem:
        # After an error a decoder's state is not to be trusted.
        vars(_local).clear()
        raise EngineError(str(problem)) from problem


def decode(decoder: Any, pcm: bytes) -> None:
    """Run one whole utterance through the active search."""
    try:
        # The removal of noise remembers the last utterance; what is heard must not depend on what was before.
        decoder.reinit_feat()
        decoder.start_utt()
        decoder.process_raw(pcm, no_search=False, full_utt=True)
        decoder.end_utt()
    except RuntimeError as problem:
        raise EngineError(f"The decoder failed: {problem}") from problem


def aligned_words(decoder: Any) -> Iterator[Segment]:
    """The words of the decoder's alignment with their phones."""
    for word in decoder.get_alignment():
        phones = tuple(_segment(phone) for phone in word)
        base = _segment(word)
        yield Segment(base.name, base.start, base.end, base.score, phones)


def _segment(entry: Any) -> Segment:
    start, length = entry.start / FRAME_HZ, entry.duration / FRAME_HZ
    score = float(entry.score) / max(entry.duration, 1)
    return Segment(entry.name, start + EARLY if start else 0.0, start + length + EARLY, score)


def _decoder(name: str, settings: dict[str, Any]) -> Any:
    if not hasattr(_local, name):
        from pocketsphinx import Decoder

        setattr(_local, name, Decoder(**settings))
    return getattr(_local, name)
