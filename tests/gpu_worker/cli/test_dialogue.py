"""Scripts of several people: in plain words, as JSON, as repeated options; and what is wrong with some of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gpu_worker.cli.arguments import parser
from gpu_worker.cli.commands import _lines
from gpu_worker.cli.dialogue import read_dialogue
from gpu_worker.errors import InputError
from gpu_worker.request import SoundSpeech, TypedSpeech

PLAIN = """\
# Two old friends
Ben = 2, man-old, en-gb

Anna: Hello: how are you?
Ben: Very well.
(1,5)
ANNA: @sounds/anna.wav
"""


def script(folder: Path, text: str, name: str = "talk.txt") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_plain_script(tmp_path: Path) -> None:
    (tmp_path / "sounds").mkdir()
    (tmp_path / "sounds" / "anna.wav").write_bytes(b"x")
    first, second, third = read_dialogue(script(tmp_path, PLAIN)).lines
    assert isinstance(first.speech, TypedSpeech)
    assert isinstance(second.speech, TypedSpeech)
    assert (first.face, first.speech.text) == (0, "Hello: how are you?")
    assert (second.face, second.speech.voice, second.speech.language) == (2, "man-old", "en-gb")
    assert first.speech.voice != second.speech.voice
    assert isinstance(third.speech, SoundSpeech)
    assert (third.face, third.speech.path.name, third.pause) == (0, "anna.wav", 1.5)


def test_people_who_are_not_introduced_get_the_faces_from_left_to_right(tmp_path: Path) -> None:
    lines = read_dialogue(script(tmp_path, "A: one\nB: two\nC: three\nb: four")).lines
    assert [line.face for line in lines] == [0, 1, 2, 1]
    voices = [line.speech.voice for line in lines if isinstance(line.speech, TypedSpeech)]
    assert len(set(voices[:3])) == 3


def test_a_script_as_json(tmp_path: Path) -> None:
    form = {
        "language": "de",
        "lines": [
            {"face": 1, "text": "Guten Tag", "voice": "man", "speed": 1.2},
            {"name": "Eva", "text": "Hallo", "pause": 0.1},
            {"face": 1, "text": "Bitte?", "start": 4, "language": "en"},
        ],
        "listens": [2, 3],
    }
    dialogue = read_dialogue(script(tmp_path, json.dumps(form)))
    first, second, third = dialogue.lines
    assert dialogue.listeners == (2, 3)
    assert first.speech == TypedSpeech("Guten Tag", "de", "man", 1.2, 1.0)
    assert (second.face, second.pause, second.speech.language) == (0, 0.1, "de")
    assert (third.start, third.speech.language) == (4.0, "en")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "bad_dialogue"),
        ("# nothing", "bad_dialogue"),
        ("Hello there", "bad_dialogue"),
        ("Anna: hi\nBen:", "bad_dialogue"),
        ("Anna = 0, woman, en, more\nAnna: hi", "bad_dialogue"),
        ("Anna = 0, robot\nAnna: hi", "unknown_voice"),
        ("Anna = 0, man, xx\nAnna: hi", "unsupported_language"),
        ("Anna: @missing.wav", "no_such_file"),
        ("(99)\nAnna: hi\n(-99)", "bad_dialogue"),
        ("{", "bad_dialogue"),
        ("[]", "bad_dialogue"),
        ('{"lines": 3}', "bad_dialogue"),
        ('{"lines": ["hi"]}', "bad_dialogue"),
        ('{"lines": [{"text": "hi"}]}', "bad_dialogue"),
        ('{"lines": [{"face": true, "text": "hi"}]}', "bad_dialogue"),
        ('{"lines": [{"face": -1, "text": "hi"}]}', "bad_dialogue"),
        ('{"lines": [{"face": 0}]}', "bad_dialogue"),
        ('{"lines": [{"face": 0, "text": "hi", "audio": "x.wav"}]}', "bad_dialogue"),
        ('{"lines": [{"face": 0, "text": "hi", "pause": "long"}]}', "bad_dialogue"),
        ('{"lines": [{"face": 0, "text": "hi", "speed": "fast"}]}', "bad_dialogue"),
        ('{"lines": [{"face": 0, "text": "hi", "mood": "gay"}]}', "bad_dialogue"),
        ('{"lines": [{"face": 0, "text": "hi"}], "listens": ["all"]}', "bad_dialogue"),
    ],
)
def test_what_is_wrong_is_said(text: str, code: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_dialogue(script(tmp_path, text))
    assert caught.value.code == code
    assert caught.value.hint


def test_a_script_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "talk.txt"
    path.write_bytes(b"Anna: \xff\xfe")
    with pytest.raises(InputError) as caught:
        read_dialogue(path)
    assert caught.value.code == "bad_dialogue"


def lines_of(*typed: Any) -> Any:
    arguments = parser().parse_args(["animate", "p.jpg", "-o", "o.mp4", *map(str, typed)])
    return _lines(arguments)


def test_repeated_options_in_their_order() -> None:
    lines, listeners = lines_of(
        "--language", "fr", "--face", 1, "--text", "Salut", "--voice", "man", "--face", 0, "--text", "Hello",
        "--language", "en", "--start", 2.5, "--listens", 2, "--listens", 3,
    )  # fmt: skip
    assert [(line.face, line.speech, line.start) for line in lines] == [
        (1, TypedSpeech("Salut", "fr", "man"), None),
        (0, TypedSpeech("Hello", "en", "woman"), 2.5),
    ]
    assert listeners == (2, 3)


def test_one_face_speaks_as_before() -> None:
    assert lines_of("--face", 1, "--text", "Hello") == ((), ())


@pytest.mark.parametrize(
    "typed",
    [
        ("--face", 0, "--text", "a", "--face", 1),
        ("--face", 0, "--text", "a", "--audio", "b.wav", "--face", 1, "--text", "c"),
        ("--listens", 1, "--text", "a"),
        ("--dialogue", "d.txt", "--text", "a"),
    ],
)
def test_options_that_contradict_each_other(typed: tuple[Any, ...]) -> None:
    with pytest.raises(InputError) as caught:
        lines_of(*typed)
    assert caught.value.code == "bad_arguments"
