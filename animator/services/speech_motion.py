"""How a face moves with the beginning of a speech, for a page that plays it before a video is made."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from accounts.models import User
from animator import queue
from animator.errors import SiteError, conflict
from animator.models import Speech
from animator.models.screening_rule import RuleAction
from animator.models.speech import SpeechKind
from animator.models.timeline import TimelineState
from animator.models.upload import UploadState
from animator.selectors.pronunciation import dictionary_for
from animator.selectors.speech import speech_for_user
from animator.selectors.timeline import corrected_timeline
from animator.services import rate, screening
from animator.services.preview import beginning
from animator.services.standing import check_may_make
from gpu_worker.errors import InputError

#: How much of a speech is played at most, seconds.
LONGEST_S = 30.0
#: Longest wait for a worker, seconds.
PATIENCE_S = 20.0
#: Speeches that one person may have played in a window, and its length in seconds.
QUESTIONS, WINDOW_S = 600, 3600


def speech_motion(user: User, speech_id: UUID) -> bytes:
    """The movement, and for typed words the sound, by ``gpu_worker.packed``; nothing of it is kept.

    Typed words, and whatever was corrected by hand, move by the rules of a video; a sound whose words nobody has
    measured yet by the model that hears them. Words are screened as for a video. Raises ``Speech.DoesNotExist``,
    ``account_frozen``, ``account_suspended``, ``speech_not_ready``, ``text_refused``, ``public_figure_refused``,
    ``words_wait`` (409) where a moderator has to read them first, ``too_often``, ``try_later``, and what
    speaking raises.
    """
    check_may_make(user)
    speech = speech_for_user(user, speech_id)
    if speech.state == UploadState.REJECTED and speech.error:
        raise InputError(speech.error["error"], speech.error["message"], speech.error["hint"])
    if speech.state != UploadState.READY:
        raise conflict("speech_not_ready", "The recording is still being listened to.", "Try again in a moment.")
    edited = corrected_timeline(speech)
    verdict = screening.screen_speech(user, speech, edited)
    named = screening.screen_names(user, [screening.words_said(speech, edited)], "speech", speech.id)
    if verdict.action != RuleAction.ALLOW or named.figures:
        raise conflict(
            "words_wait",
            "A person has to read these words before a face says them.",
            "You can go on; the video waits until a moderator has read them.",
        )
    rate.count("speech-motion", str(user.pk), QUESTIONS, WINDOW_S)
    answer = queue.ask_for_motion(_task(speech), LONGEST_S, PATIENCE_S)
    if answer is None:
        raise SiteError("try_later", "The preview is not ready.", "Please try again in a moment.", status=503)
    if isinstance(answer, dict):
        raise InputError(answer["error"], answer["message"], answer["hint"])
    return answer


def _task(speech: Speech) -> dict[str, Any]:
    """What the worker is told: a sound that is kept and its timeline, if there is one, or the words to speak."""
    row = speech.timelines.filter(state=TimelineState.READY).order_by("-version").first()
    path = (row.sound_path if row is not None else "") or speech.path
    if path:
        return {"path": path, "timeline": None if row is None else row.document}
    if speech.kind != SpeechKind.TYPED:
        raise Speech.DoesNotExist
    return {
        "text": beginning(speech.text),
        "language": speech.language,
        "voice": speech.voice or None,
        "speed": speech.speed,
        "pitch": speech.pitch,
        "dictionary": dictionary_for(speech.owner_id, speech.language),
    }
