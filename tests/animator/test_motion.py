"""Videos without words, gestures with words, liveliness and framing: from the API to what the engine is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from animator.consent_statements import STATEMENTS
from animator.models import Consent, Hold, Job, Photo, Speech
from animator.models.hold import HoldCode
from animator.selectors.case import video_case
from animator.selectors.hold import hold_card
from animator.selectors.quota import month_start, today, used_of_plan
from animator.selectors.result import files_of_result
from animator.services.hold import hold_job
from animator.services.job_run import claim
from gpu_worker.motion.gesture_names import silent_length
from gpu_worker.tasks.job_request import animation_request
from tests.animator.conftest import finish_job, make_ready_photo

CONSENT = {"basis": "self", "confirmed": True, "statement_version": STATEMENTS["self"].version}


def silent(photo: Photo, **changes: Any) -> dict[str, Any]:
    motion = {"gestures": ["smile", "nod"], "expression": 1.4}
    return {"photo": str(photo.id), "face": 0, "consent": CONSENT, "motion": motion, **changes}


def send(client: Client, wanted: dict[str, Any]) -> Any:
    return client.post("/api/jobs/", wanted, content_type="application/json")


def test_a_video_without_words_is_made_charged_and_titled(signed_in: Client, owner: User, ready_photo: Photo) -> None:
    answer = send(signed_in, silent(ready_photo, framing="square"))
    assert answer.status_code == 201, answer.json()
    told = answer.json()
    assert (told["title"], told["speaks"], told["framing"]) == ("Smile and nod", False, "square")
    assert told["motion"]["faces"]["0"] == {
        "gestures": ["smile", "nod"], "expression": 1.4, "head": 1.0, "blinks": 1.0, "gaze": 1.0,
    }  # fmt: skip
    job = Job.objects.get()
    seconds = silent_length([("smile", "nod")])
    assert job.speech_id is None
    assert job.speech_s == pytest.approx(seconds)
    assert used_of_plan(owner, "video_ms", month_start(today())) == round(1000 * seconds)
    face = job.faces.get()
    assert (face.speaks, face.gestures) == (False, True)
    with animation_request(job) as request:
        assert (request.speech, request.lines, request.framing, request.loop) == (None, (), "square", True)
        assert request.plays[0].gestures == ("smile", "nod")
        assert request.plays[0].style.expression == 1.4
        assert request.silent_seconds == pytest.approx(seconds)


def test_faces_make_gestures_of_their_own(signed_in: Client, owner: User) -> None:
    photo = make_ready_photo(owner, faces=3)
    motion = {
        "faces": [{"face": 0, "gestures": ["wink"]}, {"face": 2, "gestures": ["dance"], "head": 0.5}],
        "length_s": 12,
        "loop": False,
    }
    consents = [{"face": face, **CONSENT} for face in (0, 2)]
    answer = send(signed_in, {"photo": str(photo.id), "motion": motion, "consents": consents})
    assert answer.status_code == 201, answer.json()
    job = Job.objects.get()
    assert list(job.faces.values_list("face_index", "speaks")) == [(0, False), (2, False)]
    with animation_request(job) as request:
        assert {face: play.gestures for face, play in request.plays.items()} == {0: ("wink",), 2: ("dance",)}
        assert (request.silent_seconds, request.loop) == (12.0, False)


def test_every_face_that_moves_needs_its_consent(signed_in: Client, owner: User) -> None:
    photo = make_ready_photo(owner, faces=2)
    motion = {"faces": [{"face": 0, "gestures": ["wink"]}, {"face": 1, "gestures": ["nod"]}]}
    answer = send(signed_in, {"photo": str(photo.id), "motion": motion, "consents": [{"face": 0, **CONSENT}]})
    assert (answer.status_code, answer.json()["error"]) == (400, "consent_missing")
    assert not Job.objects.exists()


def test_a_consent_to_words_alone_allows_no_gesture(signed_in: Client, owner: User, ready_photo: Photo) -> None:
    words_only = Consent.objects.create(
        owner=owner, photo=ready_photo, photo_sha256=ready_photo.sha256, face_index=0, basis="self",
        statement_version="1", statement_text="Words.", confirmed=True, allow_gestures=False,
    )  # fmt: skip
    asked = silent(ready_photo, consent={"id": str(words_only.id)})
    assert send(signed_in, asked).json()["error"] == "consent_not_valid"


def test_words_alone_need_no_consent_to_gestures(
    signed_in: Client, owner: User, ready_photo: Photo, ready_speech: Speech
) -> None:
    words_only = Consent.objects.create(
        owner=owner, photo=ready_photo, photo_sha256=ready_photo.sha256, face_index=0, basis="self",
        statement_version="1", statement_text="Words.", confirmed=True, allow_gestures=False,
    )  # fmt: skip
    asked = {"photo": str(ready_photo.id), "face": 0, "speech": str(ready_speech.id),
             "consent": {"id": str(words_only.id)}}  # fmt: skip
    assert send(signed_in, asked).status_code == 201
    refused = send(signed_in, {**asked, "motion": {"gestures": ["nod"]}})
    assert refused.json()["error"] == "consent_not_valid"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"motion": {}}, "nothing_to_do"),
        ({"motion": {"expression": 2.0}}, "nothing_to_do"),
        ({"motion": {"gestures": ["somersault"]}}, "unknown_gesture"),
        ({"motion": {"gestures": ["nod"] * 13}}, "too_many_gestures"),
        ({"motion": {"gestures": ["nod"], "head": 2.5}}, "bad_motion"),
        ({"motion": {"gestures": ["nod"], "gaze": -1}}, "bad_motion"),
        ({"motion": {"gestures": ["nod"], "length_s": 600}}, "bad_motion"),
        ({"motion": {"gestures": "nod"}}, "bad_request"),
        ({"motion": {"gestures": [3]}}, "bad_request"),
        ({"motion": {"gestures": ["nod"], "blinks": "often"}}, "bad_request"),
        ({"motion": {"faces": [{"gestures": ["nod"]}]}}, "bad_request"),
        ({"motion": {"faces": [{"face": 7, "gestures": ["nod"]}]}}, "unknown_face"),
        ({"framing": "round"}, "unknown_framing"),
    ],
)
def test_what_cannot_be_done_is_refused(
    changes: dict[str, Any], code: str, signed_in: Client, owner: User, ready_photo: Photo
) -> None:
    answer = send(signed_in, silent(ready_photo, **changes))
    assert (answer.status_code, answer.json()["error"]) == (400, code)
    assert not Job.objects.exists()
    assert used_of_plan(owner, "job", today()) == 0


def test_gestures_go_with_words(signed_in: Client, ready_photo: Photo, ready_speech: Speech) -> None:
    answer = send(signed_in, silent(ready_photo, speech=str(ready_speech.id), framing="vertical"))
    assert answer.json()["title"] == "Good morning, my dear."
    job = Job.objects.get()
    assert (job.faces.get().speaks, job.faces.get().gestures) == (True, True)
    with animation_request(job) as request:
        assert request.speech is not None
        assert request.play(0).gestures == ("smile", "nod")


def test_making_it_again_keeps_the_settings_or_takes_others(
    signed_in: Client, ready_photo: Photo, django_capture_on_commit_callbacks: Any
) -> None:
    first = send(signed_in, silent(ready_photo, framing="portrait")).json()
    again = f"/api/jobs/{first['id']}/again/"
    same = signed_in.post(again).json()
    assert (same["motion"], same["framing"]) == (first["motion"], "portrait")
    changes = {"motion": {"gestures": ["dance"], "loop": False}, "framing": "whole"}
    other = signed_in.post(again, changes, content_type="application/json").json()
    assert (other["title"], other["framing"], other["motion"]["loop"]) == ("Dance", "whole", False)


def test_moderators_see_what_was_asked_for(signed_in: Client, moderator: User, ready_photo: Photo) -> None:
    send(signed_in, silent(ready_photo))
    job = Job.objects.get()
    hold_job(job, HoldCode.MINOR, {}, "A look")
    card = hold_card(Hold.objects.get())
    assert (card["words"], card["speaks"]) == ("", False)
    assert card["motion"] == ["Smile and nod; expression 140 %", "Runs on without a stop"]
    case = video_case(job, moderator)
    assert (case["speeches"], case["job"]["motion"][0]) == ([], card["motion"][0])


def test_the_page_of_a_video_without_words(signed_in: Client, ready_photo: Photo) -> None:
    send(signed_in, silent(ready_photo, framing="square"))
    job = finish_job(Job.objects.get())
    page = signed_in.get(f"/jobs/{job.id}/").content.decode()
    assert "Smile and nod" in page
    assert "Square (1:1)" in page
    assert "subtitles" not in page.lower()
    assert signed_in.get(f"/media/results/{job.id}/subtitles.srt", follow=True).status_code in (200, 404)
    assert "timeline.json" not in files_of_result(job.result)


def test_a_retried_and_a_deleted_one(signed_in: Client, ready_photo: Photo, make_job: Callable[..., Job]) -> None:
    send(signed_in, silent(ready_photo))
    job = Job.objects.get()
    claimed = claim(job.id, job.token, "test")
    assert claimed is not None
    Job.objects.filter(id=job.id).update(
        state="failed", error_code="engine_failed", finished_at=job.created_at, stage=""
    )
    assert signed_in.post(f"/api/jobs/{job.id}/retry/").status_code == 200
    assert signed_in.post(f"/api/jobs/{job.id}/cancel/").status_code == 200
    assert signed_in.delete(f"/api/jobs/{job.id}/").status_code == 204


def test_framings_are_the_engine_s_own_cuts(signed_in: Client, owner: User) -> None:
    photo = make_ready_photo(owner, faces=2)
    Photo.objects.filter(id=photo.id).update(width=1200, height=1600)
    answer = signed_in.get(f"/api/photos/{photo.id}/framings/?faces=1").json()["framings"]
    assert [one["framing"] for one in answer] == ["whole", "portrait", "square", "vertical"]
    for one, aspect in zip(answer[1:], (4 / 5, 1.0, 9 / 16), strict=True):
        left, top, width, height = one["box"]
        assert one["width"] / one["height"] == pytest.approx(aspect, rel=0.02)
        assert 0 <= left <= 1 - width + 1e-6
        assert 0 <= top <= 1 - height + 1e-6
        assert left <= 0.25 + 0.2 <= left + width
    for bad in ("x", "1,", "-1"):
        assert signed_in.get(f"/api/photos/{photo.id}/framings/?faces={bad}").status_code == 400
    assert len(signed_in.get(f"/api/photos/{photo.id}/framings/?faces=9").json()["framings"]) == 1


def test_a_framing_that_cannot_hold_all_who_move_is_refused(signed_in: Client, owner: User) -> None:
    photo = make_ready_photo(owner, faces=2)
    far = [{**one, "box": [0.05 + 0.75 * one["index"], 0.2, 0.12, 0.3]} for one in photo.faces]
    Photo.objects.filter(id=photo.id).update(width=1600, height=600, faces=far)
    told = signed_in.get(f"/api/photos/{photo.id}/framings/").json()["framings"]
    assert [one["possible"] for one in told] == [True, False, False, False]
    motion = {"faces": [{"face": 0, "gestures": ["wink"]}, {"face": 1, "gestures": ["nod"]}]}
    consents = [{"face": face, **CONSENT} for face in (0, 1)]
    asked = {"photo": str(photo.id), "motion": motion, "consents": consents, "framing": "vertical"}
    assert send(signed_in, asked).json()["error"] == "framing_does_not_fit"
    alone = silent(photo, framing="vertical", motion={"gestures": ["nod"]})
    assert send(signed_in, alone).status_code == 201
