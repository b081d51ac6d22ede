"""What is heard in a recording is said, and what its owner wants done to it is done to a copy."""

from __future__ import annotations

import io
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from animator import storage
from animator.models import Speech
from animator.models.upload import UploadState
from animator.services.sound_choice import release_copy
from animator.services.speech import erase_speech
from gpu_worker import tasks
from tests.animator.conftest import make_ready_speech, stored_files

pytestmark = pytest.mark.django_db

RATE = 16000


def recording() -> bytes:
    """A second of silence, a hummed second, and two more of silence; all with a faint hiss."""
    rng = np.random.default_rng(3)
    time = np.arange(4 * RATE) / RATE
    hum = sum(np.sin(2 * np.pi * 140 * k * time) / k for k in range(1, 12)) * 0.2
    sound = np.where((time >= 1) & (time < 2), hum, 0.0) + rng.normal(0, 0.001, len(time))
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    return buffer.getvalue()


@pytest.fixture
def speech(signed_in: Client) -> Speech:
    file = SimpleUploadedFile("granny.wav", recording(), "audio/wav")
    made = signed_in.post("/api/speech/", {"file": file, "kind": "uploaded", "language": "en"})
    speech = Speech.objects.get(id=made.json()["id"])
    check(speech)
    return speech


def check(speech: Speech) -> None:
    speech.refresh_from_db()
    tasks.check_speech(str(speech.id), speech.token)
    speech.refresh_from_db()


def choose(client: Client, speech: Speech, **wanted: bool) -> tuple[int, dict[str, object]]:
    answer = client.post(f"/api/speech/{speech.id}/sound/", wanted, content_type="application/json")
    return answer.status_code, answer.json()


def heard(path: str) -> np.ndarray:
    with storage.local_copy(path) as local, wave.open(str(local)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")[:: file.getnchannels()] / 32767.0


def test_what_is_wrong_is_said_before_a_video_is_made(signed_in: Client, speech: Speech) -> None:
    told = signed_in.get(f"/api/speech/{speech.id}/").json()
    assert (told["state"], told["normalise"], told["denoise"]) == ("ready", True, False)
    assert "mostly_silence" in {finding["code"] for finding in told["findings"]}
    assert all(finding["message"] and finding["hint"] for finding in told["findings"])


def test_a_cleaned_copy_is_used_and_the_recording_kept(signed_in: Client, speech: Speech, media_folder: Path) -> None:
    before, original = heard(speech.path), speech.path
    status, told = choose(signed_in, speech, normalise=False, denoise=True, trim=True)
    assert (status, told["state"]) == (200, "checking")
    check(speech)
    assert speech.state == UploadState.READY
    assert speech.original_path == original
    assert speech.path != original
    assert not speech.normalise
    assert speech.duration_s is not None
    assert speech.duration_s == pytest.approx(1.5, abs=0.15)
    np.testing.assert_array_equal(heard(original), before)
    assert len(stored_files(media_folder)) == 2
    status, told = choose(signed_in, speech, normalise=True)
    assert (status, told["state"], told["denoise"]) == (200, "ready", False)
    speech.refresh_from_db()
    assert (speech.path, speech.original_path) == (original, "")
    assert speech.duration_s == pytest.approx(4.0, abs=0.01)


def test_a_copy_that_cannot_be_made_leaves_the_recording(signed_in: Client, speech: Speech) -> None:
    original = speech.path
    choose(signed_in, speech, denoise=True)
    speech.refresh_from_db()
    for _ in range(10):
        if speech.state != UploadState.CHECKING:
            break
        token = speech.token
        Speech.objects.filter(id=speech.id).update(attempts=speech.attempts + 1)
        assert release_copy(speech.id, token)
        speech.refresh_from_db()
    assert (speech.state, speech.path, speech.original_path, speech.denoise) == ("ready", original, "", False)
    assert "check_failed" in {finding["code"] for finding in speech.findings}


def test_erasing_takes_both_files(
    signed_in: Client, speech: Speech, media_folder: Path, django_capture_on_commit_callbacks: Any
) -> None:
    choose(signed_in, speech, trim=True)
    check(speech)
    assert len(stored_files(media_folder)) == 2
    with django_capture_on_commit_callbacks(execute=True):
        erase_speech(speech)
    assert stored_files(media_folder) == []


def test_typed_words_have_no_sound_to_clean(signed_in: Client, owner: User) -> None:
    status, told = choose(signed_in, make_ready_speech(owner), denoise=True)
    assert (status, told["error"]) == (409, "not_a_recording")
