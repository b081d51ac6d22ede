"""Photos and sounds on their way in, through the real API and the real checks; what is refused leaves nothing."""

from __future__ import annotations

import io
import math
import struct
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.data
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from accounts.models import User
from animator import queue
from animator.models import Photo, Speech
from animator.models.upload import UploadState
from animator.services import cleanup, upload
from animator.services.photo import shown_name
from gpu_worker import tasks
from gpu_worker.config import EngineConfig
from tests.animator.conftest import make_ready_speech, picture, stored_files


def png(pixels: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def face(side: int = 256) -> Any:
    return np.asarray(Image.fromarray(skimage.data.astronaut()).crop((100, 0, 356, 256)).resize((side, side)))


def tone(seconds: float, loudness: float = 0.5) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        samples = (int(32000 * loudness * math.sin(i / 20)) for i in range(int(16000 * seconds)))
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return buffer.getvalue()


def three_hours() -> bytes:
    """Three hours of sound, at a rate that keeps the file small."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(1000)
        file.writeframes(bytes(3 * 3600 * 1000))
    return buffer.getvalue()


def bomb() -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (12000, 12000)).save(buffer, "PNG")
    return buffer.getvalue()


def send_photo(client: Client, content: bytes, name: str = "x.jpg") -> Any:
    return client.post("/api/photos/", {"file": SimpleUploadedFile(name, content, "image/jpeg")})


def send_sound(client: Client, content: bytes, **fields: str) -> Any:
    data = {"kind": "uploaded", "language": "en", "file": SimpleUploadedFile("x.mp3", content), **fields}
    return client.post("/api/speech/", data)


def run_check(model: type[Photo] | type[Speech]) -> None:
    """What the inspect worker would do next."""
    row = model.objects.get(state=UploadState.CHECKING)
    task = tasks.check_photo if model is Photo else tasks.check_speech
    task(str(row.id), row.token)


Sent = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """Everything that realtime sends."""
    messages: Sent = []
    monkeypatch.setattr("animator.realtime._send", lambda group, payload: messages.append((group, payload)))
    return messages


def test_a_photo_is_taken_in_checked_and_stripped(
    signed_in: Client, media_folder: Path, sent: Sent, owner: User
) -> None:
    image = Image.fromarray(face())
    exif = image.getexif()
    exif[0x010F] = "SecretCamera"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", exif=exif, quality=95)

    response = send_photo(signed_in, buffer.getvalue(), "../../Aunt\u202e Mary.jpg")
    assert response.status_code == 201
    assert (response.json()["state"], response.json()["name"]) == ("checking", "Aunt Mary.jpg")
    photo = Photo.objects.get()
    assert stored_files(media_folder) == [f"photos/{photo.id}/source.bin"]

    run_check(Photo)
    answer = signed_in.get(f"/api/photos/{photo.id}/").json()
    assert (answer["state"], answer["error"], answer["width"]) == ("ready", None, 256)
    assert len(answer["faces"]) == 1
    x, y, width, height = answer["faces"][0]["box"]
    assert 0 <= x < x + width <= 1
    assert 0 <= y < y + height <= 1
    assert stored_files(media_folder) == [f"photos/{photo.id}/kept.jpg"]
    kept = (media_folder / f"photos/{photo.id}/kept.jpg").read_bytes()
    assert b"SecretCamera" not in kept
    assert not Image.open(io.BytesIO(kept)).getexif()
    assert sent == [(f"user_{owner.id.hex}", {**answer, "type": "photo"})]
    assert signed_in.get(answer["url"])["Content-Type"] == "image/jpeg"


def small_face() -> bytes:
    canvas = np.full((256, 256, 3), 120, np.uint8)
    canvas[100:140, 100:140] = face(40)
    return png(canvas)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (lambda: png(np.full((300, 300, 3), 90, np.uint8)), "no_face"),
        (lambda: png(np.asarray(skimage.data.chelsea())), None),  # a cat
        (small_face, None),
        (lambda: picture((2000, 2000))[:3000], "damaged_photo"),
        (lambda: png(face())[:20000], "damaged_photo"),
        (bomb, "photo_too_large"),
        (lambda: picture((20, 20)), "photo_too_small"),
    ],
    ids=["no face", "cat", "30-pixel face", "cut-off JPEG", "truncated PNG", "bomb", "tiny"],
)
def test_an_unusable_photo_is_told_why_and_leaves_no_file(
    content: Callable[[], bytes], code: str | None, signed_in: Client, media_folder: Path, sent: Sent
) -> None:
    photo_id = send_photo(signed_in, content()).json()["id"]
    run_check(Photo)
    answer = signed_in.get(f"/api/photos/{photo_id}/").json()
    assert answer["state"] == "rejected"
    assert answer["error"]["error"] in ({code} if code else {"no_face", "not_a_human_face", "face_too_small"})
    assert answer["error"]["message"]
    assert answer["error"]["hint"]
    assert answer["url"] is None
    assert sent[-1][1]["error"] == answer["error"]
    assert stored_files(media_folder) == []
    assert signed_in.get(f"/media/photos/{photo_id}/").status_code == 404


@pytest.mark.parametrize(
    ("content", "code", "status"),
    [
        (b"", "empty_photo", 400),
        (b"Dear Sir or Madam, this is a letter.", "not_a_photo", 400),
        (b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n", "not_a_photo", 400),
        (b"\xff\xd8\xff" + bytes(3000), "photo_file_too_large", 413),
    ],
    ids=["empty", "text", "playlist", "too large"],
)
def test_a_file_that_cannot_be_a_photo_is_refused_at_once(
    content: bytes, code: str, status: int, signed_in: Client, media_folder: Path, settings: Any
) -> None:
    settings.ENGINE_CONFIG = EngineConfig(max_photo_bytes=2000)
    response = send_photo(signed_in, content)
    assert (response.status_code, response.json()["error"]) == (status, code)
    assert response.json()["hint"]
    assert not Photo.objects.exists()
    assert stored_files(media_folder) == []


def test_several_faces_are_offered_from_left_to_right(signed_in: Client) -> None:
    send_photo(signed_in, png(np.hstack([face(), face()])))
    run_check(Photo)
    answer = signed_in.get(f"/api/photos/{Photo.objects.get().id}/").json()
    assert [entry["index"] for entry in answer["faces"]] == [0, 1]
    assert answer["faces"][0]["box"][0] < answer["faces"][1]["box"][0]
    assert "several_faces" in [finding["code"] for finding in answer["findings"]]


def test_a_sound_is_taken_in_checked_and_kept_as_wav(signed_in: Client, media_folder: Path, sent: Sent) -> None:
    response = send_sound(signed_in, tone(1.5), kind="recorded", transcript="  Hello there ")
    assert (response.status_code, response.json()["state"]) == (201, "checking")
    run_check(Speech)
    speech = Speech.objects.get()
    answer = signed_in.get(f"/api/speech/{speech.id}/").json()
    assert (answer["state"], answer["kind"], answer["transcript"]) == ("ready", "recorded", "Hello there")
    assert answer["duration_s"] == pytest.approx(1.5, abs=0.05)
    assert stored_files(media_folder) == [f"speech/{speech.id}/kept.wav"]
    assert signed_in.get(answer["url"])["Content-Type"] == "audio/wav"
    assert sent[-1][1] == {**answer, "type": "speech"}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (lambda: tone(2.0, 0.0), "silent_sound"),
        (lambda: tone(0.02), "sound_too_short"),
        (three_hours, "speech_too_long"),
        (lambda: b"ID3" + bytes(500), "unreadable_sound"),
        (lambda: b"RIFF\x00\x00\x00\x00WAVEjunk", "unreadable_sound"),
    ],
    ids=["silence", "too short", "three hours", "no mp3", "no wav"],
)
def test_an_unusable_sound_is_told_why_and_leaves_no_file(
    content: Callable[[], bytes], code: str, signed_in: Client, media_folder: Path
) -> None:
    speech_id = send_sound(signed_in, content()).json()["id"]
    run_check(Speech)
    answer = signed_in.get(f"/api/speech/{speech_id}/").json()
    assert (answer["state"], answer["error"]["error"]) == ("rejected", code)
    assert answer["error"]["hint"]
    assert stored_files(media_folder) == []


@pytest.mark.parametrize(
    ("content", "fields", "code"),
    [
        (b"", {}, "empty_sound"),
        (b"just words", {}, "unreadable_sound"),
        (b"#EXTM3U\n/etc/passwd\n", {}, "unreadable_sound"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", {}, "unreadable_sound"),
        (b"RIFF....WAVE", {"language": "tlh"}, "unsupported_language"),
        (b"RIFF....WAVE", {"transcript": "😀😀"}, "no_speakable_text"),
        (b"RIFF....WAVE", {"kind": "typed"}, "bad_request"),
    ],
)
def test_a_file_that_cannot_be_a_sound_is_refused_at_once(
    content: bytes, fields: dict[str, str], code: str, signed_in: Client, media_folder: Path
) -> None:
    response = send_sound(signed_in, content, **fields)
    assert (response.status_code, response.json()["error"]) == (400, code)
    assert not Speech.objects.exists()
    assert stored_files(media_folder) == []


def send_words(client: Client, **words: object) -> Any:
    return client.post("/api/speech/", {"kind": "typed", "text": "Hello.", **words}, content_type="application/json")


def test_typed_words_are_ready_at_once(signed_in: Client) -> None:
    response = send_words(signed_in, text=" Good day! ", language="de_AT", voice="woman", speed=1.2, pitch=0.9)
    assert response.status_code == 201
    answer = response.json()
    assert (answer["state"], answer["text"], answer["language"], answer["url"]) == ("ready", "Good day!", "de", None)
    assert (answer["voice"], answer["speed"], answer["pitch"]) == ("woman", 1.2, 0.9)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"text": "   "}, "empty_text"),
        ({"text": "😀🎉 ❤️"}, "no_speakable_text"),
        ({"text": "a" * 5001}, "text_too_long"),
        ({"language": "tlh"}, "unsupported_language"),
        ({"voice": "robot"}, "unknown_voice"),
        ({"speed": 9}, "bad_speed"),
        ({"pitch": 0.1}, "bad_pitch"),
        ({"speed": "fast"}, "bad_request"),
        ({"speed": True}, "bad_request"),
        ({"text": None}, "bad_request"),
        ({"text": "a\u0000b"}, "bad_request"),
        ({"kind": "recorded"}, "bad_request"),
    ],
)
def test_unspeakable_words_are_refused(words: dict[str, object], code: str, signed_in: Client) -> None:
    response = send_words(signed_in, **words)
    assert (response.status_code, response.json()["error"]) == (400, code)
    assert not Speech.objects.exists()


@pytest.mark.parametrize("body", [b"", b"[1]", b"{", b"\xff", b'{"speed": 1e999}', b"[" * 100_000])
def test_a_body_that_is_no_json_object_is_refused(body: bytes, signed_in: Client) -> None:
    response = signed_in.post("/api/speech/", body, content_type="application/json")
    assert response.status_code == 400
    assert response.json()["error"] in ("bad_request", "empty_text")


def test_a_check_that_breaks_is_tried_again_and_then_given_up(
    signed_in: Client, media_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise OSError("disk on fire")

    send_photo(signed_in, png(face()))
    monkeypatch.setattr("gpu_worker.tasks.photo._inspect", broken)
    tokens = set()
    for _ in range(3):
        tokens.add(Photo.objects.get().token)
        with pytest.raises(OSError, match="disk on fire"):
            run_check(Photo)
    photo = Photo.objects.get()
    assert len(tokens) == 3
    assert photo.state == "rejected"
    assert photo.error is not None
    assert photo.error["error"] == "check_failed"
    assert stored_files(media_folder) == []


def test_a_check_that_lost_its_turn_writes_nothing(signed_in: Client, media_folder: Path) -> None:
    send_photo(signed_in, png(face()))
    photo = Photo.objects.get()
    stale = photo.token
    upload.release(Photo, photo.id, stale, queue.enqueue_photo_check)
    tasks.check_photo(str(photo.id), stale)
    photo.refresh_from_db()
    assert photo.state == UploadState.CHECKING
    run_check(Photo)
    tasks.check_photo(str(photo.id), stale)
    assert Photo.objects.get().state == UploadState.READY
    assert len(stored_files(media_folder)) == 1


def test_deleting_an_upload_erases_its_file(
    signed_in: Client, ready_photo: Photo, media_folder: Path, django_capture_on_commit_callbacks: Any
) -> None:
    assert len(stored_files(media_folder)) == 1
    with django_capture_on_commit_callbacks(execute=True):
        assert signed_in.delete(f"/api/photos/{ready_photo.id}/").status_code == 204
    assert stored_files(media_folder) == []
    assert not Photo.objects.exists()


def test_what_a_video_was_made_from_is_not_deleted(signed_in: Client, job: Any) -> None:
    for path, code in ((f"photos/{job.photo_id}", "photo_in_use"), (f"speech/{job.speech_id}", "speech_in_use")):
        response = signed_in.delete(f"/api/{path}/")
        assert (response.status_code, response.json()["error"]) == (409, code)


def test_uploads_are_limited_by_number_and_space(signed_in: Client, settings: Any, ready_photo: Photo) -> None:
    settings.QUOTA_UPLOADS_PER_DAY = 1
    assert send_words(signed_in).status_code == 201
    assert send_photo(signed_in, png(face())).json()["error"] == "too_many_uploads"
    assert send_words(signed_in).status_code == 429
    settings.QUOTA_UPLOADS_PER_DAY = 100
    settings.QUOTA_STORAGE_BYTES = ready_photo.bytes + 10
    assert send_photo(signed_in, png(face())).json()["error"] == "storage_full"


def test_old_unused_uploads_are_forgotten(owner: User, job: Any, settings: Any, media_folder: Path) -> None:
    unused = make_ready_speech(owner)
    assert cleanup.erase_unused_uploads() == 0
    settings.PICTURETALK_UNUSED_UPLOAD_HOURS = 0
    settings.PICTURETALK_REJECTED_UPLOAD_HOURS = 0
    assert cleanup.erase_unused_uploads() == 1
    assert not Speech.objects.filter(id=unused.id).exists()
    assert Speech.objects.filter(id=job.speech_id).exists()
    assert len(stored_files(media_folder)) == 1


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("C:\\Users\\me\\a.jpg", "a.jpg"),
        ("../../etc/passwd", "passwd"),
        ("a\x00\n\u202eb.jpg", "ab.jpg"),
        ("x" * 500, "x" * 120),
    ],
)
def test_names_are_made_harmless(name: str, shown: str) -> None:
    assert shown_name(name) == shown


def test_a_request_without_a_file_is_refused(signed_in: Client) -> None:
    assert signed_in.post("/api/photos/", {"file": "text"}).status_code == 400
    assert signed_in.post("/api/speech/", {"kind": "recorded"}).status_code == 400
