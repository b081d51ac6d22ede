"""``bench``: what an exported model costs, in processor time, from the sound to the controls."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

import numpy as np

from gpu_worker.cores import cpu_seconds
from gpu_worker.schema import FloatArray

#: Seconds of a piece where sound comes in by pieces.
_PIECE = 0.05
_TIMES = 3


def add_arguments(command: str, parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, metavar="FILE", help="an exported .onnx")
    parser.add_argument("--seconds", type=float, default=30.0, help="of speech of espeak-ng (default: 30)")


def run(arguments: argparse.Namespace, stream: TextIO) -> object:
    """Processor seconds for each second of sound, least of three runs: as one whole, as phones of the whole, and by
    pieces of 50 ms as from a microphone; ``longest_piece_ms`` is the longest that one piece took on the clock."""
    from gpu_worker.errors import InputError
    from gpu_worker.sound_motion.model import SoundModel
    from gpu_worker.sound_motion.phones import sound_phones
    from gpu_worker.sound_motion.stream import SoundStream, motion_of

    if not 1 <= arguments.seconds <= 600:
        raise InputError("bad_arguments", "The seconds must lie between 1 and 600.", "30 tell enough.")
    model, sound = SoundModel(arguments.model), _speech(arguments.seconds)
    longest: list[float] = []

    def by_pieces() -> None:
        follower = SoundStream(25.0, 0, model)
        size = int(_PIECE * 16000)
        for at in range(0, len(sound), size):
            began = time.perf_counter()
            follower.push(sound[at : at + size])
            longest.append(time.perf_counter() - began)
        follower.finish()

    ways: dict[str, Callable[[], object]] = {
        "whole": lambda: motion_of(sound, model),
        "phones": lambda: sound_phones(sound, model=model),
        "pieces": by_pieces,
    }
    motion_of(sound[:16000], model)  # what is loaded once is not counted
    found = {name: round(min(_cpu(way) for _ in range(_TIMES)) / arguments.seconds, 4) for name, way in ways.items()}
    return found | {"longest_piece_ms": round(1e3 * max(longest), 1)}


def _cpu(way: Callable[[], object]) -> float:
    began = cpu_seconds()
    way()
    return cpu_seconds() - began


def _speech(seconds: float) -> FloatArray:
    from gpu_worker.media.sound import resample
    from gpu_worker.speech.synthesis import synthesise

    text = "What a long, cold and beautiful evening it was, and how many of them we have seen!"
    waveform, _ = synthesise(text, "en")
    sound: FloatArray = np.resize(resample(waveform, 16000).samples, int(seconds * 16000))
    return sound
