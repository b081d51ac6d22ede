"""Hearing typed words at once: a worker really speaks them; nothing is kept."""

from __future__ import annotations

import io
import wave
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import django_rq
import pytest
from django.test import Client
from rq import SimpleWorker

from animator import queue
from animator.errors import SiteError
from animator.models import Speech
from animator.services import preview
from animator.services.speech import TypedWords
from gpu_worker.config import EngineConfig
from gpu_worker.errors import InputError

pytestmark = pytest.mark.django_db


def ask(client: Client, **body: object) -> tuple[int, str]:
    answer = client.post("/api/speech/preview/", {"kind": "typed", **body}, content_type="application/json")
    return answer.status_code, answer.json()["error"]


def hear_from_a_worker(words: TypedWords) -> bytes:
    """Ask as a request does, in a thread of its own, while this one works off the queue."""
    connection = django_rq.get_connection(queue.INSPECT)
    with ThreadPoolExecutor(1) as pool:
        sound = pool.submit(preview.hear, "somebody", words)
        worker = SimpleWorker([django_rq.get_queue(queue.INSPECT)], connection=connection)
        worker.work(max_jobs=1, max_idle_time=20, logging_level="WARNING")
        return sound.result(30)


def seconds(sound: bytes) -> float:
    with wave.open(io.BytesIO(sound)) as file:
        assert any(file.readframes(file.getnframes()))
        length: float = file.getnframes() / file.getframerate()
        return length


def test_words_are_heard_and_nothing_is_kept() -> None:
    usual = seconds(hear_from_a_worker(TypedWords("Hello, my dear. How are you today?")))
    slow = seconds(hear_from_a_worker(TypedWords("Hello, my dear. How are you today?", speed=0.6)))
    assert 0.8 < usual < 4.0
    assert slow > usual * 1.3
    assert Speech.objects.count() == 0


def test_bad_words_are_refused_before_a_worker_is_asked(signed_in: Client) -> None:
    assert ask(signed_in, text="") == (400, "empty_text")
    assert ask(signed_in, text="Hello", language="xx") == (400, "unsupported_language")
    assert ask(signed_in, text="Hello", speed=9) == (400, "bad_speed")
    assert ask(signed_in, text="[slow]Hello") == (400, "markup_not_closed")
    assert ask(signed_in, text="<speak>Hello <break time='nonsense'/></speak>") == (400, "bad_markup")


def test_a_refusal_of_the_engine_reaches_the_user(settings: Any) -> None:
    # That the sound is longer than allowed shows only once it is spoken.
    settings.ENGINE_CONFIG = EngineConfig(max_sound_seconds=5.0)
    with pytest.raises(InputError) as refusal:
        hear_from_a_worker(TypedWords("Hello [pause 9s] again"))
    assert refusal.value.code == "speech_too_long"


def test_without_a_worker_the_user_is_told_and_nothing_waits(
    signed_in: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preview, "PATIENCE_S", 1.0)
    assert ask(signed_in, text="Hello") == (503, "try_later")
    assert not queue.waiting(queue.INSPECT)


def test_there_is_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview, "PREVIEWS", 0)
    with pytest.raises(SiteError) as refusal:
        preview.hear("somebody", TypedWords("Hello"))
    assert (refusal.value.code, refusal.value.status) == ("too_often", 429)


def test_a_long_text_is_cut_between_words() -> None:
    text = "word " * 200
    cut = preview.beginning(text)
    assert len(cut) <= preview.LONGEST_TEXT
    assert cut.endswith("word")
    assert preview.beginning("字" * 500) == "字" * preview.LONGEST_TEXT
    assert preview.beginning("short") == "short"
