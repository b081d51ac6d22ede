"""Voices that an operator installs: from the command line into the choices of the site."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from tests.gpu_worker.speech.test_neural_voice import files, tiny_model

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "models"
    monkeypatch.setenv("PICTURETALK_MODELS", str(folder))
    monkeypatch.setenv("PICTURETALK_FLITE", "/nowhere/flite")
    return folder


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("voices", *arguments, stdout=out)
    return out.getvalue()


def voices_for(client: Client, code: str) -> dict[str, dict[str, object]]:
    languages = client.get("/api/languages/").json()["languages"]
    return {voice["id"]: voice for one in languages if one["code"] == code for voice in one["voices"]}


def test_installed_from_the_command_line_and_used_on_the_site(signed_in: Client, tmp_path: Path) -> None:
    path = files(tmp_path, "granny", tiny_model(True))
    said = run("add", str(path), "--licence", "CC0 1.0", "--commercial")
    assert "CC0 1.0" in said
    assert "sha256" in said
    assert json.loads(run("list", "--json"))[0]["code"] == "granny"
    assert "granny: present" in run("check")
    offered = voices_for(signed_in, "en-gb")["granny"]
    assert (offered["engine"], offered["licence"], offered["pitch"]) == ("piper", "CC0 1.0", False)
    assert "granny" not in voices_for(signed_in, "de")
    words = {"kind": "typed", "text": "Hello", "language": "en", "voice": "granny"}
    made = signed_in.post("/api/speech/", words, content_type="application/json")
    assert (made.status_code, made.json()["voice"]) == (201, "granny")
    refused = signed_in.post("/api/speech/", {**words, "language": "de"}, content_type="application/json")
    assert (refused.status_code, refused.json()["error"]) == (400, "voice_speaks_another_language")


def test_what_may_not_be_used_is_not_offered(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = files(tmp_path, "private", tiny_model(True))
    assert "not offered" in run("add", str(path), "--licence", "CC BY-NC", "--non-commercial")
    assert "not offered" in run("list")
    assert "private" not in voices_for(client, "en")
    monkeypatch.setenv("PICTURETALK_NON_COMMERCIAL_MODELS", "1")
    assert "private" in voices_for(client, "en")


def test_a_changed_file_is_noticed_and_a_voice_removed(models: Path, tmp_path: Path) -> None:
    run("add", str(files(tmp_path, "granny", tiny_model(True))), "--licence", "CC0", "--commercial")
    with (models / "voices" / "granny" / "voice.onnx").open("ab") as file:
        file.write(b"x")
    with pytest.raises(CommandError, match="Not every"):
        run("check")
    assert "removed" in run("remove", "granny")
    assert "No neural voice" in run("check")
    with pytest.raises(CommandError, match="no installed voice"):
        run("check", "granny")


@pytest.mark.parametrize(
    ("text", "chosen", "suggested"),
    [
        ("Hola abuela, te quiero mucho", "en", "es"),
        ("Hallo Oma, wie geht es dir", "en", "de"),
        ("おばあちゃん大好き", "en", "ja"),
        ("Hello, it is lovely to see you all", "en-gb", None),
        ("", "en", None),
        ("la la la", "en", None),
    ],
)
def test_another_language_is_suggested_only_when_it_is_clear(
    signed_in: Client, text: str, chosen: str, suggested: str | None
) -> None:
    body = {"text": text, "language": chosen}
    answer = signed_in.post("/api/speech/language/", body, content_type="application/json")
    assert answer.json() == {"suggested": suggested}
