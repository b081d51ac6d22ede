"""A photo that moves in the studio: only with consent, only for its owner, and gone with the photo."""

from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import django_rq
import numpy as np
import pytest
import skimage.data
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image
from rq import SimpleWorker

from accounts.models import User
from animator import queue, storage
from animator.models import Consent, Photo
from animator.services.consent_end import revoke_consent
from animator.services.hold import hold_photo
from animator.services.photo import delete_photo, erase_photo
from animator.services.speech_motion import speech_motion
from gpu_worker.packed import unpack
from gpu_worker.schema import CONTROL
from gpu_worker.speech.synthesis import synthesise
from tests.animator.conftest import confirmation, make_timed_speech, stored_files

pytestmark = pytest.mark.django_db

RIG = b"PTP1 as a worker would make it"


@pytest.fixture
def described(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """What workers are asked to describe; they answer at once."""
    asked: list[tuple[str, int]] = []

    def answer(path: str, face: int, patience_s: float) -> bytes:
        asked.append((path, face))
        return RIG

    monkeypatch.setattr(queue, "ask_for_rig", answer)
    return asked


def given(basis: str = "self", **more: object) -> dict[str, object]:
    one = confirmation(basis)
    return {"basis": basis, "confirmed": True, "statement_version": one.statement_version, **more}


def move(client: Client, photo: Photo, consent: dict[str, object], face: int = 0) -> Any:
    body = {"face": face, "consent": consent}
    return client.post(f"/api/photos/{photo.id}/moving/", body, content_type="application/json")


def by_a_worker(call: Callable[[], bytes]) -> bytes:
    """Ask in a thread, as a request does, while this one works off the queue."""
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(call)
        worker = SimpleWorker([django_rq.get_queue(queue.INSPECT)], connection=django_rq.get_connection(queue.INSPECT))
        worker.work(max_jobs=1, max_idle_time=20, logging_level="WARNING")
        return answer.result(60)


def test_a_confirmed_face_moves_and_goes_with_the_photo(
    signed_in: Client, owner: User, ready_photo: Photo, described: list[tuple[str, int]], media_folder: Path,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    assert signed_in.get(f"/api/photos/{ready_photo.id}/moving/?face=0").json() == {"consent": None}
    answer = move(signed_in, ready_photo, given(sharing=False))
    assert (answer.status_code, answer.content) == (200, RIG)
    consent = Consent.objects.get()
    assert answer["X-Consent"] == str(consent.id)
    assert (consent.basis, consent.allow_sharing, consent.face_index) == ("self", False, 0)
    assert signed_in.get(f"/api/photos/{ready_photo.id}/moving/?face=0").json() == {"consent": str(consent.id)}
    # The second time rests on the same consent, and nobody is asked again.
    assert move(signed_in, ready_photo, {"id": str(consent.id)}).content == RIG
    assert len(described) == 1
    assert Consent.objects.count() == 1
    assert any("moving-" in name for name in stored_files(media_folder))
    with django_capture_on_commit_callbacks(execute=True):
        delete_photo(owner, ready_photo.id)
    assert stored_files(media_folder) == []


def test_without_consent_nothing_moves(signed_in: Client, ready_photo: Photo, described: list[tuple[str, int]]) -> None:
    for body, code in (
        ({}, "consent_missing"),
        (given() | {"confirmed": False}, "consent_missing"),
        (given("living_agreed"), "consent_needs_the_person"),
        (given() | {"statement_version": "1900-01-01"}, "consent_text_changed"),
    ):
        answer = move(signed_in, ready_photo, body)
        assert answer.json()["error"] == code
    assert move(signed_in, ready_photo, given(), face=7).json()["error"] == "unknown_face"
    assert described == []
    assert Consent.objects.count() == 0


def test_a_revoked_consent_moves_nothing(
    signed_in: Client, owner: User, ready_photo: Photo, described: list[tuple[str, int]], media_folder: Path,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    key = move(signed_in, ready_photo, given())["X-Consent"]
    with django_capture_on_commit_callbacks(execute=True):
        revoke_consent(owner, Consent.objects.get(id=key).id)
    assert stored_files(media_folder) == [], "the photo goes, and the description with it"
    assert move(signed_in, ready_photo, {"id": key}).status_code == 404


@pytest.mark.parametrize("why", ["held", "minor", "child"])
def test_what_waits_for_a_person_does_not_move(
    signed_in: Client, ready_photo: Photo, described: list[tuple[str, int]], why: str
) -> None:
    if why == "held":
        hold_photo(ready_photo, "nudity", {"findings": []})
    if why == "child":
        Photo.objects.update(faces=[{**ready_photo.faces[0], "child": 0.95}])
    answer = move(signed_in, ready_photo, given(minor=why == "minor"))
    assert (answer.status_code, answer.json()["error"]) == (409, "moving_waits")
    assert described == []
    assert Consent.objects.count() == 0, "nothing is kept of what led to nothing"


def test_nobody_moves_anybody_elses(
    ready_photo: Photo, ready_speech: Any, other: User, client: Client, described: list[tuple[str, int]]
) -> None:
    assert client.post(f"/api/speech/{ready_speech.id}/motion/").status_code == 401
    assert move(client, ready_photo, given()).status_code == 401
    client.force_login(other)
    assert move(client, ready_photo, given()).status_code == 404
    assert client.get(f"/api/photos/{ready_photo.id}/moving/?face=0").status_code == 404
    assert client.post(f"/api/speech/{ready_speech.id}/motion/").status_code == 404
    assert described == []


def test_a_photo_that_was_erased_meanwhile_leaves_nothing(
    signed_in: Client, ready_photo: Photo, monkeypatch: pytest.MonkeyPatch, media_folder: Path,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    def slow(*_: object) -> bytes:
        with django_capture_on_commit_callbacks(execute=True):
            erase_photo(Photo.objects.get())
        return RIG

    monkeypatch.setattr(queue, "ask_for_rig", slow)
    assert move(signed_in, ready_photo, given()).status_code == 404
    assert stored_files(media_folder) == []


def test_no_worker_no_movement(signed_in: Client, ready_photo: Photo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "ask_for_rig", lambda *_: None)
    assert move(signed_in, ready_photo, given(days=30)).status_code == 503
    assert move(signed_in, ready_photo, given(days=30)).status_code == 503
    assert Consent.objects.count() == 1, "the same words are kept once"
    assert move(signed_in, ready_photo, given()).status_code == 503
    assert Consent.objects.count() == 2


def test_a_worker_describes_the_face_and_the_words(owner: User, ready_photo: Photo) -> None:
    """For real: the astronaut's face, and words that were never measured, both from the queue."""
    picture = io.BytesIO()
    Image.fromarray(skimage.data.astronaut()[0:251, 110:343]).save(picture, "JPEG", quality=95)
    storage.erase([ready_photo.path])
    path = storage.kept_path("photos", ready_photo.id, ".jpg")
    storage.store_upload(path, SimpleUploadedFile("x", picture.getvalue()), 10**6, AssertionError())  # type: ignore[arg-type]
    rig = by_a_worker(lambda: queue.ask_for_rig(path, 0, 60.0))  # type: ignore[arg-type,return-value]
    assert unpack(rig)[0]["points"] > 2000
    refusal: Any = by_a_worker(lambda: queue.ask_for_rig(path, 3, 60.0))  # type: ignore[arg-type,return-value]
    assert refusal["error"] == "unknown_face"


def jaw_of(packed: bytes) -> Any:
    head, parts = unpack(packed)
    values = np.asarray(parts["values"]).reshape(head["frames"], -1) * head["scale"]
    return values[:, CONTROL["jaw"]], head, parts


@pytest.mark.django_db(transaction=True)
def test_words_move_the_mouth_before_a_video_is_made(owner: User, ready_speech: Any) -> None:
    jaw, head, parts = jaw_of(by_a_worker(lambda: speech_motion(owner, ready_speech.id)))
    assert parts["sound"].startswith(b"RIFF")
    assert jaw.max() > 0.3
    assert jaw[0] == 0
    assert head["fps"] == 25.0


@pytest.mark.django_db(transaction=True)
def test_a_recording_moves_it_too_measured_or_not(owner: User) -> None:
    from gpu_worker.media.sound import wav_bytes

    speech = make_timed_speech(owner)
    row = speech.timelines.get()
    sound, _ = synthesise("Hello there, hello again.")
    path = storage.spoken_path(speech.id, "0" * 32)
    storage.store_upload(path, SimpleUploadedFile("x", wav_bytes(sound)), 10**7, AssertionError())  # type: ignore[arg-type]
    type(speech).objects.filter(id=speech.id).update(kind="recorded", path=path)
    by_rules, _, parts = jaw_of(by_a_worker(lambda: speech_motion(owner, speech.id)))
    assert "sound" not in parts
    row.delete()
    heard, _, _ = jaw_of(by_a_worker(lambda: speech_motion(owner, speech.id)))
    assert heard.max() > 0.2
    assert len(heard) > len(by_rules) > 0


def test_words_that_are_not_allowed_move_nothing(owner: User, ready_speech: Any, signed_in: Client) -> None:
    from animator.models import ScreeningRule

    ScreeningRule.objects.create(name="r", pattern="dear", category="fraud", action="refuse", kind="words")
    answer = signed_in.post(f"/api/speech/{ready_speech.id}/motion/")
    assert (answer.status_code, answer.json()["error"]) == (403, "text_refused")
    ScreeningRule.objects.update(action="hold")
    answer = signed_in.post(f"/api/speech/{ready_speech.id}/motion/")
    assert (answer.status_code, answer.json()["error"]) == (409, "words_wait")
