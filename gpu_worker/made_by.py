"""Which engines made a video, in which versions, and which of them did the work of another, with the reason.

All of it follows from what the stages left (:mod:`gpu_worker.stage_results`), so that it is the same wherever they ran.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass

from gpu_worker.capabilities import package_version
from gpu_worker.cast import Speech
from gpu_worker.config import EngineConfig
from gpu_worker.errors import EngineError, FallbackForbiddenError
from gpu_worker.languages import VOICES
from gpu_worker.request import AnimationRequest, TypedSpeech
from gpu_worker.schema import Fallback, Timeline
from gpu_worker.speech.flite import is_flite
from gpu_worker.stage_results import Film, Score

#: A step down the ladder of speech, as :mod:`speech.ladder` words it: who, perhaps what of theirs, and why.
_LEFT = re.compile(r"(?P<who>WhisperX|Recognition|Forced alignment)(?:'s \w+)? was left: (?P<why>.+)", re.DOTALL)
_LEFT_ENGINE = {"WhisperX": "whisperx", "Recognition": "pocketsphinx", "Forced alignment": "pocketsphinx"}
#: The sound-to-motion model as the ladder names it: name, version, variant.
_LEARNED = re.compile(r"Phones were heard by the learned model (?P<name>\S+) (?P<version>\S+ \(\w+\)), without words\.")
#: What is left when no words are known.
_WITHOUT_WORDS = {"phones": "phone decoding", "energy": "loudness"}
#: torch's renderer, when it gave up.
_TORCH_LEFT = re.compile(r"warp, as (?P<what>torch on \w+) (?P<why>.+)", re.DOTALL)
#: That an optional engine was never installed is no failure of it, unless it was asked for.
_NEVER_HERE = "not installed"


@dataclass(frozen=True)
class MadeBy:
    """``engines`` and ``versions`` by what they did: ``landmarks``, ``voice``, ``speech`` (how the words were timed),
    ``aligner``, ``render``, ``encoder``, ``signature``; keys without an engine are left out. ``timing``: why the words
    were timed in this way, and what in them does not match the sound."""

    engines: dict[str, str]
    versions: dict[str, str]
    fallbacks: tuple[Fallback, ...]
    timing: tuple[str, ...] = ()


def made_by(request: AnimationRequest, config: EngineConfig, landmarks: str, score: Score, film: Film) -> MadeBy:
    """``landmarks`` is the engine that reads faces where the inspection names none."""
    engines = {"landmarks": score.inspection.engine or landmarks}
    voices = sorted({_voice(one) for one in request.speeches if isinstance(one, TypedSpeech)})
    if voices:
        engines["voice"] = ", ".join(voices)
    if score.speech is not None:
        whole = score.speech.timeline
        engines["speech"] = f"{whole.source}{', corrected by hand' if whole.corrected else ''}"
        if aligner := _aligner(whole):
            engines["aligner"] = aligner
    engines |= {"render": film.engine, "encoder": "libx264"}
    if request.signing_folder is not None:
        engines["signature"] = "c2pa"
    versions = {part: version for part, name in engines.items() if (version := _version(part, name))}
    if score.speech is not None and (learned := learned_version(score.speech.timeline)):
        versions["aligner"] = learned
    found = [
        *score.inspection.fallbacks,
        *speech_fallbacks(timelines_of(score.speech)),
        *render_fallbacks(request, config, film.engine),
    ]
    reasons = dict.fromkeys(reason for timeline in timelines_of(score.speech) for reason in timeline.reasons)
    return MadeBy(engines, versions, tuple(one for one in found if _NEVER_HERE not in one.reason), tuple(reasons))


def timelines_of(speech: Speech | None) -> list[Timeline]:
    """The whole, and everybody's own."""
    return [] if speech is None else [speech.timeline, *(voice.timeline for voice in speech.voices.values())]


def speech_fallbacks(timelines: Iterable[Timeline]) -> list[Fallback]:
    """Engines that were left while the words were timed, each once, with why."""
    found: dict[str, Fallback] = {}
    for timeline in timelines:
        for reason in timeline.reasons:
            left = _LEFT.fullmatch(reason)
            heard = "the learned model" if learned_version(timeline) else _WITHOUT_WORDS.get(timeline.source)
            used = heard or _aligner(timeline) or timeline.source
            if left is None or (wanted := _LEFT_ENGINE[left["who"]]) == used:
                continue
            found.setdefault(wanted, Fallback("align", wanted, used, left["why"].strip()))
    return list(found.values())


def render_fallbacks(request: AnimationRequest, config: EngineConfig, engine: str) -> list[Fallback]:
    """What drew in place of torch: where it gave up, or was set by the operator and is not here."""
    left = _TORCH_LEFT.fullmatch(engine)
    if left is not None:
        return [Fallback("render", "torch", "warp", f"{left['what']} {left['why']}")]
    if request.engine == "auto" and config.engine == "torch" and engine == "warp":
        return [Fallback("render", "torch", "warp", "torch is missing on this machine")]
    return []


def refuse_forbidden(fallbacks: Iterable[Fallback], config: EngineConfig) -> None:
    """Raises :class:`FallbackForbiddenError` when one did the work of another that has to do it itself."""
    for one in fallbacks:
        if one.wanted in config.no_fallback:
            raise FallbackForbiddenError(one.wanted, one.used, one.reason)


def _voice(speech: TypedSpeech) -> str:
    """What speaks typed words."""
    code = (speech.voice or "").strip()
    if is_flite(code):
        return "flite"
    known = not code or any(voice.code == code.lower() for voice in VOICES)
    return "espeak-ng" if known else f"neural voice {code}"


def learned_version(timeline: Timeline) -> str:
    """Which sound-to-motion model heard the phones, as in "sound-motion 1 (full)"; empty where none did."""
    found = [match for reason in timeline.reasons if (match := _LEARNED.fullmatch(reason))]
    return f"{found[-1]['name']} {found[-1]['version']}" if found else ""


def _aligner(timeline: Timeline) -> str:
    """What found the sounds of a recording; empty where the voice itself told, or the loudness alone is known."""
    if timeline.source in ("events", "energy"):
        return ""
    if learned := learned_version(timeline):
        return learned.split()[0]
    return "whisperx" if timeline.reasons and "WhisperX" in timeline.reasons[-1] else "pocketsphinx"


def _version(part: str, engine: str) -> str:
    """The package and its version, as in “mediapipe 0.10.21”; empty where none has a say."""
    if part == "encoder":
        return _ffmpeg_version()
    if part == "speech":
        return ""
    base = "torch" if engine.startswith("torch") else engine.split(",")[0]
    return package_version("onnxruntime" if base.startswith("neural voice") else base)


@functools.cache
def _ffmpeg_version() -> str:
    """That of the binary, which is not that of the package which brings it."""
    import imageio_ffmpeg

    try:
        return f"ffmpeg {imageio_ffmpeg.get_ffmpeg_version()}"
    except (RuntimeError, OSError, EngineError):
        return ""
