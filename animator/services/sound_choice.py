"""What is done to a recording before it is used, by its owner's choice; the recording as it came is always kept."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from animator import queue, realtime, storage
from animator.errors import conflict
from animator.models.speech import Speech, SpeechKind
from animator.models.upload import UploadState
from animator.selectors.speech import speech_for_user, speech_payload
from animator.services import upload
from gpu_worker.errors import InputError


@dataclass(frozen=True)
class SoundChoice:
    """``normalise``: even out the loudness in the video. ``denoise`` and ``trim`` make a cleaned copy."""

    normalise: bool = True
    denoise: bool = False
    trim: bool = False


def choose(user: User, speech_id: UUID, choice: SoundChoice) -> Speech:
    """Set what is done to the user's recording; a cleaned copy is made in the queue meanwhile (``checking``).

    Raises ``Speech.DoesNotExist``, ``not_a_recording``, ``speech_not_ready`` or ``speech_in_use``.
    """
    speech_for_user(user, speech_id)
    with transaction.atomic():
        speech = Speech.objects.select_for_update().get(id=speech_id)
        if speech.kind == SpeechKind.TYPED:
            raise conflict("not_a_recording", "These words were typed: there is no recording to clean.")
        if speech.state != UploadState.READY:
            raise conflict("speech_not_ready", "The sound is still being worked on.", "Wait a moment, then try again.")
        if _in_use(speech):
            raise conflict(
                "speech_in_use",
                "A video or a corrected timeline was made from this sound.",
                "Add the recording again to clean it differently.",
            )
        speech.normalise = choice.normalise
        if (speech.denoise, speech.trim) != (choice.denoise, choice.trim):
            _clean_anew(speech, choice)
        speech.save()
    realtime.send_speech(speech_payload(speech), speech.owner_id)
    return speech


def use_original(speech_id: UUID, token: str, error: InputError) -> bool:
    """The cleaned copy could not be made: the recording stays as it came, and its owner is told why."""
    row = Speech.objects.filter(id=speech_id, state=UploadState.CHECKING, token=token).first()
    if row is None:
        return False
    finding = {"code": error.code, "message": f"It could not be cleaned. {error.message}", "hint": error.hint}
    done = Speech.objects.filter(id=speech_id, state=UploadState.CHECKING, token=token).update(
        state=UploadState.READY, path=row.original_path, original_path="", denoise=False, trim=False, token="",
        duration_s=row.original_duration_s, findings=[*row.findings, finding],
    )  # fmt: skip
    if done == 1:
        storage.erase([row.path] if row.path != row.original_path else [])
        _announce(speech_id)
    return done == 1


def accept_copy(speech_id: UUID, token: str, copy: storage.Stored, seconds: float) -> bool:
    """The cleaned copy is made: it is used from now on, the recording stays beside it."""
    row = Speech.objects.filter(id=speech_id, state=UploadState.CHECKING, token=token).first()
    if row is None:
        return False
    done = Speech.objects.filter(id=speech_id, state=UploadState.CHECKING, token=token).update(
        state=UploadState.READY, path=copy.path, token="", duration_s=round(seconds, 3)
    )
    if done == 1:
        storage.erase([row.path] if row.path not in (row.original_path, copy.path) else [])
        _announce(speech_id)
    return done == 1


def release_copy(speech_id: UUID, token: str, *, counts: bool = True) -> bool:
    """Making the copy broke off: another try, or, after the last, the recording as it came."""
    row = Speech.objects.filter(id=speech_id, state=UploadState.CHECKING, token=token).first()
    if row is not None and counts and upload.tried_enough(row):
        return use_original(speech_id, token, upload.check_failed())
    return upload.release(Speech, speech_id, token, queue.enqueue_speech_check, counts=counts)


def _clean_anew(speech: Speech, choice: SoundChoice) -> None:
    speech.denoise, speech.trim = choice.denoise, choice.trim
    original = speech.original_path or speech.path
    if not (choice.denoise or choice.trim):
        copy = [speech.path] if speech.path != original else []
        transaction.on_commit(lambda: storage.erase(copy))
        speech.path, speech.original_path, speech.duration_s = original, "", speech.original_duration_s
        return
    if not speech.original_path:
        speech.original_path, speech.original_duration_s = original, speech.duration_s
    speech.state, speech.token, speech.attempts = UploadState.CHECKING, upload.new_token(), 0
    speech.seen_at = timezone.now()
    token, key = speech.token, speech.id
    transaction.on_commit(lambda: queue.enqueue_speech_check(key, token))


def _in_use(speech: Speech) -> bool:
    return speech.jobs.exists() or speech.lines.exists() or speech.timelines.exists()


def _announce(speech_id: UUID) -> None:
    speech = Speech.objects.get(id=speech_id)
    realtime.send_speech(speech_payload(speech), speech.owner_id)
