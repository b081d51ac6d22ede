"""What workers do for the timeline editor: measure a speech, align a part anew, draw the mouth, speak words anew.

Measuring is claimed by token and keeps its outcome in the database, as the tasks of :mod:`gpu_worker.tasks` do. The
others answer somebody who waits; a refusal travels as the API says it.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np

from animator import storage
from animator.conf import engine_config, longest_measuring_s
from animator.models import Speech
from animator.models.speech import SpeechKind
from animator.selectors.pronunciation import dictionary_for
from animator.selectors.timeline import PEAKS_HZ
from animator.services import timeline as timeline_service
from animator.services.upload import check_failed
from gpu_worker import timeline_json
from gpu_worker.errors import Cancelled, EngineError, InputError
from gpu_worker.media import scratch
from gpu_worker.schema import FloatArray, Phone, Timeline, Waveform, Word
from gpu_worker.tasks.checking import lifeline
from gpu_worker.tasks.sound_model import use_promoted_models
from picturetalk_site.logs import working_on

#: Points a second of a drawn mouth, and sound on either side that its loudness is judged by, seconds.
CURVE_HZ, CURVE_CONTEXT = 50.0, 3.0


def measure_timeline(timeline_id: str, token: str) -> None:
    """Find out who says which sound when; for typed words, speak them and keep the sound."""
    key = UUID(timeline_id)
    row = timeline_service.claim(key, token)
    if row is None:
        return
    with working_on(timeline_id), _ending(key, token):
        use_promoted_models()
        timeline, peaks, sound = _measured(row.speech, token)
        if not timeline_service.finish(key, token, timeline_json.compact(timeline), peaks, sound) and sound is not None:
            storage.erase([sound.path])


def align_part(
    path: str, words: Sequence[tuple[str, str]], language: str, start: float, end: float, dictionary: dict[str, str]
) -> dict[str, Any]:
    """Words of a recording, aligned with the sound from ``start`` to ``end`` alone."""
    from gpu_worker.media.sound import load_part
    from gpu_worker.speech import realignment

    try:
        with storage.local_copy(path) as source:
            sound = load_part(source, start, end)
        asked = [Word(word, 0.0, 0.0, said) for word, said in words]
        found, phones = realignment.align_part(sound.samples, asked, language, end - start, dictionary)
    except InputError as error:
        return error.as_dict()
    return {"words": [asdict(_later(word, start, end)) for word in found],
            "phones": [asdict(_later(phone, start, end)) for phone in phones]}  # fmt: skip


def mouth_curve(path: str, document: dict[str, Any], start: float, end: float) -> dict[str, Any]:
    """How far the mouth opens under a timeline, one byte for each fiftieth of a second."""
    from gpu_worker.media.sound import load_part
    from gpu_worker.visemes.coarticulation import mouth_opening, viseme_track

    try:
        timeline = timeline_json.from_dict(document)
    except InputError as error:
        return error.as_dict()
    first, last = max(start - CURVE_CONTEXT, 0.0), min(end + CURVE_CONTEXT, timeline.duration)
    with storage.local_copy(path) as source:
        sound = load_part(source, first, last)
    opening = mouth_opening(viseme_track(_part(timeline, first, last), sound, CURVE_HZ))
    begin = round((start - first) * CURVE_HZ)
    wanted = opening[begin : begin + max(round((end - start) * CURVE_HZ), 1)]
    return {"opening": np.clip(np.rint(255 * wanted), 0, 255).astype(np.uint8).tobytes()}


def speech_motion(speech: dict[str, Any], longest_s: float) -> bytes | dict[str, str]:
    """How a face moves with the first ``longest_s`` seconds of a speech; with the sound where it is spoken now."""
    from gpu_worker.media.sound import load_part, wav_bytes
    from gpu_worker.motion.preview_motion import heard_motion, packed_motion, ruled_motion
    from gpu_worker.speech.synthesis import synthesise

    try:
        if "text" in speech:
            sound, timeline = synthesise(
                speech["text"], speech["language"], speech["voice"], speech["speed"], speech["pitch"],
                engine_config(), speech["dictionary"] or None,
            )  # fmt: skip
            return packed_motion(ruled_motion(timeline, sound), longest_s, wav_bytes(sound))
        with storage.local_copy(speech["path"]) as source:
            heard = load_part(source, 0.0, longest_s)
        if speech["timeline"] is None:
            return packed_motion(heard_motion(heard), longest_s)
        timeline = timeline_json.from_dict(speech["timeline"])
    except InputError as error:
        return error.as_dict()
    return packed_motion(ruled_motion(_part(timeline, 0.0, min(longest_s, timeline.duration)), heard), longest_s)


def respeak(
    path: str,
    typed: tuple[str, str, str | None, float, float],
    dictionary: dict[str, str],
    document: dict[str, Any],
    spoken: Sequence[tuple[str, str]],
) -> dict[str, Any]:
    """Speak the words of a corrected timeline, keep the sound at ``path``, and carry over what was set by hand.

    ``spoken`` are the words that were spoken for the times in ``document``.
    """
    from gpu_worker.speech import respeaking

    text, language, voice, speed, pitch = typed
    try:
        voice_ = respeaking.TypedVoice(text, language, voice, speed, pitch, dictionary)
        words = [Word(word, 0.0, 0.0, said) for word, said in spoken]
        timeline = timeline_json.from_dict(document)
        sound, found = respeaking.respeak(voice_, timeline, words, engine_config())
    except InputError as error:
        return error.as_dict()
    stored = _keep(path, sound)
    return {"document": timeline_json.compact(found), "path": stored.path, "bytes": stored.bytes,
            "peaks": peaks_of(sound)}  # fmt: skip


def peaks_of(sound: Waveform) -> bytes:
    """The loudest sample of each hundredth of a second, 255 for the loudest of all."""
    size = sound.rate // PEAKS_HZ
    parts = scratch.blocks(sound.samples, scratch.BLOCK // size * size)
    level = np.concatenate([np.zeros(0, np.float32), *(_loudest(part, size) for _, part in parts)])
    return bytes(np.rint(255 * level / max(float(level.max(initial=0.0)), 1e-3)).clip(0, 255).astype(np.uint8))


def _loudest(samples: FloatArray, size: int) -> FloatArray:
    """The largest absolute value of every ``size`` samples; what is missing at the end counts as silence."""
    whole: FloatArray = np.abs(np.pad(samples, (0, -len(samples) % size))).reshape(-1, size).max(axis=1)
    return whole


def _measured(speech: Speech, token: str) -> tuple[Timeline, bytes, storage.Stored | None]:
    from gpu_worker.media.sound import load_waveform
    from gpu_worker.speech import respeaking
    from gpu_worker.speech.ladder import time_speech

    config = engine_config()
    dictionary = dictionary_for(speech.owner_id, speech.language)
    if speech.kind == SpeechKind.TYPED:
        voice = respeaking.TypedVoice(
            speech.text, speech.language, speech.voice or None, speech.speed, speech.pitch, dictionary
        )
        sound, timeline = respeaking.speak_words(voice, None, config)
        return timeline, peaks_of(sound), _keep(storage.spoken_path(speech.id, token), sound)
    # What was kept has passed the limits for uploads; without its compression it may be larger than them.
    generous = replace(config, max_sound_bytes=10 * config.max_sound_bytes)
    with storage.local_copy(speech.path) as source:
        heard = load_waveform(source, 16000, generous)
    timeline = time_speech(heard, speech.transcript or None, speech.language, None, dictionary, config.speech_engine)
    return timeline, peaks_of(heard), None


def _keep(path: str, sound: Waveform) -> storage.Stored:
    from gpu_worker.media.sound import write_wav

    with tempfile.TemporaryDirectory() as folder:
        return storage.store_file(path, write_wav(sound, Path(folder) / "spoken.wav"))


def _part(timeline: Timeline, start: float, end: float) -> Timeline:
    """What a timeline says from ``start`` to ``end``, its times counted from ``start``."""

    def cut(entries: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(
            replace(entry, start=max(entry.start, start) - start, end=min(entry.end, end) - start)
            for entry in entries
            if entry.end > start and entry.start < end
        )

    return replace(
        timeline, duration=end - start, words=(), visemes=(), phones=cut(timeline.phones), mouth=cut(timeline.mouth)
    )


def _later(entry: Any, start: float, end: float) -> Word | Phone:
    """A word or phone at its place in the whole sound; what ends with the part ends where the part does."""

    def at(seconds: float) -> float:
        return min(timeline_json.rounded(start + seconds), end)

    moved: Word | Phone = replace(entry, start=at(entry.start), end=at(entry.end))
    return moved


@contextlib.contextmanager
def _ending(key: UUID, token: str) -> Iterator[None]:
    """Signs of life while measuring; what goes wrong is told to the user, and ours stays visible in the queue."""

    def beat() -> bool:
        return timeline_service.keep_alive(key, token)

    try:
        with lifeline(beat, beat, longest_measuring_s()):
            yield
    except Cancelled:
        return
    except InputError as error:
        timeline_service.fail(key, token, error)
    except EngineError:
        timeline_service.fail(key, token, check_failed())
        raise
    except BaseException:
        # Also RQ's time-out, and the worker's shutdown: whoever looks at the page begins it anew.
        timeline_service.fail(key, token, check_failed())
        raise
