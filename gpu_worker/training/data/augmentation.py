"""Sound as rooms, microphones and telephones leave it; none of this moves a phone in time.

Every step draws from a generator of its own, so a seed decides all of it. Coders delay what passes through them by a
few milliseconds up to tens: that is measured by cross-correlation each time, and taken back.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve, resample_poly

from gpu_worker.errors import EngineError
from gpu_worker.media.ffmpeg_process import ffmpeg_executable
from gpu_worker.schema import FloatArray
from gpu_worker.training.clip import SAMPLE_RATE

Sound = NDArray[np.float64]
#: Name of a coder: arguments of the encoder, container.
_CODERS: dict[str, tuple[tuple[str, ...], str]] = {
    "mp3": (("-c:a", "libmp3lame", "-b:a", "32k"), "mp3"),
    "opus": (("-c:a", "libopus", "-b:a", "14k"), "ogg"),
    "amr": (("-ar", "8000", "-c:a", "libopencore_amrnb", "-b:a", "7.4k"), "amr"),
}
CODECS = ("telephone", *_CODERS)
#: Longest delay of a coder that is looked for, seconds, and the time one run may take.
_REACH, _PATIENCE = 0.12, 60.0
#: Peak of what comes out, dB of full scale.
_LEVEL_DB = (-32.0, -4.0)


@dataclass(frozen=True)
class Augmented:
    """``samples`` are as many as they were; ``steps`` says what was done, for the papers; ``codec`` is the coder of
    :data:`CODECS` that they are still to go through, "" for none (see :func:`all_coded`)."""

    samples: FloatArray
    steps: tuple[str, ...]
    codec: str = ""


def augment(samples: FloatArray, seed: np.random.SeedSequence, babble: FloatArray | None = None) -> Augmented:
    """Send ``samples`` (at ``SAMPLE_RATE``) through a random microphone, room, background and level, and choose a line.

    ``babble`` is other people's speech for the background.
    """
    steps: list[str] = []
    sound: Sound = samples.astype(np.float64)
    *children, last = seed.spawn(len(_STEPS) + 1)
    for (share, change), child in zip(_STEPS, children, strict=True):
        random = np.random.default_rng(child)
        if random.random() < share:
            sound, told = change(sound, random, babble)
            steps.append(told)
    random = np.random.default_rng(last)
    codec = CODECS[int(random.integers(len(CODECS)))] if random.random() < _CODED else ""
    return Augmented(np.clip(sound, -1.0, 1.0).astype(np.float32), tuple(steps), codec)


def all_coded(sounds: Sequence[Augmented]) -> list[Augmented]:
    """Send each sound through the coder it is meant for: all of one coder together, since starting one takes longer
    than what it does."""
    done = list(sounds)
    gap = np.zeros(int(_GAP * SAMPLE_RATE), np.float32)
    for codec in CODECS:
        places = [place for place, sound in enumerate(sounds) if sound.codec == codec]
        if not places:
            continue
        row = np.concatenate([part for place in places for part in (sounds[place].samples, gap)])
        back, at = coded(row, codec), 0
        for place in places:
            count = len(sounds[place].samples)
            done[place] = Augmented(back[at : at + count].copy(), (*sounds[place].steps, codec))
            at += count + len(gap)
    return done


def _equalised(sound: Sound, random: np.random.Generator, _: FloatArray | None) -> tuple[Sound, str]:
    """A microphone and what stands before it: a smooth curve of +-10 dB, without delay (zero phase)."""
    corners = np.array([0.0, 120.0, 300.0, 700.0, 1500.0, 3000.0, 5000.0, 8000.0])
    gains = random.normal(0.0, 4.0, len(corners)).clip(-10.0, 10.0)
    if random.random() < 0.3:  # a cheap one hears neither depth nor height
        gains[0] -= 20.0
        gains[-1] -= 20.0
    spectrum = np.fft.rfft(sound)
    curve = np.interp(np.fft.rfftfreq(len(sound), 1.0 / SAMPLE_RATE), corners, gains)
    return np.fft.irfft(spectrum * 10 ** (curve / 20.0), len(sound)), "eq"


def _in_a_room(sound: Sound, random: np.random.Generator, _: FloatArray | None) -> tuple[Sound, str]:
    """The direct sound, a few early reflections and a tail that decays exponentially; the direct sound comes first."""
    decay = float(random.uniform(0.12, 0.9))  # time to -60 dB, seconds
    direct_db = float(random.uniform(-2.0, 15.0))  # direct sound over all the rest
    count = int(min(decay, 0.6) * SAMPLE_RATE)
    at = np.arange(count) / SAMPLE_RATE
    tail = random.standard_normal(count) * 10 ** (-3.0 * at / decay)
    tail[: int(0.002 * SAMPLE_RATE)] = 0.0
    for _reflection in range(int(random.integers(2, 7))):
        tail[int(random.uniform(0.002, 0.03) * SAMPLE_RATE)] += random.normal(0.0, 8.0)
    tail *= 10 ** (-direct_db / 20.0) / max(float(np.sqrt((tail**2).sum())), 1e-9)
    tail[0] = 1.0
    return fftconvolve(sound, tail)[: len(sound)], f"room {decay:.1f} s"


def _in_noise(sound: Sound, random: np.random.Generator, babble: FloatArray | None) -> tuple[Sound, str]:
    """Hiss, hum or other people behind the voice, 3 to 35 dB below its mean power."""
    kind = ("colour", "hum", "babble")[int(random.choice(3, p=(0.6, 0.1, 0.3)))]
    if kind == "babble" and babble is not None and len(babble):
        start = int(random.integers(len(babble)))
        noise = np.resize(np.roll(babble.astype(np.float64), -start), len(sound))
    elif kind == "hum":
        mains = float(random.choice((50.0, 60.0)))
        at = np.arange(len(sound)) / SAMPLE_RATE
        noise = sum((np.sin(2 * np.pi * mains * step * at) / step for step in (1, 2, 3, 5)), np.zeros(len(sound)))
    else:
        kind = "colour"
        spectrum = np.fft.rfft(random.standard_normal(len(sound)))
        slope = float(random.uniform(0.0, 1.2))  # 0 white, 0.5 pink, 1 brown
        spectrum *= np.maximum(np.arange(len(spectrum)), 1.0) ** -slope
        noise = np.fft.irfft(spectrum, len(sound))
    ratio_db = float(random.uniform(3.0, 35.0))
    power = float((sound**2).mean()), float((noise**2).mean())
    scaled = noise * np.sqrt(power[0] / max(power[1], 1e-12)) * 10 ** (-ratio_db / 20.0)
    return sound + scaled, f"{kind} {ratio_db:.0f} dB"


def _levelled(sound: Sound, random: np.random.Generator, _: FloatArray | None) -> tuple[Sound, str]:
    level = float(random.uniform(*_LEVEL_DB))
    return sound * (10 ** (level / 20.0) / max(float(np.abs(sound).max(initial=0.0)), 1e-9)), f"peak {level:.0f} dB"


def _clipped(sound: Sound, random: np.random.Generator, _: FloatArray | None) -> tuple[Sound, str]:
    """Too loud for the microphone: the highest peaks are cut."""
    limit = float(random.uniform(0.2, 0.7)) * float(np.abs(sound).max(initial=0.0))
    return np.clip(sound, -limit, limit), "clipped"


_Change = Callable[[Sound, np.random.Generator, FloatArray | None], tuple[Sound, str]]
#: How often each step is taken, in the order of the way of the sound.
_STEPS: tuple[tuple[float, _Change], ...] = (
    (0.6, _equalised), (0.45, _in_a_room), (0.6, _in_noise), (1.0, _levelled), (0.05, _clipped),
)  # fmt: skip
#: How often a sound goes through a coder; the silence between two that go together, seconds.
_CODED, _GAP = 0.25, 0.3


def coded(samples: FloatArray, name: str) -> FloatArray:
    """``samples`` through a coder of :data:`CODECS` and back, as many and at the same times.

    Raises :class:`EngineError` when ffmpeg fails.
    """
    if name == "telephone":
        return _telephone(samples)
    arguments, container = _CODERS[name]
    program = [ffmpeg_executable(), "-hide_banner", "-loglevel", "error", "-threads", "1"]
    raw = ["-f", "s16le", "-ar", str(SAMPLE_RATE), "-ac", "1"]
    sent = np.rint(np.clip(samples, -1.0, 1.0) * 32767.0).astype("<i2").tobytes()
    encoded = _run([*program, *raw, "-i", "pipe:0", *arguments, "-f", container, "pipe:1"], sent)
    back = _run([*program, "-f", container, "-i", "pipe:0", *raw, "pipe:1"], encoded)
    return _taken_back(np.frombuffer(back, "<i2").astype(np.float32) / 32767.0, samples)


def _telephone(samples: FloatArray) -> FloatArray:
    """G.711: 300 to 3400 Hz, 8 kHz, mu-law in 8 bits."""
    narrow = resample_poly(samples.astype(np.float64), 1, 2)
    spectrum = np.fft.rfft(narrow)
    at = np.fft.rfftfreq(len(narrow), 2.0 / SAMPLE_RATE)
    spectrum *= np.clip((at - 200.0) / 150.0, 0.0, 1.0) * np.clip((3700.0 - at) / 300.0, 0.0, 1.0)
    narrow = np.clip(np.fft.irfft(spectrum, len(narrow)), -1.0, 1.0)
    compressed = np.rint(127.0 * np.sign(narrow) * np.log1p(255.0 * np.abs(narrow)) / np.log(256.0)) / 127.0
    expanded = np.sign(compressed) * np.expm1(np.abs(compressed) * np.log(256.0)) / 255.0
    wide: FloatArray = resample_poly(expanded, 2, 1)[: len(samples)].astype(np.float32)
    return np.pad(wide, (0, len(samples) - len(wide)))


def _taken_back(decoded: FloatArray, samples: FloatArray) -> FloatArray:
    """``decoded`` without its delay against ``samples``, and of their length."""
    reach = int(_REACH * SAMPLE_RATE)
    padded = np.pad(decoded[: len(samples) + 2 * reach], (reach, reach)).astype(np.float64)
    likeness = fftconvolve(padded, samples[::-1].astype(np.float64), "valid")
    if not len(likeness):
        return np.resize(decoded, len(samples)).astype(np.float32)
    delay = int(likeness[: 2 * reach + 1].argmax())
    found = padded[delay : delay + len(samples)]
    result: FloatArray = np.pad(found, (0, len(samples) - len(found))).astype(np.float32)
    return result


def _run(command: list[str], data: bytes) -> bytes:
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=_PATIENCE)
    except (OSError, subprocess.SubprocessError) as problem:
        raise EngineError(f"ffmpeg could not code a sound: {problem}") from problem
    if done.returncode:
        raise EngineError(f"ffmpeg could not code a sound: {done.stderr.decode(errors='replace')[-200:]}")
    return done.stdout
