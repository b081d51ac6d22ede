"""flite, where the operator has installed it: English voices, spoken by a program of its own, one sentence at a time.

The program is ``PICTURETALK_FLITE`` or the ``flite`` of the path. It prints where each phone ends (``-psdur``), so the
lips follow its own times. Text goes through a file and arguments are a list: no shell sees either.
(A. W. Black and K. A. Lenzo, "Flite: a small fast run-time synthesis engine", 2001.)
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from gpu_worker.errors import EngineError
from gpu_worker.schema import FloatArray, Phone
from gpu_worker.speech.passage import Passage
from gpu_worker.speech.text import has_speech
from gpu_worker.visemes.parameters import SHAPES, TRANSPARENT

#: What the voices' codes begin with: ``flite-slt`` is the voice ``slt``.
PREFIX = "flite-"
#: The language that flite speaks.
LANGUAGE = "en"
#: The longest text that is given to the program at once, characters.
_MOST_CHARACTERS = 600
#: The longest it may take for that, and for its list of voices, seconds.
_SPEAK_SECONDS, _LIST_SECONDS = 60.0, 10.0
_SENTENCE = re.compile(r"(?<=[.!?;:])\s+|\s*\n\s*")
_END = re.compile(r"([a-z@]+\d?):([0-9.]+)")
_VOICE = re.compile(r"[A-Za-z0-9_.-]{1,40}")
#: Signs of this name in flite's set that the engine calls otherwise.
_NAMES = {"PAU": "SIL", "H#": "SIL", "SSIL": "SIL", "AXR": "ER", "IX": "IH", "DX": "D", "EL": "L", "EM": "M", "EN": "N"}


@dataclass(frozen=True)
class FliteSpeech:
    """What flite said: mono sound in [-1, 1] and its phones, in seconds, without gaps."""

    samples: FloatArray
    rate: int
    phones: tuple[Phone, ...]


def flite_program() -> Path | None:
    """The program, or None where there is none."""
    found = shutil.which(os.environ.get("PICTURETALK_FLITE") or "flite")
    return Path(found) if found else None


def flite_voices() -> tuple[str, ...]:
    """The codes of its voices, in its own order; empty without the program or when it does not answer."""
    program = flite_program()
    if program is None:
        return ()
    return _voices(str(program), program.stat().st_mtime_ns)


def is_flite(voice: str | None) -> bool:
    """Whether this is the code of a voice that flite has here."""
    return bool(voice) and (voice or "").strip() in flite_voices()


def speak_flite(voice: str, passages: Sequence[Passage], speed: float = 1.0, pitch: float = 1.0) -> FliteSpeech:
    """Speak ``passages`` by the voice of that code; ``speed`` and ``pitch`` are factors.

    Raises :class:`EngineError` when the program fails, or gives no sound.
    """
    program = flite_program()
    if program is None or not is_flite(voice):
        raise EngineError("flite is not installed any more, or has lost the voice", permanent=True)
    sounds: list[FloatArray] = []
    phones: list[Phone] = []
    rate, at = 16000, 0.0
    for passage in passages:
        if passage.pause:
            sounds.append(np.zeros(round(passage.pause * rate), np.float32))
            at += len(sounds[-1]) / rate
            continue
        for sentence in sentences(passage.respelled or passage.text):
            said = _run(str(program), voice.removeprefix(PREFIX), sentence, speed * passage.rate, pitch * passage.pitch)
            rate = said.rate
            sounds.append(said.samples * np.float32(passage.volume))
            phones += [Phone(phone.phone, phone.start + at, phone.end + at) for phone in said.phones]
            at += len(said.samples) / rate
    samples = np.concatenate(sounds) if sounds else np.zeros(0, np.float32)
    return FliteSpeech(np.clip(samples, -1.0, 1.0).astype(np.float32), rate, tuple(phones))


def sentences(text: str) -> list[str]:
    """``text`` in pieces of at most 600 characters that end where a sentence or at least a word does."""
    pieces: list[str] = []
    for sentence in _SENTENCE.split(text):
        while len(sentence) > _MOST_CHARACTERS:
            cut = sentence.rfind(" ", 1, _MOST_CHARACTERS)
            cut = cut if cut > 0 else _MOST_CHARACTERS
            pieces.append(sentence[:cut])
            sentence = sentence[cut:]
        pieces.append(sentence)
    return [piece.strip() for piece in pieces if has_speech(piece)]


@lru_cache(maxsize=4)
def _voices(program: str, changed: int) -> tuple[str, ...]:
    """``changed`` is when the program was: a new one is asked anew."""
    try:
        answer = subprocess.run(
            [program, "-lv"], capture_output=True, text=True, timeout=_LIST_SECONDS, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return ()
    _, marked, names = answer.stdout.partition("Voices available:")
    return tuple(PREFIX + name for name in names.split() if _VOICE.fullmatch(name)) if marked else ()


def _run(program: str, voice: str, sentence: str, speed: float, pitch: float) -> FliteSpeech:
    with tempfile.TemporaryDirectory(prefix="flite-") as folder:
        text, sound = Path(folder, "text.txt"), Path(folder, "sound.wav")
        # Its lexicon is English in Latin letters; what it cannot read it leaves out.
        text.write_text(sentence, encoding="utf-8")
        command = [program, "-voice", voice, "-psdur", "--setf", f"duration_stretch={1 / speed:.4f}"]
        command += ["--setf", f"f0_shift={pitch:.4f}", "-f", str(text), "-o", str(sound)]
        try:
            done = subprocess.run(
                command, capture_output=True, timeout=_SPEAK_SECONDS, stdin=subprocess.DEVNULL, cwd=folder
            )
            if done.returncode or not sound.is_file():
                raise EngineError(f"flite failed ({done.returncode}): {done.stderr.decode(errors='replace')[-200:]}")
            samples, rate = _read(sound)
        except (OSError, subprocess.SubprocessError, wave.Error, EOFError) as problem:
            raise EngineError(f"flite failed: {problem}") from problem
    return FliteSpeech(samples, rate, _phones(done.stdout.decode(errors="replace"), len(samples) / rate))


def _read(path: Path) -> tuple[FloatArray, int]:
    with wave.open(str(path), "rb") as sound:
        if sound.getsampwidth() != 2 or sound.getnchannels() != 1:
            raise EngineError("flite gave sound of another form than 16-bit mono")
        data = np.frombuffer(sound.readframes(sound.getnframes()), "<i2")
        return (data / 32768.0).astype(np.float32), sound.getframerate()


def _phones(printed: str, duration: float) -> tuple[Phone, ...]:
    """The phones of ``name:end`` in a row, kept in order and inside the sound."""
    phones: list[Phone] = []
    start = 0.0
    for name, value in _END.findall(printed):
        end = min(float(value), duration)
        if end > start:
            upper = _NAMES.get(name.upper(), name.upper())
            # A sign of a voice we do not know is a schwa: the mouth must not shut in the middle of a word.
            phones.append(Phone(upper if upper in SHAPES or upper in TRANSPARENT else "AX", start, end))
            start = end
    return tuple(phones)
