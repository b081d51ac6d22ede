"""Who says what, in order: a script in plain words, the same as JSON, or options repeated on the command line.

Plain: one line each, ``Anna: Hello!``. Names stand for faces from left to right in the order in which they first
appear, unless a line ``Anna = 2, woman-old, en-gb`` (face, voice, language) says otherwise; ``Ben: @ben.wav`` plays a
sound, ``(0.8)`` is a pause in seconds before the next line, ``#`` begins a remark.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gpu_worker.errors import InputError
from gpu_worker.languages import find_language, find_voice
from gpu_worker.request import Line, SoundSpeech, TypedSpeech

#: Largest file that is read as a script, bytes.
_LARGEST = 1_000_000
#: Voices of people whose voice nobody chose, so that two of them do not sound alike.
_VOICES = ("woman", "man", "woman-bright", "man-deep", "woman-old", "man-old")
_CAST = re.compile(r"^(?P<name>[^:=#]{1,60}?)\s*=\s*(?P<rest>\d.*)$")
_PAUSE = re.compile(r"^\(\s*(?P<seconds>-?\d+(?:[.,]\d+)?)\s*s?\s*\)$")
_SAID = re.compile(r"^(?P<name>[^:#]{1,60}?)\s*:\s*(?P<words>.+)$")
_USUAL_PAUSE = 0.45
_LONGEST_PAUSE = 60.0
#: What a line of the JSON form may hold.
_FIELDS = frozenset(
    {"face", "name", "text", "audio", "transcript", "voice", "speed", "pitch", "language", "pause", "start"}
)


@dataclass(frozen=True)
class Dialogue:
    """Lines in order, and the faces that only listen."""

    lines: tuple[Line, ...]
    listeners: tuple[int, ...] = ()


@dataclass
class _Person:
    """Somebody of the script: the index of the face, voice and language."""

    face: int
    voice: str
    language: str


@dataclass
class _People:
    """Names and the faces they stand for; whoever is not introduced gets the next free face."""

    language: str
    known: dict[str, _Person] = field(default_factory=dict)

    def introduce(self, name: str, face: int, voice: str = "", language: str = "") -> None:
        chosen = find_voice(voice).code if voice else _VOICES[len(self.known) % len(_VOICES)]
        self.known[name.casefold()] = _Person(face, chosen, find_language(language or self.language).code)

    def named(self, name: str) -> _Person:
        key = name.casefold()
        if key not in self.known:
            taken = {person.face for person in self.known.values()}
            self.introduce(name, next(face for face in range(len(taken) + 1) if face not in taken))
        return self.known[key]


def read_dialogue(path: Path, language: str = "en") -> Dialogue:
    """The script at ``path``, JSON or plain; sounds are looked for beside it. ``language`` is that of lines without
    one.

    Raises InputError ``bad_dialogue`` (what and in which line), ``no_such_file``, ``unknown_voice`` or
    ``unsupported_language``.
    """
    if path.stat().st_size > _LARGEST:
        raise _bad("The script is too large.", "A script is a text file of a few pages.")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise _bad("The script is no text in UTF-8.", "Save it as plain text, UTF-8.") from error
    if text.lstrip()[:1] in ("{", "["):
        return _from_json(text, path.parent, language)
    return _from_plain(text, path.parent, language)


def _from_plain(text: str, folder: Path, language: str) -> Dialogue:
    people, lines, pause = _People(language), [], _USUAL_PAUSE
    for number, row in enumerate(text.splitlines(), 1):
        row = row.strip()
        if not row or row.startswith("#"):
            continue
        if found := _PAUSE.match(row):
            pause = _seconds(found["seconds"].replace(",", "."), f"line {number}")
        elif found := _CAST.match(row):
            face, *more = (part.strip() for part in found["rest"].split(","))
            if not face.isdigit() or len(more) > 2:
                raise _bad(f"Line {number} cannot be understood.", "Write: Anna = 0, voice, language.")
            people.introduce(found["name"], int(face), *more)
        elif found := _SAID.match(row):
            person, words = people.named(found["name"]), found["words"].strip()
            lines.append(Line(person.face, _speech(words, person, folder), pause))
            pause = _USUAL_PAUSE
        else:
            raise _bad(f"Line {number} cannot be understood: “{row[:60]}”.", "Write: Name: words.")
    return _whole(lines)


def _speech(words: str, person: _Person, folder: Path) -> TypedSpeech | SoundSpeech:
    if words.startswith("@"):
        return SoundSpeech(_sound(folder, words[1:].strip()), None, person.language)
    return TypedSpeech(words, person.language, person.voice)


def _from_json(text: str, folder: Path, language: str) -> Dialogue:
    try:
        form = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _bad("The script is not JSON.", f"It says: {error}.") from error
    if isinstance(form, list):
        form = {"lines": form}
    rows, listens = form.get("lines"), form.get("listens", [])
    if not isinstance(rows, list) or not isinstance(listens, list) or not all(_is_index(one) for one in listens):
        raise _bad('"lines" and "listens" must be lists.', 'Write: {"lines": [{"face": 0, "text": "Hello"}]}.')
    people = _People(str(form.get("language", language)))
    return _whole([_from_row(row, f"line {place}", people, folder) for place, row in enumerate(rows, 1)], listens)


def _from_row(row: Any, where: str, people: _People, folder: Path) -> Line:
    if not isinstance(row, dict) or set(row) - _FIELDS:
        extra = f" It has {sorted(set(row) - _FIELDS)[0]!r}." if isinstance(row, dict) else ""
        raise _bad(f"The {where} cannot be understood.{extra}", "Its fields are: " + ", ".join(sorted(_FIELDS)) + ".")
    if _is_index(row.get("face")):
        name = str(row.get("name", f"face {row['face']}"))
        if name.casefold() not in people.known:
            people.introduce(name, row["face"])
    elif isinstance(row.get("name"), str) and "face" not in row:
        name = row["name"]
    else:
        raise _bad(f"The {where} does not say who speaks.", 'Give "face", counted from 0, left to right, or "name".')
    person = people.named(name)
    said = [key for key in ("text", "audio") if isinstance(row.get(key), str)]
    if len(said) != 1:
        raise _bad(f"The {where} must have either a text or an audio.", 'For example "text": "Hello".')
    language = find_language(str(row["language"])).code if "language" in row else person.language
    speech: TypedSpeech | SoundSpeech
    if said == ["audio"]:
        speech = SoundSpeech(_sound(folder, row["audio"]), row.get("transcript"), language)
    else:
        voice = find_voice(str(row["voice"])).code if "voice" in row else person.voice
        speech = TypedSpeech(row["text"], language, voice, _factor(row, "speed", where), _factor(row, "pitch", where))
    pause = _seconds(row.get("pause", _USUAL_PAUSE), where)
    start = None if row.get("start") is None else _seconds(row["start"], where)
    return Line(row.get("face", person.face), speech, pause, start)


def grouped(said: Sequence[tuple[str, Any]]) -> tuple[Line, ...]:
    """Lines from options in their order: each ``--face`` begins one, what stands before the first holds for all.

    Raises InputError ``bad_arguments``.
    """
    common: dict[str, Any] = {}
    groups: list[dict[str, Any]] = []
    for name, value in said:
        if name == "face":
            groups.append({**common, "face": value})
        else:
            (groups[-1] if groups else common)[name] = value
    return tuple(_from_options(group) for group in groups)


def _from_options(group: dict[str, Any]) -> Line:
    text, audio = group.get("text"), group.get("audio")
    if not (text is None) ^ (audio is None):
        raise InputError(
            "bad_arguments",
            f"For face {group['face']} give either --text or --audio.",
            "Each --face begins a line; what it says follows it.",
        )
    language = group.get("language", "en")
    speech: TypedSpeech | SoundSpeech
    if audio is not None:
        if not audio.is_file():
            raise InputError("no_such_file", f"There is no file {audio}.", "Check the name, and that it is a file.")
        speech = SoundSpeech(audio, group.get("transcript"), language)
    else:
        voice = group.get("voice") or _VOICES[group["face"] % len(_VOICES)]
        speech = TypedSpeech(text or "", language, voice, group.get("speed", 1.0), group.get("pitch", 1.0))
    return Line(group["face"], speech, start=group.get("start"))


def _whole(lines: Sequence[Line], listens: Sequence[int] = ()) -> Dialogue:
    if not lines:
        raise _bad("Nobody says anything in the script.", "Write at least one line: Name: words.")
    return Dialogue(tuple(lines), tuple(listens))


def _sound(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.is_file():
        raise InputError("no_such_file", f"There is no file {path}.", "Sounds are looked for beside the script.")
    return path


def _seconds(value: Any, where: str) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        seconds = float("nan")
    if not -_LONGEST_PAUSE <= seconds <= 3600.0:
        raise _bad(f"A time in {where} is not a number of seconds.", "For example 0.8.")
    return seconds


def _factor(row: dict[str, Any], name: str, where: str) -> float:
    value = row.get(name, 1.0)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _bad(f"The {name} in {where} is not a number.", "1 is usual.")
    return float(value)


def _is_index(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _bad(message: str, hint: str) -> InputError:
    return InputError("bad_dialogue", message, hint)
