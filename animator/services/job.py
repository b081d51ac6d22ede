"""What a user does with jobs: make, cancel, retry, delete. The worker's half is in ``animator.services.job_run``.

States change by filtered update and a count, so that two who act at the same time cannot both succeed.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from animator import queue, realtime
from animator.errors import conflict
from animator.models import Job, JobLine, Photo, Result, Speech
from animator.models.erasure import Why
from animator.models.job import TERMINAL_STATES, JobState
from animator.models.upload import Upload, UploadState
from animator.selectors import job as selectors
from animator.selectors.consent import job_is_covered
from animator.selectors.eta import speech_length
from animator.selectors.motion import JobMotion, motion_of
from animator.selectors.photo import photo_for_user
from animator.selectors.photo_matching import names_given
from animator.selectors.quota import limits_for
from animator.selectors.screening import FigureVerdict, Verdict
from animator.selectors.script import speeches_of
from animator.selectors.speech import speech_for_user
from animator.selectors.timeline import corrected_timelines
from animator.services import audit, hold, job_stage, lanes, quota, screening, turns
from animator.services.announcing import announce, announce_places
from animator.services.consent import Confirmation, Movement, attach_faces, consent_for_face
from animator.services.evidence import is_evidence
from animator.services.file_erasure import erase_later
from animator.services.minors import check_minors, hold_minors
from animator.services.motion import (
    check_framing,
    check_framing_fits,
    check_motion,
    check_something_happens,
    silent_title,
)
from animator.services.photo import erase_photo
from animator.services.speech import erase_speech
from animator.services.standing import check_may_begin
from animator.services.upload import new_token
from gpu_worker.errors import InputError

#: Most lines of one conversation, longest pause before a line and latest moment at which one may begin, seconds.
MOST_LINES, MOST_PAUSE_S, LATEST_START_S = 100, 60.0, 3600.0


@dataclass(frozen=True)
class LineRequest:
    """One line of a conversation; ``start_s`` in place of ``pause_s`` gives the second at which it begins."""

    face: int
    speech: UUID
    pause_s: float = 0.45
    start_s: float | None = None


@dataclass(frozen=True)
class JobRequest:
    """What the studio sends. ``face`` is None where none was chosen, ``speech`` where nobody speaks."""

    photo: UUID
    speech: UUID | None
    face: int | None
    consent: Confirmation
    #: What allows the other faces to move, by their index.
    others: Mapping[int, Confirmation] = field(default_factory=dict)
    #: A conversation: everything that is said in order, the first line's speech being ``speech``; who only listens.
    lines: tuple[LineRequest, ...] = ()
    listeners: frozenset[int] = frozenset()
    #: What the faces do besides speaking; without any speech those it names are the faces that move.
    motion: JobMotion = field(default_factory=JobMotion)
    framing: str = "whole"
    #: Nobody waits for it.
    bulk: bool = False

    @property
    def said(self) -> tuple[UUID, ...]:
        """The speeches, each once, the first line's first."""
        one = () if self.speech is None else (self.speech,)
        return tuple(dict.fromkeys(line.speech for line in self.lines)) or one


def create_job(user: User, request: JobRequest) -> Job:
    """Keep the consent, charge the allowance and queue the video, all or nothing.

    Raises ``Photo.DoesNotExist`` or ``Speech.DoesNotExist`` for what is not the user's, and InputError: what made the
    photo or speech unusable, ``photo_not_ready``, ``speech_not_ready``, ``several_faces``, ``unknown_face``, the codes
    of :func:`consent_for_face`, of :func:`check_motion`, of :func:`check_may_begin` and of ``quota.reserve``,
    ``nothing_to_do``, ``unknown_framing``, ``framing_does_not_fit``, ``text_refused``, ``public_figure_refused``. What
    a rule holds waits for a moderator.
    """
    check_may_begin(user)
    check_script(request)
    request = replace(request, motion=check_motion(request.motion), framing=check_framing(request.framing))
    said = request.said
    spoken, picture = [speech_for_user(user, one) for one in said], photo_for_user(user, request.photo)
    edited = corrected_timelines(spoken)
    verdict = screening.screen_speeches(user, spoken, edited)
    words = [screening.words_said(one, edited.get(one.id)) for one in spoken]
    named = screening.screen_names(user, [*words, *names_given(picture)], "photo", picture.id)
    with transaction.atomic():
        # Locked against being erased meanwhile (SQLite locks the whole database by itself).
        photo = Photo.objects.select_for_update().get(id=photo_for_user(user, request.photo).id)
        speeches = {
            one: Speech.objects.select_for_update().get(id=speech_for_user(user, one).id) for one in sorted(said)
        }
        speech = speeches[said[0]] if said else None
        _check_ready(photo, "photo_not_ready", "The photo is still being looked at.")
        for one in speeches.values():
            _check_ready(one, "speech_not_ready", "The recording is still being listened to.")
        face, movements = _cast(photo, request)
        faces = {}
        for index, movement in movements.items():
            # A face without a confirmation has none, and is refused like one whose box was not ticked.
            own = request.consent if index == face else Confirmation()
            given = request.others.get(index, own)
            faces[index] = (consent_for_face(user, photo, index, given, movement), movement)
        check_framing_fits(request.framing, photo, list(faces))
        now, job_id, seconds = timezone.now(), uuid.uuid4(), sum(map(speech_length, speeches.values()))
        if speech is None:
            check_something_happens(request.motion, list(faces))
            seconds = request.motion.silent_seconds(list(faces))
        job = Job(
            id=job_id,
            owner=user,
            photo=photo,
            face_index=face,
            speech=speech,
            consent=faces[face][0],
            title=_title(speech, photo) if speech is not None else silent_title(request.motion, list(faces)),
            motion=request.motion.as_dict(list(faces)),
            framing=request.framing,
            seed=secrets.randbelow(2**31),
            token=new_token(),
            charge=quota.reserve(user, job_id, seconds),
            turn=turns.next_turn(user),
            speech_s=seconds,
            max_side=limits_for(user).max_side,
            bulk=request.bulk,
            queued_at=now,
            updated_at=now,
        )
        consents = [consent for consent, _ in faces.values()]
        check_minors(consents)
        job.save(force_insert=True)
        attach_faces(job, faces)
        job.timelines.set(edited.values())
        JobLine.objects.bulk_create(
            JobLine(
                job=job, position=place, face_index=line.face, speech=speeches[line.speech], pause_s=line.pause_s,
                start_s=line.start_s,
            )
            for place, line in enumerate(request.lines)
        )  # fmt: skip
        held = hold_minors(job, photo, consents)
        if not _wait_for_a_person(job, verdict, named) and not held:
            lanes.send(job.id, job.token)
    announce(job.id)
    return selectors.job_for_user(user, job.id)


def check_script(request: JobRequest) -> None:
    """Raises ``too_many_lines`` or ``bad_pause``."""
    if len(request.lines) > MOST_LINES:
        raise InputError("too_many_lines", f"A conversation has {MOST_LINES} lines at most.", "Make several videos.")
    for line in request.lines:
        if not -MOST_PAUSE_S <= line.pause_s <= MOST_PAUSE_S or not 0.0 <= (line.start_s or 0.0) <= LATEST_START_S:
            raise InputError(
                "bad_pause",
                f"A pause lies between -{MOST_PAUSE_S:.0f} and {MOST_PAUSE_S:.0f} seconds.",
                "A negative one interrupts whoever speaks before.",
            )


def _cast(photo: Photo, request: JobRequest) -> tuple[int, dict[int, Movement]]:
    """The first face, and what every face that moves does, the first one before the others.

    Raises ``several_faces`` or ``unknown_face``.
    """
    if request.lines:
        first = choose_face(photo, request.lines[0].face)
        speaking = {choose_face(photo, line.face) for line in request.lines}
        moving = speaking | {choose_face(photo, one) for one in request.listeners}
    elif request.speech is None and request.motion.faces:
        moving = {choose_face(photo, one) for one in request.motion.faces}
        first, speaking = request.face if request.face in moving else min(moving), set()
    else:
        first = choose_face(photo, request.face)
        moving = {first} | {choose_face(photo, one) for one in request.others}
        speaking = set() if request.speech is None else moving
    order = [first, *sorted(moving - {first})]
    # Who listens moves without words, and so does who makes a gesture; a talking head's own play is part of talking.
    return first, {
        one: Movement(one in speaking, one not in speaking or bool(request.motion.of(one).gestures)) for one in order
    }


def make_again(
    user: User, job_id: UUID, motion: JobMotion | None = None, framing: str = "", *, bulk: bool = False
) -> Job:
    """A new video from a job's photo, faces and speech as it is now, resting on the same consents.

    ``motion`` and ``framing`` take the place of the job's own where they are given.

    Raises what :func:`create_job` raises; ``consent_not_valid`` where a consent has ended meanwhile.
    """
    job = selectors.job_for_user(user, job_id)
    faces = {face.face_index: Confirmation(consent=face.consent_id) for face in job.faces.all()}
    own = faces.pop(job.face_index, Confirmation(consent=job.consent_id))
    lines = tuple(LineRequest(line.face_index, line.speech_id, line.pause_s, line.start_s) for line in job.lines.all())
    silent = job.faces.filter(speaks=False).values_list("face_index", flat=True)
    listeners = frozenset(silent) if lines else frozenset()
    return create_job(
        user,
        JobRequest(
            job.photo_id, job.speech_id, job.face_index, own, faces, lines, listeners,
            motion=motion or motion_of(job), framing=framing or job.framing, bulk=bulk,
        ),
    )  # fmt: skip


def choose_face(photo: Photo, face: int | None) -> int:
    """The index of the face that shall speak. Raises ``several_faces`` or ``unknown_face``."""
    if face is None:
        if len(photo.faces) > 1:
            raise InputError(
                "several_faces",
                f"There are {len(photo.faces)} faces in this photo.",
                "Choose the one that shall speak.",
            )
        face = 0
    chosen = next((entry for entry in photo.faces if entry["index"] == face), None)
    if chosen is None:
        raise InputError("unknown_face", "There is no such face in this photo.", "Choose one of those that are marked.")
    return int(face)


def cancel_job(user: User, job_id: UUID) -> Job:
    """Stop a job, waiting or running; a running one ends within a second or so, and nothing of it is kept.

    Raises ``job_is_over`` when it has ended already.
    """
    job = selectors.job_for_user(user, job_id)
    with transaction.atomic():
        if stop_job(job) is None:
            raise conflict("job_is_over", "This video is no longer in the making.")
    return selectors.job_for_user(user, job_id)


def stop_job(job: Job, **changes: Any) -> JobState | None:
    """End a job that waits or runs, whoever wants it so; the state it was in, or None when it had ended already.

    Call it in a transaction; everybody is told once that is through.
    """
    now = timezone.now()
    over: dict[str, Any] = {
        "state": JobState.CANCELLED,
        "stage": "",
        "held_at": None,
        "finished_at": now,
        "updated_at": now,
    }
    over.update(changes)
    for state in (JobState.QUEUED, JobState.PROCESSING):
        if Job.objects.filter(id=job.id, state=state).update(**over) == 1:
            break
    else:
        return None
    waited = state == JobState.QUEUED
    if waited and job.started_at is None:
        quota.refund(job.id)
    else:
        # A video that was begun counts; of its length only what was made until now.
        quota.settle(job.id, job.speech_s * job.percent / 100)
    job_stage.drop(job.id)

    # As it is now: waiting jobs exchange their tickets.
    ticket = Job.objects.values_list("token", flat=True).get(id=job.id)

    def tell() -> None:
        if waited:
            queue.withdraw(queue.SPEECH, ticket)
        announce(job.id)
        announce_places()
        if not waited:
            turns.wake(job.owner_id)

    transaction.on_commit(tell)
    return state


def retry_job(user: User, job_id: UUID) -> Job:
    """Make a failed job anew.

    Raises ``job_did_not_fail``, ``job_was_refused``, ``text_refused`` or what ``quota.reserve`` raises.
    """
    job = selectors.job_for_user(user, job_id)
    if job.error_code == "refused_by_moderator":
        raise conflict("job_was_refused", "A moderator refused this video.", "Its page says how to object.")
    check_may_begin(user)
    spoken, edited = speeches_of(job), {row.speech_id: row for row in job.timelines.all()}
    # What was refused and cleared on appeal is not stopped again for the same words.
    cleared = job.error_code == "refusal_reversed"
    verdict = Verdict("allow") if cleared else screening.screen_speeches(user, spoken, edited)
    words = [screening.words_said(one, edited.get(one.id)) for one in spoken]
    names = [] if cleared else [*words, *names_given(job.photo)]
    named = screening.screen_names(user, names, "job", job.id)
    token, now = new_token(), timezone.now()
    with transaction.atomic():
        if not job_is_covered(job, now):
            raise conflict(
                "consent_not_valid", "The consent for this video has ended.", "Give a new one in a new video."
            )
        charge = job.charge or quota.reserve(user, job.id, job.speech_s)
        again = Job.objects.filter(id=job.id, state=JobState.FAILED, erased_at__isnull=True).update(
            state=JobState.QUEUED, stage="", percent=0, attempts=0, token=token, worker="", error_code="",
            error_message="", error_hint="", reference="", awaits_engine="", fallbacks=[],
            queued_at=now, not_before=None, started_at=None,
            heartbeat_at=None, finished_at=None, updated_at=now, charge=charge,
            turn=turns.next_turn(user),
        )  # fmt: skip
        if again != 1:
            raise conflict("job_did_not_fail", "Only a video that failed can be tried again.")
        if not _wait_for_a_person(job, verdict, named):
            lanes.send(job.id, token)
    announce(job.id)
    return selectors.job_for_user(user, job_id)


def delete_job(user: User, job_id: UUID) -> None:
    """Erase a job's video, and its photo and speech unless another job uses them. The consent stays.

    Where an urgent report waits, the video is gone for its owner, but its files stay, hidden, until the decision.
    Raises ``job_is_active`` while it waits or runs.
    """
    job = selectors.job_for_user(user, job_id)
    now = timezone.now()
    with transaction.atomic():
        if is_evidence(job.id):
            Job.objects.filter(id=job.id).update(owner_deleted_at=now, updated_at=now)
            Result.objects.filter(job_id=job.id, hidden_at__isnull=True, removed_at__isnull=True).update(hidden_at=now)
            audit.record(user, "job_deleted", "job", job.id, kept="until the decision")
        elif finish_deletion(job):
            audit.record(user, "job_deleted", "job", job.id)
        else:
            raise conflict("job_is_active", "This video is still in the making.", "Cancel it first.")
    realtime.send_job_deleted(job.id, user.id)


def _wait_for_a_person(job: Job, verdict: Verdict, named: FigureVerdict) -> bool:
    """Whether the job is held, for its words, the people it names, or its photo."""
    held = screening.apply_verdict(job, verdict)
    held = screening.apply_figures(job, named) or held
    return hold.inherit_photo_holds(job) or held


def finish_deletion(job: Job) -> bool:
    """Erase everything of a job that has ended, row and all; False while it waits or runs. In a transaction."""
    speeches = speeches_of(job)
    deleted, _ = Job.objects.filter(id=job.id, state__in=TERMINAL_STATES).delete()
    if deleted == 0:
        return False
    erase_later("job", job.id, Why.OWNER)
    erase_photo(job.photo)
    for speech in speeches:
        erase_speech(speech)
    return True


def _check_ready(upload: Upload, code: str, message: str) -> None:
    if upload.state == UploadState.REJECTED and upload.error:
        raise InputError(upload.error["error"], upload.error["message"], upload.error["hint"])
    if upload.state != UploadState.READY:
        raise conflict(code, message, "Try again in a moment.")


def _title(speech: Speech, photo: Photo) -> str:
    words = " ".join(speech.words.split())
    if not words:
        return photo.name or "Recording"
    return words if len(words) <= 80 else f"{words[:79].rstrip()}…"
