"""From a job's rows to what the pipeline is asked for."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from uuid import UUID

from animator import storage
from animator.conf import engine_config, signing_folder
from animator.models import Job, Speech, SpeechTimeline
from animator.models.speech import SpeechKind
from animator.selectors.engines import forbidden_fallbacks
from animator.selectors.motion import FaceMotion, motion_of
from animator.selectors.pronunciation import dictionary_for
from animator.selectors.timeline import timeline_of
from gpu_worker.motion.style import Style
from gpu_worker.request import AnimationRequest, FacePlay, Line, SoundSpeech, TypedSpeech


@contextlib.contextmanager
def animation_request(job: Job) -> Iterator[AnimationRequest]:
    """What the pipeline is asked for; the job's files are on this machine as long as the block lasts."""
    limits = engine_config()
    # What was kept has passed the limits for uploads; without its compression it may be larger than them.
    config = replace(
        limits,
        max_side=min(limits.max_side, job.max_side or limits.max_side),
        max_photo_bytes=10 * limits.max_photo_bytes,
        max_sound_bytes=10 * limits.max_sound_bytes,
        no_fallback=limits.no_fallback | forbidden_fallbacks(),
    )
    with contextlib.ExitStack() as files:
        edited = {row.speech_id: row for row in job.timelines.all()}
        rows = list(job.lines.select_related("speech"))
        lines = tuple(
            Line(row.face_index, _spoken(row.speech, files, edited), row.pause_s, row.start_s) for row in rows
        )
        listening = job.faces.filter(speaks=False).values_list("face_index", flat=True)
        motion = motion_of(job)
        yield AnimationRequest(
            photo=files.enter_context(storage.local_copy(job.photo.path)),
            speech=None if lines or job.speech is None else _spoken(job.speech, files, edited),
            job_id=str(job.id),
            face=None if lines else job.face_index,
            framing=job.framing,
            plays={face: _play(one) for face, one in motion.faces.items()},
            length_s=motion.length_s,
            loop=motion.loop,
            lines=lines,
            listeners=tuple(listening) if lines else (),
            seed=job.seed,
            signing_folder=signing_folder(),
            config=config,
        )


def _play(motion: FaceMotion) -> FacePlay:
    style = Style(head=motion.head, expression=motion.expression, blink_rate=motion.blinks, gaze=motion.gaze)
    return FacePlay(motion.gestures, style)


def _spoken(
    words: Speech, files: contextlib.ExitStack, timelines: Mapping[UUID, SpeechTimeline]
) -> TypedSpeech | SoundSpeech:
    """What is said, as its owner says names and as they corrected it; a sound's file is there until ``files`` are
    closed."""
    row = timelines.get(words.id)
    edited = timeline_of(row) if row is not None else None
    dictionary = dictionary_for(words.owner_id, words.language) or None
    if words.kind == SpeechKind.TYPED:
        spoken = files.enter_context(storage.local_copy(row.sound_path)) if row is not None else None
        return TypedSpeech(
            words.text, words.language, words.voice or None, words.speed, words.pitch, dictionary, edited, spoken
        )
    sound = files.enter_context(storage.local_copy(words.path))
    return SoundSpeech(
        sound, words.transcript or None, words.language, dictionary, normalise=words.normalise, timeline=edited
    )
