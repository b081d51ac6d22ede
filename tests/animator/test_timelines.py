"""Timelines of speech on the site: measured, corrected in versions, spoken and aligned anew, used by jobs."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import django_rq
import pytest
from django.test import Client
from rq import SimpleWorker

from accounts.models import User
from animator import queue, storage
from animator.models import Job, Pronunciation, Speech, SpeechTimeline
from animator.models.upload import UploadState
from animator.selectors.screening import Verdict, screen_text
from animator.selectors.timeline import timeline_of
from animator.services import screening
from animator.services import timeline as service
from animator.services.job import create_job, make_again
from animator.services.pronunciation import keep_pronunciation
from animator.services.speech import delete_speech
from gpu_worker import tasks, timeline_json, timeline_tasks
from gpu_worker.errors import InputError
from gpu_worker.media.sound import write_wav
from gpu_worker.speech.synthesis import synthesise
from gpu_worker.tasks.job_request import animation_request
from gpu_worker.timeline_edits import BY_HAND, force_mouth
from tests.animator.conftest import (
    at,
    finish_job,
    job_request,
    make_ready_photo,
    make_ready_speech,
    make_timed_speech,
    stored_files,
)

WORDS = "Bob may remember Rome"


def post(client: Client, speech: Speech, name: str = "", **body: object) -> tuple[int, Any]:
    answer = client.post(f"/api/speech/{speech.id}/timeline/{name}", body, content_type="application/json")
    return answer.status_code, answer.json()


def recording(user: User, folder: Path) -> Speech:
    """A recording that passed the check, with its words."""
    sound, _ = synthesise(WORDS)
    key = uuid4()
    kept = storage.store_file(storage.kept_path("speech", key, ".wav"), write_wav(sound, folder / "sound.wav"))
    return Speech.objects.create(
        id=key, owner=user, kind="recorded", state=UploadState.READY, path=kept.path, bytes=kept.bytes,
        transcript=WORDS, duration_s=sound.duration,
    )  # fmt: skip


def measured(user: User, speech: Speech) -> SpeechTimeline:
    """The first version, made as a worker makes it."""
    row = service.measure(user, speech.id)
    timeline_tasks.measure_timeline(str(row.id), row.token)
    row.refresh_from_db()
    return row


@pytest.fixture
def worker_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the editor asks of a worker is done in this very process."""

    def ask(task: str, arguments: tuple[Any, ...], _: float) -> Any:
        return getattr(timeline_tasks, task.rsplit(".", 1)[-1])(*arguments)

    monkeypatch.setattr(queue, "ask", ask)


def test_typed_words_are_spoken_once_and_kept(
    owner: User, signed_in: Client, media_folder: Path, django_capture_on_commit_callbacks: Any
) -> None:
    speech = make_ready_speech(owner)
    status, answer = post(signed_in, speech, "measure/")
    assert (status, answer["state"], answer["version"]) == (200, "measuring", 1)
    # Asked again while it is on its way, nothing begins anew.
    token = SpeechTimeline.objects.get().token
    post(signed_in, speech, "measure/")
    row = SpeechTimeline.objects.get()
    assert row.token == token
    timeline_tasks.measure_timeline(str(row.id), token)
    answer = signed_in.get(f"/api/speech/{speech.id}/timeline/").json()
    assert answer["state"] == "ready"
    assert [word["word"] for word in answer["document"]["words"]] == ["Good", "morning", "my", "dear"]
    assert answer["remarks"] == []
    peaks = base64.b64decode(answer["peaks"])
    assert max(peaks) == 255
    assert len(peaks) == pytest.approx(answer["document"]["duration"] * answer["peaks_hz"], abs=2)
    sound = signed_in.head(answer["sound_url"], follow=True)
    assert (sound.status_code, sound["Content-Type"]) == (200, "audio/wav")
    speech.refresh_from_db()
    assert speech.bytes > 10_000
    # A run that comes late writes nothing.
    timeline_tasks.measure_timeline(str(row.id), token)
    assert len(stored_files(media_folder)) == 1
    with django_capture_on_commit_callbacks(execute=True):
        delete_speech(owner, speech.id)
    assert stored_files(media_folder) == []


def test_what_cannot_be_measured_says_why_and_can_be_tried_again(owner: User, signed_in: Client) -> None:
    speech = make_ready_speech(owner)
    Speech.objects.filter(id=speech.id).update(text="!!!")
    row = measured(owner, speech)
    answer = signed_in.get(f"/api/speech/{speech.id}/timeline/").json()
    assert (answer["state"], answer["error"]["error"]) == ("failed", "no_speakable_text")
    Speech.objects.filter(id=speech.id).update(text="Hello")
    assert measured(owner, speech).id == row.id
    assert SpeechTimeline.objects.get().state == "ready"


def test_corrections_are_kept_in_versions_and_two_windows_do_not_overwrite(owner: User, signed_in: Client) -> None:
    speech = make_timed_speech(owner)
    document = signed_in.get(f"/api/speech/{speech.id}/timeline/").json()["document"]
    document["mouth"] = [{"state": "closed", "start": 0.2, "end": 0.5, "ease": 0.06}]
    status, answer = post(signed_in, speech, version=1, document=document)
    assert (status, answer["version"], answer["document"]["corrected"]) == (200, 2, True)
    assert BY_HAND in answer["document"]["reasons"]
    status, answer = post(signed_in, speech, version=1, document=document)
    assert (status, answer["error"]) == (409, "timeline_changed")
    edits = [{"edit": "move_phone", "index": 2, "to": 0.38}]
    status, answer = post(signed_in, speech, version=2, edits=edits)
    assert (status, answer["version"]) == (200, 3)
    assert len(answer["document"]["mouth"]) == 1
    assert [row.version for row in speech.timelines.order_by("version")] == [1, 2, 3]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "bad_timeline"), ({"document": {}}, "bad_timeline"), ({"document": "x"}, "bad_timeline"),
        ({"edits": "x"}, "bad_request"), ({"edits": [4]}, "bad_request"), ({"edits": [{"edit": "no"}]}, "bad_edit"),
        ({"edits": [{"edit": "spell", "index": 99, "word": "x"}]}, "no_such_word"),
        ({"edits": [{"edit": "pronounce", "index": 0, "said": "/ℵ/"}]}, "bad_pronunciation"),
    ],
)  # fmt: skip
def test_what_is_no_correction_is_refused(body: dict[str, Any], code: str, owner: User, signed_in: Client) -> None:
    speech = make_timed_speech(owner)
    status, answer = post(signed_in, speech, version=1, **body)
    assert (status, answer["error"]) == (400, code)
    assert speech.timelines.count() == 1


def test_a_timeline_of_another_length_is_refused(owner: User) -> None:
    speech = make_timed_speech(owner)
    row = speech.timelines.get()
    document = row.document or {}
    other = {**document, "duration": 1.9, "phones": [*document["phones"][:-1], ["SIL", 1.9, 0]]}
    with pytest.raises(InputError) as refusal:
        service.save(owner, speech.id, 1, other)
    assert refusal.value.code == "bad_timeline"


def test_old_versions_go_but_those_that_videos_need(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "KEPT_VERSIONS", 2)
    speech = make_timed_speech(owner)
    edit = [{"edit": "force_mouth", "state": "open", "start": 0.5, "end": 0.6}]
    service.save_edits(owner, speech.id, 1, edit)
    job = create_job(owner, job_request(make_ready_photo(owner), speech))
    for version in range(2, 6):
        service.save_edits(owner, speech.id, version, edit)
    assert sorted(row.version for row in speech.timelines.all()) == [1, 2, 5, 6]
    assert [row.version for row in job.timelines.all()] == [2]


def test_changed_words_of_typed_speech_are_spoken_anew(
    owner: User, signed_in: Client, worker_here: None, media_folder: Path
) -> None:
    speech = make_ready_speech(owner)
    first = measured(owner, speech)
    document = first.document
    assert document is not None
    document["words"][1]["said"] = "/ˈmɔːnɪɡɪɡɪɡɪŋ/"
    document["mouth"] = [{"state": "closed", "start": 0.2, "end": 0.3, "ease": 0.06}]
    status, answer = post(signed_in, speech, version=1, document=document)
    assert status == 200, answer
    assert answer["document"]["duration"] > document["duration"] + 0.1
    assert answer["document"]["words"][1]["said"] == "/ˈmɔːnɪɡɪɡɪɡɪŋ/"
    assert len(answer["document"]["mouth"]) == 1
    second = speech.timelines.get(version=2)
    assert second.sound_path != first.sound_path
    assert len(stored_files(media_folder)) == 2
    # Saved without a change of words, it keeps its sound.
    status, answer = post(signed_in, speech, version=2, document=answer["document"])
    assert status == 200
    assert speech.timelines.get(version=3).sound_path == second.sound_path


def test_words_of_a_recording_are_aligned_anew_and_the_mouth_is_drawn(
    owner: User, signed_in: Client, worker_here: None, tmp_path: Path
) -> None:
    speech = recording(owner, tmp_path)
    row = measured(owner, speech)
    timeline = timeline_of(row)
    assert [word.word for word in timeline.words] == WORDS.split()
    words = [{"word": word.word, "said": ""} for word in timeline.words]
    status, answer = post(signed_in, speech, "align/", words=words, start=0.0, end=timeline.duration)
    assert status == 200, answer
    assert [word["word"] for word in answer["words"]] == WORDS.split()
    assert answer["phones"][-1]["end"] == timeline.duration
    for body, code in (
        ({"words": [], "start": 0, "end": 1}, "bad_part"),
        ({"words": words, "start": 1, "end": 0}, "bad_part"),
        ({"words": words, "start": 0, "end": 99}, "bad_part"),
        ({"words": [{"word": ""}], "start": 0, "end": 1}, "bad_timeline"),
        ({"words": [{"word": "unquestionably notwithstanding antidisestablishmentarianism"}], "start": 0.3, "end": 0.5},
         "words_do_not_fit"),
        ({"words": [4], "start": 0, "end": 1}, "bad_request"),
    ):  # fmt: skip
        status, answer = post(signed_in, speech, "align/", **body)
        assert (status, answer["error"]) == (400, code)
    form = timeline_json.compact(timeline)
    status, plain = post(signed_in, speech, "mouth/", version=1, document=form, start=0.2, end=1.2)
    opening = base64.b64decode(plain["opening"])
    assert (status, plain["hz"], len(opening)) == (200, 50, 50)
    assert max(opening) > 40
    shut = timeline_json.compact(force_mouth(timeline, "closed", 0.2, 1.2))
    _, forced = post(signed_in, speech, "mouth/", version=1, document=shut, start=0.3, end=1.1)
    assert max(base64.b64decode(forced["opening"])) == 0
    assert post(signed_in, speech, "mouth/", version=1, document={}, start=0, end=1)[0] == 400
    assert post(signed_in, speech, "mouth/", version=1, document=form, start=0, end=-1)[0] == 400
    assert post(signed_in, speech, "mouth/", version=7, document=form, start=0, end=1)[0] == 404


def test_a_worker_answers_over_the_queue(owner: User, tmp_path: Path) -> None:
    speech = recording(owner, tmp_path)
    row = measured(owner, speech)
    form = timeline_json.compact(timeline_of(row))
    connection = django_rq.get_connection(queue.INSPECT)
    arguments = (speech.path, form, 0.0, 0.5)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(queue.ask, "gpu_worker.timeline_tasks.mouth_curve", arguments, 60.0)
        worker = SimpleWorker([django_rq.get_queue(queue.INSPECT)], connection=connection)
        worker.work(max_jobs=1, max_idle_time=60, logging_level="WARNING")
        assert len(answer.result(60)["opening"]) == 25


def test_without_a_worker_the_user_is_told(owner: User, signed_in: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    speech = make_timed_speech(owner)
    monkeypatch.setattr(queue, "ask", lambda *_: None)
    edits = [{"edit": "spell", "index": 0, "word": "Rob"}]
    status, answer = post(signed_in, speech, version=1, edits=edits)
    assert (status, answer["error"]) == (503, "try_later")
    assert post(signed_in, speech, "align/", words=[{"word": "x"}], start=0, end=1)[1]["error"] == "speech_is_typed"


def test_subtitles_and_timeline_are_files(owner: User, signed_in: Client) -> None:
    speech = make_timed_speech(owner)
    Speech.objects.filter(id=speech.id).update(text="Bob may. Rome!")
    base = f"/media/speech/{speech.id}/1"
    vtt = signed_in.get(at(f"{base}/subtitles.vtt", owner))
    assert (vtt.status_code, vtt["Content-Type"]) == (200, "text/vtt; charset=utf-8")
    assert vtt.content.decode().startswith("WEBVTT")
    assert "Bob may." in vtt.content.decode()
    srt = signed_in.get(f"{base}/subtitles.srt?download=1", follow=True)
    assert "attachment" in srt["Content-Disposition"]
    assert "00:00:00,200 --> " in srt.content.decode()
    form = json.loads(signed_in.get(at(f"{base}/timeline.json", owner)).content)
    assert timeline_json.from_dict(form) == timeline_of(speech.timelines.get())
    for name in ("spoken.wav", "other.txt"):
        assert signed_in.get(at(f"{base}/{name}", owner)).status_code == 404


def test_a_video_has_subtitles_on_its_own_clock(owner: User, signed_in: Client, job: Job, media_folder: Path) -> None:
    finished = finish_job(job)
    words = timeline_of(make_timed_speech(owner).timelines.get())
    path = media_folder / finished.result.folder / "timeline.json"
    path.write_text(json.dumps(timeline_json.as_dict(words)))
    vtt = signed_in.get(at(f"/media/results/{job.id}/subtitles.vtt", owner))
    assert "Bob may" in vtt.content.decode()
    page = signed_in.get(f"/jobs/{job.id}/").content.decode()
    assert f'src="/media/results/{job.id}/subtitles.vtt"' in page
    assert f"/speech/{job.speech_id}/edit/?job={job.id}" in page
    path.write_text("{}")
    assert signed_in.get(at(f"/media/results/{job.id}/subtitles.srt", owner)).status_code == 404


def test_a_job_follows_the_corrected_words_and_can_be_made_again(
    owner: User, signed_in: Client, worker_here: None
) -> None:
    speech = make_ready_speech(owner)
    plain = create_job(owner, job_request(make_ready_photo(owner), speech))
    assert not plain.timelines.exists()
    measured(owner, speech)
    service.save_edits(owner, speech.id, 1, [{"edit": "pronounce", "index": 1, "said": "morneeng"}])
    again = signed_in.post(f"/api/jobs/{plain.id}/again/", content_type="application/json")
    assert again.status_code == 201
    job = Job.objects.get(id=again.json()["id"])
    assert (job.photo_id, job.speech_id, job.face_index) == (plain.photo_id, plain.speech_id, plain.face_index)
    assert job.consent_id == plain.consent_id
    assert [row.version for row in job.timelines.all()] == [2]
    keep_pronunciation(owner, "dear", "deer")
    with animation_request(job) as request:
        spoken = request.speech
        assert spoken is not None
        assert spoken.timeline is not None
        assert spoken.timeline.words[1].said == "morneeng"
        assert spoken.timeline.corrected
        assert spoken.dictionary == {"dear": "deer"}
        assert getattr(spoken, "sound").is_file()  # noqa: B009 - typed speech alone has one


def test_what_words_are_corrected_to_is_screened(
    owner: User, worker_here: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def screened(text: str, language: str) -> Verdict:
        seen.append(text)
        return screen_text(text, language)

    monkeypatch.setattr(screening, "screen_text", screened)
    speech = make_ready_speech(owner)
    measured(owner, speech)
    edits = [{"edit": "spell", "index": 0, "word": "Rotten"}, {"edit": "pronounce", "index": 1, "said": "mischief"}]
    service.save_edits(owner, speech.id, 1, edits)
    make_again(owner, create_job(owner, job_request(make_ready_photo(owner), speech)).id)
    assert all("Rotten" in text and "mischief" in text and "Good morning" in text for text in seen)
    assert len(seen) >= 2


def test_the_dictionary_is_the_users_own(owner: User, other: User, signed_in: Client) -> None:
    def keep(**body: str) -> tuple[int, Any]:
        answer = signed_in.post("/api/dictionary/", body, content_type="application/json")
        return answer.status_code, answer.json()

    status, kept = keep(word="Siobhan", said="shivawn")
    assert (status, kept["language"]) == (201, "")
    status, anew = keep(word="siobhan", said="/ʃɪˈvɔːn/")
    assert (status, anew["id"], anew["said"]) == (201, kept["id"], "/ʃɪˈvɔːn/")
    keep(word="Siobhan", said="sheevon", language="de")
    assert keep(word="", said="x")[1]["error"] == "bad_timeline"
    assert keep(word="x", said="")[1]["error"] == "bad_pronunciation"
    assert keep(word="x", said="/ℵ/")[1]["error"] == "bad_pronunciation"
    assert keep(word="x", said="y", language="xx")[1]["error"] == "unsupported_language"
    listed = signed_in.get("/api/dictionary/").json()["entries"]
    assert [(entry["word"], entry["language"]) for entry in listed] == [("siobhan", ""), ("Siobhan", "de")]
    client = Client()
    client.force_login(other)
    assert client.get("/api/dictionary/").json() == {"entries": []}
    assert client.delete(f"/api/dictionary/{kept['id']}/").status_code == 404
    assert "siobhan" in signed_in.get("/dictionary/").content.decode()
    assert signed_in.delete(f"/api/dictionary/{kept['id']}/").status_code == 204
    assert Pronunciation.objects.count() == 1


def test_the_dictionary_is_obeyed_when_words_are_measured_and_heard(owner: User, signed_in: Client) -> None:
    keep_pronunciation(owner, "morning", "/mʌp/")
    row = measured(owner, make_ready_speech(owner))
    word = timeline_of(row).words[1]
    inside = [p.phone for p in timeline_of(row).phones if word.start <= (p.start + p.end) / 2 <= word.end]
    assert inside == ["M", "AH", "P"]
    plain = tasks.preview_speech("map", "en", "", 1.0, 1.0)
    assert tasks.preview_speech("map", "en", "", 1.0, 1.0, "/mæpəpəpəp/") != plain
    assert tasks.preview_speech("map", "en", "", 1.0, 1.0, "", {"map": "mapapapap"}) != plain
    body = {"text": "map", "said": "/ℵ/"}
    answer = signed_in.post("/api/speech/preview/", body, content_type="application/json")
    assert answer.json()["error"] == "bad_pronunciation"
