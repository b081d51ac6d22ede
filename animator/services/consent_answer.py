"""The person's half of a question for their consent: the phrase, agreeing by typing or speaking it, declining, and
taking the consent back later with the same link. The worker's half works by token, as with uploads."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from animator import phrases, queue, storage
from animator.conf import site_config
from animator.consent_statements import PERSON_VERSION
from animator.errors import SiteError, conflict, too_many
from animator.magic import HEAD_BYTES, looks_like_sound, not_a_sound
from animator.models import Consent, ConsentRequest, Photo
from animator.models.consent import Agreement, Basis, GivenBy, RevokedBy
from animator.models.consent_request import RequestState
from animator.models.upload import UploadState
from animator.selectors.consent_request import asked_scope, text_for
from animator.services import audit
from animator.services.consent import DURATIONS
from animator.services.consent_end import withdraw
from animator.services.consent_request import announce_request, close, send_quietly
from animator.services.lost_runs import release_lost
from animator.services.upload import check_failed, new_token
from gpu_worker.errors import InputError

#: Largest recording of a phrase, bytes.
MAX_VOICE_BYTES = 5 * 1024 * 1024


@dataclass(frozen=True)
class Answer:
    """What the person ticked: of what was asked for, how long, and the version of the words they read."""

    version: str
    confirmed: bool
    gestures: bool = False
    sharing: bool = False
    days: int | None = None


def fresh_phrase(request: ConsentRequest, language: str) -> ConsentRequest:
    """Another phrase. Raises ``request_is_answered`` or ``too_many_phrases``."""
    code = language if language in phrases.languages() else request.language
    drawn = _open(request).filter(phrases__lt=site_config().phrases_per_link).update(
        phrase=phrases.draw_phrase(code), language=code, phrases=F("phrases") + 1, error=None
    )  # fmt: skip
    if drawn != 1:
        _must_be_open(request)
        raise too_many("too_many_phrases", "No more phrases are drawn for this link.", "Use the one that is shown.")
    return ConsentRequest.objects.get(id=request.id)


def agree_by_typing(request: ConsentRequest, typed: str, answer: Answer) -> Consent:
    """Agree with the phrase typed.

    Raises ``consent_missing``, ``consent_text_changed``, ``consent_duration_unknown``, ``request_is_answered``,
    ``phrase_is_different`` or ``too_many_tries``.
    """
    _check(answer)
    _count_try(request)
    if not phrases.same_words(request.phrase, typed):
        raise SiteError(
            "phrase_is_different", "This is not the phrase.", "Type the words that are shown, in their order."
        )
    with transaction.atomic():
        if _open(request).update(state=RequestState.AGREED, answered_at=timezone.now(), error=None) != 1:
            raise _answered()
        return _keep(request, answer, Agreement.TYPED, typed.strip()[:500], 1.0, "")


def agree_by_speaking(request: ConsentRequest, file: storage.Upload, answer: Answer) -> ConsentRequest:
    """Take in the spoken phrase and send it to be listened to.

    Raises as :func:`agree_by_typing` and ``empty_sound``, ``sound_file_too_large`` or ``unreadable_sound``.
    """
    _check(answer)
    if not file.size:
        raise InputError("empty_sound", "The sound file is empty.", "Record or choose the sound again.")
    too_large = SiteError(
        "sound_file_too_large", "The recording is too long.", "Say the words of the phrase only.", status=413
    )
    if file.size > MAX_VOICE_BYTES:
        raise too_large
    head = file.read(HEAD_BYTES)
    file.seek(0)
    if not looks_like_sound(head):
        raise not_a_sound()
    _count_try(request)
    token = new_token()
    path = storage.beside_photo(request.photo_id, "voice", UUID(token), ".bin")
    stored = storage.store_upload(path, file, MAX_VOICE_BYTES, too_large)
    with transaction.atomic():
        taken = _open(request).update(
            state=RequestState.CHECKING, source_path=stored.path, token=token, attempts=0, seen_at=timezone.now(),
            answer=asdict(answer), error=None,
        )  # fmt: skip
        if taken == 1:
            queue.enqueue_voice_check(request.id, token)
    if taken != 1:
        storage.erase([stored.path])
        raise _answered()
    announce_request(request.id)
    return ConsentRequest.objects.get(id=request.id)


def decline(request: ConsentRequest) -> ConsentRequest:
    """Say no; the owner learns it, and nothing else. Raises ``request_is_answered``."""
    with transaction.atomic():
        if not close(request, RequestState.DECLINED):
            raise _answered()
        audit.record(None, "consent_declined", "photo", request.photo_id, request=str(request.id))
        _tell_owner(request, f"{request.person} does not agree that their face is animated.")
    return ConsentRequest.objects.get(id=request.id)


def revoke(request: ConsentRequest) -> Consent:
    """Take the consent back with its link. Raises ``Consent.DoesNotExist`` or ``consent_is_revoked``."""
    consent = Consent.objects.get(request=request)
    with transaction.atomic():
        withdrawn = withdraw(consent, RevokedBy.PERSON, None)
        _tell_owner(request, f"{request.person} took their consent back. What was made with it is erased.")
    return withdrawn


def claim(request_id: UUID, token: str) -> ConsentRequest | None:
    """Begin to listen; None when it is no longer wanted."""
    if _mine(request_id, token).update(attempts=F("attempts") + 1, seen_at=timezone.now()) != 1:
        return None
    return ConsentRequest.objects.get(id=request_id)


def keep_alive(request_id: UUID, token: str) -> bool:
    """The worker gives a sign of life; False when the recording is no longer its."""
    return _mine(request_id, token).update(seen_at=timezone.now()) == 1


def finish(request_id: UUID, token: str, transcript: str, score: float, voice_path: str = "") -> bool:
    """What was heard: an agreement, or another try. The recording goes; False when nobody waits for it any more.

    ``voice_path`` is a copy that the operator keeps; it goes unless the person agreed.
    """
    request = _mine(request_id, token).first()
    if request is None:
        return False
    if score < site_config().phrase_score:
        error = SiteError(
            "phrase_not_heard",
            "We did not hear the phrase.",
            "Say the words slowly, one after another, close to the microphone; or type them.",
        )
        storage.erase([voice_path])
        return reject(request_id, token, error)
    with transaction.atomic():
        done = _mine(request_id, token).update(
            state=RequestState.AGREED, source_path="", token="", answer=None, error=None, answered_at=timezone.now()
        )
        if done == 1:
            answer = Answer(**(request.answer or {}))
            _keep(request, answer, Agreement.SPOKEN, transcript[:500], score, voice_path)
            transaction.on_commit(lambda: storage.erase([request.source_path]))
    return done == 1


def reject(request_id: UUID, token: str, error: InputError) -> bool:
    """The recording did not serve: say why, and let the person try again."""
    path = _mine(request_id, token).values_list("source_path", flat=True).first()
    back = _mine(request_id, token).update(
        state=RequestState.OPEN, source_path="", token="", answer=None, error=error.as_dict()
    )
    if back == 1:
        storage.erase([path or ""])
        announce_request(request_id)
    return back == 1


def release(request_id: UUID, token: str, *, counts: bool = True) -> bool:
    """The listening broke off: another run, or, after the last, a refusal that says whose fault it is."""
    request = _mine(request_id, token).first()
    if request is None:
        return False
    if counts and request.attempts >= site_config().max_attempts:
        return reject(request_id, token, check_failed())
    fresh = new_token()
    with transaction.atomic():
        attempts = F("attempts") if counts or request.attempts == 0 else F("attempts") - 1
        done = _mine(request_id, token).update(token=fresh, attempts=attempts, seen_at=timezone.now()) == 1
        if done:
            queue.enqueue_voice_check(request_id, fresh)
    return done


def recover(now: datetime) -> int:
    """Enqueue again the recordings that were lost; returns how many. Raises ``RedisError``."""
    return release_lost(ConsentRequest.objects.filter(state=RequestState.CHECKING), queue.INSPECT, now, release)


def _keep(
    request: ConsentRequest, answer: Answer, how: Agreement, transcript: str, score: float, voice_path: str
) -> Consent:
    """The consent's row. Call it in the transaction that closes the question."""
    photo = Photo.objects.select_for_update().get(id=request.photo_id)
    if photo.state != UploadState.READY:
        raise conflict("request_is_answered", "The photo is no longer there.", "You need not do anything.")
    scope = [name for name in asked_scope(request) if name == "speech" or getattr(answer, name)]
    consent = Consent.objects.create(
        owner=request.owner,
        photo=photo,
        photo_sha256=photo.sha256,
        face_index=request.face_index,
        basis=Basis.LIVING_AGREED,
        given_by=GivenBy.PERSON,
        statement_version=f"person-{PERSON_VERSION}",
        statement_text=text_for(request, scope),
        confirmed=True,
        allow_gestures="gestures" in scope,
        allow_sharing="sharing" in scope,
        expires_at=None if answer.days is None else timezone.now() + timedelta(days=answer.days),
        minor=request.minor,
        request=request,
        agreement=how,
        phrase=request.phrase,
        transcript=transcript,
        score=score,
        voice_path=voice_path,
    )
    audit.record(None, "consent_given", "consent", consent.id, request=str(request.id), how=str(how))
    _tell_owner(request, f"{request.person} agreed. You can make the video now; you find it under “My consents”.")
    return consent


def _tell_owner(request: ConsentRequest, sentence: str) -> None:
    address = request.owner.email

    def tell() -> None:
        announce_request(request.id)
        send_quietly("An answer to your question", [sentence], address)

    transaction.on_commit(tell)


def _check(answer: Answer) -> None:
    if not answer.confirmed:
        raise SiteError("consent_missing", "Please confirm what you agree to.", "Tick the box, or decline.")
    if answer.days not in DURATIONS:
        raise SiteError(
            "consent_duration_unknown", "A consent is not given for this long.", "Choose one of those offered."
        )
    if answer.version != PERSON_VERSION:
        raise conflict(
            "consent_text_changed", "The text has changed since the page was opened.", "Reload it and read it again."
        )


def _count_try(request: ConsentRequest) -> None:
    """One more try; after the last the link ends."""
    if _open(request).filter(tries__lt=site_config().tries_per_link).update(tries=F("tries") + 1) == 1:
        return
    _must_be_open(request)
    close(request, RequestState.EXPIRED)
    raise too_many("too_many_tries", "The phrase was tried too often; this link has ended.", "Ask for a new link.")


def _must_be_open(request: ConsentRequest) -> None:
    if not _open(request).exists():
        raise _answered()


def _open(request: ConsentRequest) -> QuerySet[ConsentRequest]:
    return ConsentRequest.objects.filter(id=request.id, state=RequestState.OPEN, expires_at__gt=timezone.now())


def _mine(request_id: UUID, token: str) -> QuerySet[ConsentRequest]:
    return ConsentRequest.objects.select_related("owner").filter(
        id=request_id, state=RequestState.CHECKING, token=token
    )


def _answered() -> SiteError:
    return conflict("request_is_answered", "This question has been answered or has ended.", "Reload the page.")
