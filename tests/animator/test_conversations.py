"""Jobs of several faces: a consent for each, everything that is said screened, kept and erased together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import User
from animator import queue
from animator.consent_statements import STATEMENTS
from animator.models import Consent, Job, JobFace, JobLine, Photo, ScreeningRule, Speech
from animator.models.erasure import Why
from animator.models.upload import UploadState
from animator.selectors.script import speeches_of
from animator.services import erasure
from gpu_worker.request import TypedSpeech
from gpu_worker.tasks.job_request import animation_request
from tests.animator.conftest import finish_job, make_ready_photo, make_ready_speech


@pytest.fixture
def group(owner: User) -> Photo:
    return make_ready_photo(owner, faces=3)


@pytest.fixture
def words(owner: User) -> list[Speech]:
    return [make_ready_speech(owner) for _ in range(3)]


def consents(*faces: int, **changes: Any) -> list[dict[str, Any]]:
    version = STATEMENTS["historic"].version
    given = {"basis": "historic", "confirmed": True, "statement_version": version, **changes}
    return [{"face": face, **given} for face in faces]


def body(photo: Photo, words: list[Speech], /, **changes: Any) -> dict[str, Any]:
    lines = [
        {"face": 1, "speech": str(words[0].id)},
        {"face": 0, "speech": str(words[1].id), "pause_s": 1.5},
        {"face": 1, "speech": str(words[2].id), "start_s": 4},
    ]
    return {"photo": str(photo.id), "lines": lines, "listeners": [2], "consents": consents(0, 1, 2), **changes}


def send(client: Client, wanted: dict[str, Any]) -> Any:
    return client.post("/api/jobs/", wanted, content_type="application/json")


@pytest.fixture
def talk(signed_in: Client, group: Photo, words: list[Speech], django_capture_on_commit_callbacks: Any) -> Job:
    with django_capture_on_commit_callbacks(execute=True):
        answer = send(signed_in, body(group, words))
    assert answer.status_code == 201, answer.content
    job = Job.objects.get(id=answer.json()["id"])
    assert queue.waiting(queue.SPEECH) == {job.token}
    return job


def test_every_face_that_moves_has_its_own_consent(talk: Job, words: list[Speech]) -> None:
    faces = {face.face_index: face for face in JobFace.objects.filter(job=talk)}
    assert {index: face.speaks for index, face in faces.items()} == {0: True, 1: True, 2: False}
    assert len({face.consent_id for face in faces.values()}) == 3
    assert all(face.consent.face_index == index for index, face in faces.items())
    assert (talk.face_index, talk.speech, talk.consent) == (1, words[0], faces[1].consent)
    lines = [(line.face_index, line.speech_id, line.pause_s, line.start_s) for line in talk.lines.all()]
    assert lines == [(1, words[0].id, 0.45, None), (0, words[1].id, 1.5, None), (1, words[2].id, 0.45, 4.0)]


def test_the_engine_is_asked_for_the_lines(talk: Job) -> None:
    Speech.objects.filter(id=talk.lines.get(position=1).speech_id).update(text="Second", voice="woman")
    with animation_request(Job.objects.get(id=talk.id)) as request:
        assert request.speech is None
        assert request.face is None
        assert [(line.face, line.pause, line.start) for line in request.lines] == [
            (1, 0.45, None), (0, 1.5, None), (1, 0.45, 4.0),
        ]  # fmt: skip
        assert request.lines[1].speech == TypedSpeech("Second", "en", "woman")
        assert request.listeners == (2,)


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"consents": consents(0, 1)}, 400, "consent_missing"),
        ({"consents": consents(1, 2)}, 400, "consent_missing"),
        ({"consents": []}, 400, "consent_missing"),
        ({"consents": consents(0, 1, 2, confirmed=False)}, 400, "consent_missing"),
        ({"consents": consents(0, 1, 2, statement_version="1999-1")}, 409, "consent_text_changed"),
        ({"consents": [{"basis": "historic"}]}, 400, "bad_request"),
        ({"listeners": [7]}, 400, "unknown_face"),
        ({"listeners": ["all"]}, 400, "bad_request"),
        ({"listeners": 2}, 400, "bad_request"),
        ({"lines": []}, 400, "bad_request"),
        ({"lines": "Anna: hi"}, 400, "bad_request"),
        ({"lines": [{"face": 9, "speech": "first"}]}, 400, "unknown_face"),
        ({"lines": [{"speech": "first"}]}, 400, "bad_request"),
        ({"lines": [{"face": 0}]}, 400, "bad_request"),
        ({"lines": [{"face": 0, "speech": str(uuid4())}]}, 404, "not_found"),
        ({"lines": [{"face": 0, "speech": "first", "pause_s": 61}]}, 400, "bad_pause"),
        ({"lines": [{"face": 0, "speech": "first", "start_s": -1}]}, 400, "bad_pause"),
        ({"lines": [{"face": 0, "speech": "first", "pause_s": "long"}]}, 400, "bad_request"),
        ({"lines": [{"face": 0, "speech": "first"}] * 101}, 400, "too_many_lines"),
    ],
)
def test_what_is_refused_leaves_nothing(
    changes: dict[str, Any], status: int, code: str, signed_in: Client, group: Photo, words: list[Speech]
) -> None:
    for line in changes.get("lines", ()):
        if isinstance(line, dict) and line.get("speech") == "first":
            line["speech"] = str(words[0].id)
    answer = send(signed_in, body(group, words, **changes))
    assert (answer.status_code, answer.json()["error"]) == (status, code)
    for model in (Job, JobLine, JobFace, Consent):
        assert not model.objects.exists()
    assert queue.waiting(queue.SPEECH) == frozenset()


def test_other_peoples_words_cannot_be_borrowed(
    signed_in: Client, group: Photo, words: list[Speech], other: User
) -> None:
    theirs = make_ready_speech(other)
    assert send(signed_in, body(group, [words[0], theirs, words[2]])).status_code == 404


def test_a_line_still_being_checked_waits(signed_in: Client, group: Photo, words: list[Speech]) -> None:
    Speech.objects.filter(id=words[2].id).update(state=UploadState.CHECKING)
    answer = send(signed_in, body(group, words))
    assert (answer.status_code, answer.json()["error"]) == (409, "speech_not_ready")


def test_all_lines_are_screened_also_together(signed_in: Client, group: Photo, words: list[Speech]) -> None:
    ScreeningRule.objects.create(
        name="Gold", category="other", kind="regex", pattern=r"buy\s+the\s+gold", action="hold"
    )
    Speech.objects.filter(id=words[0].id).update(text="You should buy")
    Speech.objects.filter(id=words[1].id).update(text="the gold today")
    job = Job.objects.get(id=send(signed_in, body(group, words)).json()["id"])
    assert job.held_at is not None


def test_the_words_stay_while_the_video_does_and_go_with_it(
    signed_in: Client, talk: Job, words: list[Speech], group: Photo
) -> None:
    refused = signed_in.delete(f"/api/speech/{words[1].id}/")
    assert (refused.status_code, refused.json()["error"]) == (409, "speech_in_use")
    finish_job(talk)
    assert signed_in.delete(f"/api/jobs/{talk.id}/").status_code == 204
    assert not Speech.objects.filter(id__in=[one.id for one in words]).exists()
    assert Photo.objects.get(id=group.id).state == UploadState.ERASED


def test_the_result_offers_every_line_for_correction(signed_in: Client, talk: Job, words: list[Speech]) -> None:
    finish_job(talk)
    page = signed_in.get(f"/jobs/{talk.id}/").content.decode()
    for place, (name, speech) in enumerate(zip(("Face 2", "Face 1", "Face 2"), words, strict=True), 1):
        assert f"Line {place}: {name}" in page
        assert str(speech.id) in page


def test_erasing_the_photo_empties_every_line(talk: Job, words: list[Speech], group: Photo) -> None:
    assert {one.id for one in speeches_of(talk)} == {one.id for one in words}
    erasure.erase_photo_and_derived(group, Why.OWNER)
    left = Speech.objects.filter(id__in=[one.id for one in words])
    assert all((one.state, one.text) == (UploadState.ERASED, "") for one in left)


def test_one_face_alone_has_no_lines(make_job: Callable[..., Job]) -> None:
    job = make_job()
    assert speeches_of(job) == [job.speech]
    with animation_request(job) as request:
        assert request.lines == ()
        assert request.face == job.face_index
