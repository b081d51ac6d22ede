"""Writing speeches: typed words, recordings and uploads, what the check said, erasing."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from animator import queue, realtime, storage
from animator.conf import engine_config
from animator.errors import SiteError, conflict
from animator.magic import HEAD_BYTES, looks_like_sound, not_a_sound
from animator.models.erasure import Why
from animator.models.speech import Speech, SpeechKind
from animator.models.upload import UploadState
from animator.selectors.speech import speech_for_user, speech_payload
from animator.services import quota, upload
from animator.services.file_erasure import erase_later
from animator.services.standing import check_may_make
from gpu_worker.errors import InputError
from gpu_worker.languages import find_language
from gpu_worker.speech.markup import parse_markup
from gpu_worker.speech.text import check_text
from gpu_worker.speech.voice_choice import find_voice_choice

#: Smallest and largest factor of speed and pitch.
FACTORS = (0.5, 2.0)


@dataclass(frozen=True)
class TypedWords:
    """What somebody typed, and how it is to be spoken."""

    text: str
    language: str = "en"
    voice: str = ""
    speed: float = 1.0
    pitch: float = 1.0


def check_words(words: TypedWords) -> TypedWords:
    """The same words, with the codes of language and voice as they are kept. Raises as ``add_typed_speech``."""
    check_text(words.text, engine_config())
    parse_markup(words.text)
    language = find_language(words.language)
    voice = find_voice_choice(words.voice)
    if not voice.speaks(language.code):
        raise InputError(
            "voice_speaks_another_language",
            f"The voice “{voice.name}” does not speak {language.name}.",
            "Choose another voice, or the language that it speaks.",
        )
    for name, factor in (("speed", words.speed), ("pitch", words.pitch)):
        if not FACTORS[0] <= factor <= FACTORS[1]:
            raise InputError(
                f"bad_{name}", f"The {name} must lie between {FACTORS[0]:g} and {FACTORS[1]:g}.", "1 is as usual."
            )
    return replace(words, text=words.text.strip(), language=language.code, voice=voice.code)


def add_typed_speech(user: User, words: TypedWords) -> Speech:
    """Take in typed words; ready at once.

    Raises ``empty_text``, ``text_too_long``, ``no_speakable_text``, ``markup_not_closed``, ``bad_markup``,
    ``unsupported_language``, ``unknown_voice``, ``voice_speaks_another_language``, ``bad_speed``, ``bad_pitch`` or
    ``too_many_uploads``.
    """
    check_may_make(user)
    words = check_words(words)
    with transaction.atomic():
        quota.check_upload_allowance(user, 0)
        speech = Speech.objects.create(
            owner=user,
            kind=SpeechKind.TYPED,
            state=UploadState.READY,
            text=words.text,
            language=words.language,
            voice=words.voice,
            speed=words.speed,
            pitch=words.pitch,
        )
        quota.count_upload(user, speech.id)
    return speech


def add_sound(user: User, kind: str, file: storage.Upload, transcript: str, language: str) -> Speech:
    """Take in a recording or an uploaded sound and send it to the check.

    Raises ``empty_sound``, ``sound_file_too_large``, ``unreadable_sound``, ``unsupported_language``, ``text_too_long``,
    ``no_speakable_text``, ``upload_over_plan``, ``too_many_uploads`` or ``storage_full``; nothing is left behind then.
    """
    check_may_make(user)
    config = engine_config()
    if transcript.strip():
        check_text(transcript, config)
    code = find_language(language).code
    if not file.size:
        raise InputError("empty_sound", "The sound file is empty.", "Record or choose the sound again.")
    too_large = SiteError(
        "sound_file_too_large",
        f"The sound file is larger than {config.max_sound_bytes // (1024 * 1024)} MB.",
        "Send it as MP3, M4A or OGG, or send a shorter part.",
        status=413,
    )
    if file.size > config.max_sound_bytes:
        raise too_large
    head = file.read(HEAD_BYTES)
    file.seek(0)
    if not looks_like_sound(head):
        raise not_a_sound()
    quota.check_upload_allowance(user, file.size)
    speech = Speech(
        id=uuid.uuid4(), owner=user, kind=kind, transcript=transcript.strip(), language=code, token=upload.new_token()
    )
    stored = storage.store_upload(storage.upload_path("speech", speech.id), file, config.max_sound_bytes, too_large)
    speech.source_path, speech.bytes, speech.sha256 = stored.path, stored.bytes, stored.sha256
    speech.seen_at = timezone.now()
    try:
        with transaction.atomic():
            speech.save(force_insert=True)
            quota.count_upload(user, speech.id)
            queue.enqueue_speech_check(speech.id, speech.token)
    except BaseException:
        storage.erase([stored.path])
        raise
    return speech


def accept_speech(speech_id: UUID, token: str, kept: storage.Stored, facts: dict[str, Any]) -> bool:
    """The check heard speech; ``facts`` is its length."""
    return upload.accept(Speech, speech_id, token, kept, **facts) and _announce(speech_id)


def reject_speech(speech_id: UUID, token: str, error: InputError) -> bool:
    """The sound cannot be used, and the user is told why."""
    return upload.reject(Speech, speech_id, token, error) and _announce(speech_id)


def release_speech(speech_id: UUID, token: str, *, counts: bool = True) -> bool:
    """The check broke off: try it again."""
    done = upload.release(Speech, speech_id, token, queue.enqueue_speech_check, counts=counts)
    return done and _announce(speech_id)


def delete_speech(user: User, speech_id: UUID) -> None:
    """Erase the user's speech. Raises ``speech_in_use`` while a video was made from it."""
    speech = speech_for_user(user, speech_id)
    if speech.jobs.exists() or speech.lines.exists():
        raise conflict("speech_in_use", "A video was made from this speech.", "Delete the video first.")
    erase_speech(speech)


def erase_speech(speech: Speech, why: str = Why.OWNER) -> None:
    """Erase a speech that no job uses, with its files; words and row stay empty while an erased job refers to it."""
    with transaction.atomic():
        needed = speech.lines.filter(job__erased_at__isnull=True).exists()
        if needed or speech.jobs.filter(erased_at__isnull=True).exists():
            return
        busy = speech.state == UploadState.CHECKING
        speech.timelines.all().delete()
        erase_later("speech", speech.id, why, paths=(speech.path, speech.source_path, speech.original_path), busy=busy)
        if speech.jobs.exists() or speech.lines.exists():
            Speech.objects.filter(id=speech.id).update(
                state=UploadState.ERASED, path="", source_path="", original_path="", bytes=0, text="", transcript="",
                token="", findings=[],
            )  # fmt: skip
        else:
            Speech.objects.filter(id=speech.id).delete()


def _announce(speech_id: UUID) -> bool:
    speech = Speech.objects.get(id=speech_id)
    realtime.send_speech(speech_payload(speech), speech.owner_id)
    return True
