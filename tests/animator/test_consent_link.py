"""A living person agrees by themselves: the link, the phrase, typed and spoken, declining, and taking it back."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from accounts.models import User
from animator import phrases, queue
from animator.consent_statements import PERSON_VERSION
from animator.models import Consent, ConsentRequest, Job, Photo
from animator.models.consent_request import RequestState
from animator.models.upload import UploadState
from animator.services import consent_answer
from animator.services.cleanup import erase_unused_uploads
from animator.services.consent_request import expire_requests
from animator.services.recovery import recover
from gpu_worker import tasks
from gpu_worker.media.sound import wav_bytes
from gpu_worker.speech.phrase_check import agreement
from gpu_worker.speech.synthesis import synthesise
from tests.animator.conftest import finish_job, make_ready_photo, make_ready_speech, stored_files

TICKED = {"version": PERSON_VERSION, "confirmed": "yes", "gestures": "yes"}


@pytest.fixture
def committed(django_capture_on_commit_callbacks: Any) -> Callable[..., Any]:
    def call(what: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            return what(*arguments, **named)

    return call


def ask_for(client: Client, photo: Photo, **changes: Any) -> Any:
    body = {"photo": str(photo.id), "face": 0, "person": "Mary", "asker": "Tom", "note": "For the party.", **changes}
    return client.post("/api/consent-requests/", body, content_type="application/json")


@pytest.fixture
def link(signed_in: Client, ready_photo: Photo) -> str:
    """The path of a fresh link, asked for with sharing."""
    response = ask_for(signed_in, ready_photo, sharing=True)
    assert response.status_code == 201
    return str(response.json()["link"]).removeprefix("http://testserver")


@pytest.fixture
def person() -> Client:
    """Somebody without an account, whose forms need their tokens."""
    return Client()


def the_request() -> ConsentRequest:
    return ConsentRequest.objects.get()


def voice(text: str, language: str = "en") -> bytes:
    return wav_bytes(synthesise(text, language, "woman", 0.9, 1.0)[0])


def speak(client: Client, link: str, sound: bytes, **changes: str) -> Any:
    file = SimpleUploadedFile("phrase.wav", sound, "audio/wav")
    return client.post(link.replace("/agree/", "/api/agree/"), {**TICKED, **changes, "file": file})


def listen(committed: Callable[..., Any]) -> None:
    request = the_request()
    committed(tasks.check_voice, str(request.id), request.token)


def test_the_person_sees_the_face_alone_and_who_asks_for_what(
    link: str, person: Client, ready_photo: Photo, signed_in: Client
) -> None:
    response = person.get(link)
    page = response.content.decode()
    assert response.status_code == 200
    assert response["X-Robots-Tag"].startswith("noindex")
    assert response["Referrer-Policy"] == "no-referrer"
    for text in ("Mary", "Tom", "For the party.", the_request().phrase, "be shown to others by a private link"):
        assert text in page
    face = person.get(f"{link}face.jpg")
    picture = Image.open(io.BytesIO(b"".join(face)))
    assert picture.format == "JPEG"
    assert picture.width < ready_photo.width
    assert person.get(link.replace("/agree/", "/agree/x")).status_code == 404
    told = signed_in.get(f"/api/consent-requests/?photo={ready_photo.id}").json()["requests"]
    assert [(one["person"], one["state"]) for one in told] == [("Mary", "open")]
    assert "link" not in told[0]


def test_agreeing_in_writing_makes_a_consent_and_then_a_video(
    link: str, person: Client, ready_photo: Photo, signed_in: Client, owner: User, committed: Callable[..., Any]
) -> None:
    phrase = the_request().phrase
    typed = f"  {phrase.upper().replace(' ', ',  ')}. "
    response = committed(person.post, link, {**TICKED, "action": "typed", "typed": typed, "days": "30"})
    assert response.status_code == 302
    consent = Consent.objects.get()
    assert (consent.basis, consent.given_by, consent.agreement) == ("living_agreed", "person", "typed")
    assert (consent.owner, consent.photo, consent.phrase) == (owner, ready_photo, phrase)
    assert consent.scope == ["speech", "gestures"]  # sharing was asked for and left out
    assert "Tom" in consent.statement_text
    assert "private link" not in consent.statement_text
    assert consent.expires_at is not None
    assert "You agreed" in person.get(link).content.decode()
    assert mail.outbox[-1].to == [owner.email]
    assert "Mary agreed" in mail.outbox[-1].body
    body = {"photo": str(ready_photo.id), "face": 0, "speech": str(make_ready_speech(owner).id)}
    made = signed_in.post("/api/jobs/", {**body, "consent": {"id": str(consent.id)}}, content_type="application/json")
    assert made.status_code == 201
    assert Job.objects.get().consent == consent


def test_a_spoken_phrase_is_heard_and_the_voice_is_gone(
    link: str, person: Client, media_folder: Path, committed: Callable[..., Any]
) -> None:
    phrase = the_request().phrase
    response = committed(speak, person, link, voice(phrase.replace(" ", ", ")), sharing="yes")
    assert (response.status_code, response.json()["state"]) == (202, "checking")
    assert queue.waiting(queue.INSPECT) == {the_request().token}
    assert any("/voice-" in name for name in stored_files(media_folder))
    listen(committed)
    consent = Consent.objects.get()
    assert (consent.agreement, consent.voice_path) == ("spoken", "")
    assert consent.score is not None
    assert consent.score >= 0.6
    assert consent.transcript
    assert "sharing" in consent.scope
    assert not any("voice" in name for name in stored_files(media_folder))
    assert the_request().answer is None


def test_other_words_are_not_the_phrase(
    link: str, person: Client, media_folder: Path, committed: Callable[..., Any]
) -> None:
    committed(speak, person, link, voice("I never said that you may use my picture for anything at all."))
    listen(committed)
    assert the_request().state == RequestState.OPEN
    assert not Consent.objects.exists()
    page = person.get(link).content.decode()
    assert "We did not hear the phrase." in page
    assert not any("voice" in name for name in stored_files(media_folder))


def test_a_recording_that_is_none_is_refused(link: str, person: Client, committed: Callable[..., Any]) -> None:
    assert speak(person, link, b"").json()["error"] == "empty_sound"
    assert speak(person, link, b"hello" * 30).json()["error"] == "unreadable_sound"
    assert speak(person, link, voice("apple"), confirmed="").json()["error"] == "consent_missing"
    assert the_request().tries == 0
    # It looks like a sound and is none: the worker says so, and the link stays open.
    committed(speak, person, link, b"RIFF\x00\x00\x00\x00WAVE" + b"\x00" * 200)
    listen(committed)
    request = the_request()
    assert request.state == RequestState.OPEN
    assert request.error_dict is not None


def test_the_operator_may_keep_recordings_with_the_photo(
    link: str, person: Client, media_folder: Path, committed: Callable[..., Any], settings: Any
) -> None:
    settings.KEEP_CONSENT_RECORDINGS = 1
    assert "The recording is kept" in person.get(link).content.decode()
    committed(speak, person, link, voice(the_request().phrase))
    listen(committed)
    kept = Consent.objects.get().voice_path
    assert kept in stored_files(media_folder)
    committed(person.post, link, {"action": "revoke"})
    assert stored_files(media_folder) == []


@pytest.mark.parametrize(
    ("changes", "status", "text"),
    [
        ({"typed": "nothing of the kind"}, 400, "This is not the phrase."),
        ({"typed": ""}, 400, "This is not the phrase."),
        ({"confirmed": ""}, 400, "Please confirm what you agree to."),
        ({"version": "1999-1"}, 409, "The text has changed"),
        ({"days": "7"}, 400, "not given for this long"),
        ({"days": "x"}, 400, "whole number"),
        ({"action": "dance"}, 400, "no known answer"),
    ],
)
def test_what_is_no_agreement(changes: dict[str, str], status: int, text: str, link: str, person: Client) -> None:
    answer = {**TICKED, "action": "typed", "typed": the_request().phrase, **changes}
    response = person.post(link, answer)
    assert response.status_code == status
    assert text in response.content.decode()
    assert not Consent.objects.exists()


def test_only_so_many_tries_and_phrases(link: str, person: Client, settings: Any) -> None:
    settings.PICTURETALK_TRIES_PER_LINK = 2
    settings.PICTURETALK_PHRASES_PER_LINK = 2
    first = the_request().phrase
    assert person.post(link, {"action": "phrase", "language": "de"}).status_code == 302
    drawn = the_request()
    assert drawn.phrase != first
    assert set(drawn.phrase.split()) <= set(phrases.WORDS["de"])
    assert person.post(link, {"action": "phrase"}).status_code == 429
    wrong = {**TICKED, "action": "typed", "typed": "no"}
    assert [person.post(link, wrong).status_code for _ in range(3)] == [400, 400, 429]
    assert the_request().state == RequestState.EXPIRED
    assert "This link has ended" in person.get(link).content.decode()
    assert person.post(link, {**wrong, "typed": drawn.phrase}).status_code == 409


def test_a_visitor_answers_only_so_often(link: str, person: Client, settings: Any) -> None:
    settings.PICTURETALK_ANSWERS_PER_HOUR = 2
    answers = [person.post(link, {"action": "phrase"}).status_code for _ in range(3)]
    assert answers == [302, 302, 429]


def test_declining_tells_the_owner_and_ends_the_link(
    link: str, person: Client, owner: User, committed: Callable[..., Any]
) -> None:
    assert committed(person.post, link, {"action": "decline"}).status_code == 302
    assert the_request().state == RequestState.DECLINED
    assert "You declined" in person.get(link).content.decode()
    assert "does not agree" in mail.outbox[-1].body
    assert person.post(link, {**TICKED, "action": "typed", "typed": the_request().phrase}).status_code == 409


def test_the_person_takes_it_back_with_the_same_link(
    link: str, person: Client, ready_photo: Photo, signed_in: Client, owner: User, media_folder: Path,
    committed: Callable[..., Any],
) -> None:  # fmt: skip
    committed(person.post, link, {**TICKED, "action": "typed", "typed": the_request().phrase})
    consent = Consent.objects.get()
    body = {"photo": str(ready_photo.id), "face": 0, "speech": str(make_ready_speech(owner).id)}
    signed_in.post("/api/jobs/", {**body, "consent": {"id": str(consent.id)}}, content_type="application/json")
    finish_job(Job.objects.get())
    assert len(stored_files(media_folder)) == 6  # photo, crop, and the four files of the result
    assert "1 video" in person.get(link).content.decode()
    assert committed(person.post, link, {"action": "revoke"}).status_code == 302
    assert stored_files(media_folder) == []
    assert Consent.objects.get().revocation.by == "person"
    assert "took their consent back" in mail.outbox[-1].body
    assert "You took your consent back" in person.get(link).content.decode()
    assert person.get(f"{link}face.jpg").status_code == 404
    assert person.post(link, {"action": "revoke"}).status_code == 409
    shown = signed_in.get(f"/api/consents/{consent.id}/").json()
    assert (shown["state"], shown["revoked_by"], shown["person"]) == ("revoked", "person", "Mary")


def test_the_owner_takes_the_question_back(link: str, signed_in: Client, other: User, person: Client) -> None:
    request = the_request()
    stranger = Client()
    stranger.force_login(other)
    assert stranger.delete(f"/api/consent-requests/{request.id}/").status_code == 404
    assert signed_in.delete(f"/api/consent-requests/{request.id}/").json()["state"] == "withdrawn"
    assert signed_in.delete(f"/api/consent-requests/{request.id}/").status_code == 409
    assert "This link has ended" in person.get(link).content.decode()


def test_a_link_runs_out(link: str, person: Client, committed: Callable[..., Any]) -> None:
    ConsentRequest.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert person.post(link, {**TICKED, "action": "typed", "typed": the_request().phrase}).status_code == 409
    assert committed(expire_requests, timezone.now()) == 1
    assert the_request().state == RequestState.EXPIRED


def test_the_photo_waits_for_the_answer_and_is_then_forgotten(
    link: str, ready_photo: Photo, media_folder: Path, committed: Callable[..., Any]
) -> None:
    Photo.objects.update(created_at=timezone.now() - timedelta(days=3))
    assert committed(erase_unused_uploads) == 0
    ConsentRequest.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    committed(expire_requests, timezone.now())
    assert committed(erase_unused_uploads) == 1
    assert Photo.objects.get().state == UploadState.ERASED
    assert stored_files(media_folder) == []


def test_the_link_is_mailed_and_the_address_forgotten(signed_in: Client, ready_photo: Photo) -> None:
    response = ask_for(signed_in, ready_photo, email="mary@example.com")
    assert response.json()["mailed"] is True
    assert mail.outbox[0].to == ["mary@example.com"]
    assert response.json()["link"] in mail.outbox[0].body
    assert "mary@" not in str(ConsentRequest.objects.values().get())


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"person": " "}, 400, "name_missing"),
        ({"asker": "x" * 81}, 400, "name_missing"),
        ({"note": "x" * 501}, 400, "note_too_long"),
        ({"email": "no"}, 400, "bad_email"),
        ({"face": 7}, 400, "unknown_face"),
        ({"face": None}, 400, "bad_request"),
    ],
)
def test_a_question_that_cannot_be_put(
    changes: dict[str, Any], status: int, code: str, signed_in: Client, ready_photo: Photo
) -> None:
    response = ask_for(signed_in, ready_photo, **changes)
    assert (response.status_code, response.json()["error"]) == (status, code)
    assert not ConsentRequest.objects.exists()


def test_a_user_asks_only_so_many(signed_in: Client, owner: User, other: User, settings: Any) -> None:
    settings.PICTURETALK_MAX_CONSENT_REQUESTS = 1
    photo = make_ready_photo(owner)
    assert ask_for(signed_in, make_ready_photo(other)).status_code == 404
    assert ask_for(signed_in, photo).status_code == 201
    assert ask_for(signed_in, photo).json()["error"] == "too_many_requests"


def test_a_lost_recording_is_listened_to_again(link: str, person: Client, committed: Callable[..., Any]) -> None:
    committed(speak, person, link, voice(the_request().phrase))
    lost = the_request().token
    queue.withdraw(queue.INSPECT, lost)
    ConsentRequest.objects.update(seen_at=timezone.now() - timedelta(minutes=5))
    assert committed(recover) == 1
    fresh = the_request().token
    assert fresh != lost
    assert queue.waiting(queue.INSPECT) == {fresh}
    assert consent_answer.claim(the_request().id, lost) is None
    assert not consent_answer.finish(the_request().id, lost, "", 1.0)


@pytest.mark.parametrize(
    ("heard", "score"),
    [
        ("apple river tiger window sugar", 1.0),
        ("zebra apple river lemon window sugar zebra", 0.8),
        ("sugar window tiger river apple", 0.2),
        ("apple " + "zebra " * 9 + "river " + "zebra " * 9 + "tiger", 0.2),
        ("", 0.0),
    ],
)
def test_words_count_in_order_and_close_together(heard: str, score: float) -> None:
    assert agreement(["apple", "river", "tiger", "window", "sugar"], heard.split()) == pytest.approx(score)


@pytest.mark.parametrize("language", phrases.languages())
def test_phrases_are_drawn_from_their_language(language: str) -> None:
    words = phrases.WORDS[language]
    assert len(set(words)) == len(words) > 90
    drawn = phrases.draw_phrase(language).split()
    assert len(set(drawn)) == phrases.LENGTH
    assert set(drawn) <= set(words)


def test_typed_words_may_lack_their_accents() -> None:
    assert phrases.same_words("éléphant île Straße", "Elephant ile, STRASSE!")
    assert not phrases.same_words("apple river", "river apple")
