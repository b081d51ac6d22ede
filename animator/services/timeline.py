"""Timelines of speech: measured by a worker when somebody wants to see them, saved in versions as they are corrected.

A version is never changed. Who saves says on which one the corrections were made; when another was saved meanwhile, in
another tab, nothing is lost and nothing is overwritten: the answer is ``timeline_changed``.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from accounts.models import User
from animator import queue, storage
from animator.conf import site_config
from animator.errors import SiteError, conflict
from animator.models import Speech, SpeechTimeline
from animator.models.speech import SpeechKind
from animator.models.timeline import TimelineState
from animator.models.upload import UploadState
from animator.selectors.pronunciation import dictionary_for
from animator.selectors.speech import speech_for_user
from animator.selectors.timeline import latest_timeline, timeline_of
from animator.services import rate
from animator.services.upload import new_token
from gpu_worker import timeline_json
from gpu_worker.errors import InputError
from gpu_worker.schema import Timeline, Word
from gpu_worker.speech.dictionary import check_said
from gpu_worker.timeline_edits import apply_edit, marked_by_hand

#: Versions that are kept of one speech, beside those that videos were made from.
KEPT_VERSIONS = 20
#: Longest part that is aligned or drawn at once, seconds, and most words in it.
LONGEST_PART, MOST_WORDS = 30.0, 200
LONGEST_CURVE = 120.0
#: Longest wait for a worker, seconds: a part to align, a mouth to draw, a whole text to speak.
PATIENCE_S, SPEAKING_PATIENCE_S = 15.0, 45.0
#: Questions to workers that one person may ask in a window, and its length in seconds.
QUESTIONS, WINDOW_S = 3000, 3600


def measure(user: User, speech_id: UUID) -> SpeechTimeline:
    """The newest version, or the first one, on its way. A measurement that broke off is begun anew.

    Raises ``speech_not_ready`` while the sound is being checked, and what made it unusable.
    """
    with transaction.atomic():
        speech = Speech.objects.select_for_update().get(id=speech_for_user(user, speech_id).id)
        _check_usable(speech)
        row = latest_timeline(speech)
        if row is None:
            row = SpeechTimeline.objects.create(speech=speech, version=1, token=new_token(), seen_at=timezone.now())
            queue.enqueue_timeline(row.id, row.token)
        elif row.state == TimelineState.FAILED or _lost(row):
            row.state, row.token, row.seen_at, row.error = TimelineState.MEASURING, new_token(), timezone.now(), None
            row.save(update_fields=["state", "token", "seen_at", "error"])
            queue.enqueue_timeline(row.id, row.token)
    return row


def claim(timeline_id: UUID, token: str) -> SpeechTimeline | None:
    """Begin the measurement that ``token`` names; None when it is no longer wanted."""
    if not _mine(timeline_id, token).update(attempts=F("attempts") + 1, seen_at=timezone.now()):
        return None
    return SpeechTimeline.objects.select_related("speech").get(id=timeline_id)


def keep_alive(timeline_id: UUID, token: str) -> bool:
    """The worker gives a sign of life; False when the measurement is no longer its."""
    return _mine(timeline_id, token).update(seen_at=timezone.now()) == 1


def finish(timeline_id: UUID, token: str, document: dict[str, Any], peaks: bytes, sound: storage.Stored | None) -> bool:
    """The measurement is there."""
    with transaction.atomic():
        done = _mine(timeline_id, token).update(
            state=TimelineState.READY,
            document=document,
            peaks=base64.b64encode(peaks).decode(),
            sound_path=sound.path if sound is not None else "",
            sound_bytes=sound.bytes if sound is not None else 0,
            token="",
        )
        if done and sound is not None:
            speech = Speech.objects.get(timelines=timeline_id)
            _count_bytes(speech)
    return done == 1


def fail(timeline_id: UUID, token: str, error: InputError) -> bool:
    """It cannot be measured, and the user is told why."""
    return _mine(timeline_id, token).update(state=TimelineState.FAILED, error=error.as_dict(), token="") == 1


def save(user: User, speech_id: UUID, version: int, document: object) -> SpeechTimeline:
    """Keep a corrected timeline as a new version; typed speech whose words changed is spoken anew.

    Raises ``bad_timeline``, ``bad_pronunciation``, ``timeline_changed`` (409) when ``version`` is not the newest,
    ``try_later`` (503) when no worker speaks, and what speaking raises.
    """
    return _save(user, speech_id, version, lambda _: timeline_json.from_dict(document))


def save_edits(user: User, speech_id: UUID, version: int, edits: Sequence[dict[str, Any]]) -> SpeechTimeline:
    """Carry out edits, as ``gpu_worker.timeline_edits`` names them, on a version and keep the result. Raises as
    :func:`save`, and what the edits raise."""

    def edited(timeline: Timeline) -> Timeline:
        for edit in edits:
            timeline = apply_edit(timeline, edit)
        return timeline

    return _save(user, speech_id, version, edited)


def align_part(user: User, speech_id: UUID, words: Sequence[Word], start: float, end: float) -> dict[str, Any]:
    """Words in a stretch of a recording, aligned anew: ``{"words", "phones"}`` with times of the whole sound.

    Raises ``bad_part``, ``part_too_long``, ``speech_is_typed``, ``words_do_not_fit``, ``bad_pronunciation``,
    ``try_later``, ``too_often``.
    """
    speech = speech_for_user(user, speech_id)
    if speech.kind == SpeechKind.TYPED:
        raise conflict("speech_is_typed", "Typed words are spoken anew when you save.", "Save.")
    if not words or not 0 <= start < end <= (speech.duration_s or 0.0) + 0.1:
        raise InputError("bad_part", "There is no word in this span.", "Select at least one word.")
    if end - start > LONGEST_PART or len(words) > MOST_WORDS:
        raise InputError("part_too_long", f"At most {LONGEST_PART:.0f} seconds can be aligned anew at once.",
                         "Select fewer words.")  # fmt: skip
    asked = [(timeline_json.check_label(word.word), check_said(word.said) if word.said else "") for word in words]
    dictionary = dictionary_for(user.pk, speech.language)
    return _ask(user, "align_part", (speech.path, asked, speech.language, start, end, dictionary), PATIENCE_S)


def mouth_curve(user: User, speech_id: UUID, version: int, document: object, start: float, end: float) -> bytes:
    """How far the mouth opens from ``start`` to ``end`` under a timeline, saved or not: one byte for each fiftieth of a
    second. Raises ``bad_timeline``, ``bad_part``, ``try_later``, ``too_often``."""
    speech = speech_for_user(user, speech_id)
    row = speech.timelines.get(version=version, state=TimelineState.READY)
    timeline = timeline_json.from_dict(document)
    if not 0 <= start < end <= timeline.duration + 0.1 or end - start > LONGEST_CURVE:
        raise InputError("bad_part", f"The mouth is drawn for at most {LONGEST_CURVE:.0f} seconds at once.")
    form = timeline_json.compact(timeline)
    answer = _ask(user, "mouth_curve", (row.sound_path or speech.path, form, start, end), PATIENCE_S)
    curve: bytes = answer["opening"]
    return curve


def _save(user: User, speech_id: UUID, version: int, change: Callable[[Timeline], Timeline]) -> SpeechTimeline:
    speech = speech_for_user(user, speech_id)
    base = speech.timelines.filter(state=TimelineState.READY).order_by("-version").first()
    if base is None:
        raise conflict("timeline_not_ready", "The words are still being measured.", "Try again in a moment.")
    if base.version != version:
        raise _changed()
    before = timeline_of(base)
    timeline = marked_by_hand(change(before))
    row = SpeechTimeline(
        speech=speech, version=version + 1, state=TimelineState.READY, sound_path=base.sound_path,
        sound_bytes=base.sound_bytes, peaks=base.peaks,
    )  # fmt: skip
    if speech.kind == SpeechKind.TYPED and _spoken(timeline.words) != _spoken(before.words):
        answer = _ask(user, "respeak", _speaking(speech, timeline, before), SPEAKING_PATIENCE_S)
        timeline = timeline_json.from_dict(answer["document"])
        row.sound_path, row.sound_bytes = answer["path"], answer["bytes"]
        row.peaks = base64.b64encode(answer["peaks"]).decode()
    else:
        _check_same_sound(timeline, before)
    row.document = timeline_json.compact(replace(timeline, language=before.language, source=before.source))
    try:
        with transaction.atomic():
            Speech.objects.select_for_update().get(id=speech_for_user(user, speech_id).id)
            row.save(force_insert=True)
            _forget_old(speech)
            _count_bytes(speech)
    except IntegrityError:
        raise _changed() from None
    return row


def _speaking(speech: Speech, timeline: Timeline, before: Timeline) -> tuple[Any, ...]:
    path = storage.spoken_path(speech.id, new_token())
    typed = (speech.text, speech.language, speech.voice or None, speech.speed, speech.pitch)
    words = [(word.word, word.said) for word in before.words]
    dictionary = dictionary_for(speech.owner_id, speech.language)
    return (path, typed, dictionary, timeline_json.compact(timeline), words)


def _spoken(words: Sequence[Word]) -> list[tuple[str, str]]:
    return [(word.word, word.said) for word in words]


def _check_same_sound(timeline: Timeline, before: Timeline) -> None:
    if abs(timeline.duration - before.duration) > 2e-4:
        raise InputError("bad_timeline", "The timeline is that of another sound.", "Load it again in the editor.")


def _ask(user: User, task: str, arguments: tuple[Any, ...], patience_s: float) -> dict[str, Any]:
    rate.count("timeline", str(user.pk), QUESTIONS, WINDOW_S)
    answer = queue.ask(f"gpu_worker.timeline_tasks.{task}", arguments, patience_s)
    if answer is None:
        raise SiteError("try_later", "No worker is free at the moment.", "Please try again in a moment.", status=503)
    if "error" in answer:
        raise InputError(answer["error"], answer["message"], answer["hint"])
    found: dict[str, Any] = answer
    return found


def _forget_old(speech: Speech) -> None:
    """Drop versions beyond those that are kept, and the sounds that none of the rest needs."""
    newest = speech.timelines.order_by("-version").values_list("version", flat=True).first() or 0
    old = speech.timelines.filter(jobs__isnull=True, version__gt=1, version__lte=newest - KEPT_VERSIONS)
    paths = set(old.exclude(sound_path="").values_list("sound_path", flat=True))
    old.delete()
    paths -= set(speech.timelines.values_list("sound_path", flat=True))
    transaction.on_commit(lambda: storage.erase(paths))


def _count_bytes(speech: Speech) -> None:
    """What a typed speech takes up in storage is what was spoken for it."""
    if speech.kind == SpeechKind.TYPED:
        sounds = speech.timelines.exclude(sound_path="").order_by().values("sound_path", "sound_bytes").distinct()
        total = sum(row["sound_bytes"] for row in sounds)
        Speech.objects.filter(id=speech.id).exclude(state=UploadState.ERASED).update(bytes=total)


def _check_usable(speech: Speech) -> None:
    if speech.state == UploadState.REJECTED and speech.error:
        raise InputError(speech.error["error"], speech.error["message"], speech.error["hint"])
    if speech.state != UploadState.READY:
        raise conflict("speech_not_ready", "The recording is still being listened to.", "Try again in a moment.")


def _lost(row: SpeechTimeline) -> bool:
    """Whether a measurement is neither waiting in the queue nor giving signs of life."""
    if row.state != TimelineState.MEASURING:
        return False
    silent = row.seen_at is None or row.seen_at < timezone.now() - timedelta(seconds=site_config().stale_after_s)
    return silent and row.token not in queue.waiting(queue.INSPECT)


def _mine(timeline_id: UUID, token: str) -> QuerySet[SpeechTimeline]:
    return SpeechTimeline.objects.filter(id=timeline_id, state=TimelineState.MEASURING, token=token)


def _changed() -> SiteError:
    return conflict(
        "timeline_changed",
        "These words were changed in another window since you opened them.",
        "Reload to see what was saved there; your changes here can be kept beside it.",
    )
