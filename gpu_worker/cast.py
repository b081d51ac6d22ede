"""Who of a photo takes part in a video, and what each says: from the request to sound and timelines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gpu_worker.config import EngineConfig
from gpu_worker.errors import InputError
from gpu_worker.landmarks.inspect import choose_face
from gpu_worker.media.loudness import normalised
from gpu_worker.media.sound import load_waveform, resample
from gpu_worker.motion.conversation import SpokenLine, arrange
from gpu_worker.motion.listening import Part
from gpu_worker.motion.margins import with_margins
from gpu_worker.rendering.ensemble import with_neighbours
from gpu_worker.request import AnimationRequest, SoundSpeech, TypedSpeech
from gpu_worker.schema import FaceRig, Inspection, Timeline, Waveform
from gpu_worker.speech.ladder import time_speech
from gpu_worker.speech.respeaking import TypedVoice, speak_words
from gpu_worker.speech.synthesis import synthesise
from gpu_worker.timeline_edits import check_fit
from gpu_worker.visemes.coarticulation import viseme_track

#: Rates of the sound in the video and of the sound that is analysed, Hz.
VIDEO_RATE, SPEECH_RATE = 48000, 16000
#: Most lines of one conversation.
MOST_LINES = 100

Advance = Callable[[float], None]


@dataclass(frozen=True)
class Voice:
    """What one face says on the video's clock; ``analysed`` is its own sound at SPEECH_RATE."""

    analysed: Waveform
    timeline: Timeline


@dataclass(frozen=True)
class Speech:
    """The whole sound and timeline on the video's clock, and each speaking face's own by its index.

    Where one face speaks alone, ``voices`` has its index only.
    """

    sound: Waveform
    timeline: Timeline
    voices: dict[int, Voice]


def cast(inspection: Inspection, request: AnimationRequest) -> tuple[FaceRig, ...]:
    """The faces that move, in the order of their index; each knows its neighbours.

    Raises InputError ``several_faces``, ``unknown_face`` or ``too_many_lines``.
    """
    faces = with_neighbours(inspection.faces)
    if not request.speeches and request.plays:
        return tuple(faces[choose_face(inspection, index).index] for index in sorted(request.plays))
    if not request.lines:
        return (faces[choose_face(inspection, request.face).index],)
    if len(request.lines) > MOST_LINES:
        raise InputError(
            "too_many_lines", f"There are {len(request.lines)} lines; {MOST_LINES} is the most.", "Make several videos."
        )
    wanted = {line.face for line in request.lines} | set(request.listeners)
    return tuple(faces[choose_face(inspection, index).index] for index in sorted(wanted))


def speak(
    request: AnimationRequest, faces: tuple[FaceRig, ...], config: EngineConfig, advance: Advance
) -> Speech | None:
    """Sound and timelines, with room at both ends for the faces to come from the photo and return to it.

    None for a request without speech. Raises InputError, see :mod:`speech.synthesis`, :mod:`media.sound` and
    :func:`arrange`.
    """
    if request.lines:
        return _converse(request, config, advance)
    if request.speech is None:
        return None
    sound, timeline = _spoken(request.speech, config, advance)
    sound, timeline = with_margins(sound, timeline, config.fps)
    return Speech(sound, timeline, {faces[0].index: Voice(resample(sound, SPEECH_RATE), timeline)})


def parts_of(faces: tuple[FaceRig, ...], speech: Speech, fps: float) -> list[Part]:
    """What each face does, as motion wants it."""
    parts = []
    for face in faces:
        voice = speech.voices.get(face.index)
        if voice is None:
            parts.append(Part(face))
        else:
            track = viseme_track(voice.timeline, voice.analysed, fps)
            parts.append(Part(face, track, voice.timeline, voice.analysed))
    return parts


def _converse(request: AnimationRequest, config: EngineConfig, advance: Advance) -> Speech:
    count = len(request.lines)
    spoken = []
    for place, line in enumerate(request.lines):

        def within(fraction: float, place: int = place) -> None:
            advance((place + fraction) / count)

        sound, timeline = _spoken(line.speech, config, within)
        spoken.append(SpokenLine(line.face, sound, timeline, line.pause, line.start))
        within(1.0)
    whole = arrange(spoken, config.fps, config.max_sound_seconds)
    voices = {voice.face: Voice(resample(voice.sound, SPEECH_RATE), voice.timeline) for voice in whole.voices}
    return Speech(whole.sound, whole.timeline, voices)


def _spoken(asked: TypedSpeech | SoundSpeech, config: EngineConfig, advance: Advance) -> tuple[Waveform, Timeline]:
    """One speech at VIDEO_RATE with its timeline, as it is said, without margins."""
    if isinstance(asked, TypedSpeech):
        typed, timeline = _typed(asked, config)
        return resample(typed, VIDEO_RATE), timeline
    sound = load_waveform(asked.path, VIDEO_RATE, config)
    if asked.timeline is not None:
        timeline = check_fit(asked.timeline, sound)
    else:
        heard = resample(sound, SPEECH_RATE)
        timeline = time_speech(heard, asked.transcript, asked.language, advance, asked.dictionary, config.speech_engine)
    if asked.normalise:
        sound, _ = normalised(sound)
    return sound, timeline


def _typed(asked: TypedSpeech, config: EngineConfig) -> tuple[Waveform, Timeline]:
    """Typed words with their timeline, the one corrected by hand where there is one."""
    if asked.timeline is not None and asked.sound is not None:
        sound = load_waveform(asked.sound, VIDEO_RATE, config)
        return sound, check_fit(asked.timeline, sound)
    if asked.timeline is not None:
        voice = TypedVoice(asked.text, asked.language, asked.voice, asked.speed, asked.pitch, asked.dictionary)
        spoken, _ = speak_words(voice, asked.timeline.words, config)
        return spoken, check_fit(asked.timeline, spoken)
    return synthesise(asked.text, asked.language, asked.voice, asked.speed, asked.pitch, config, asked.dictionary)
