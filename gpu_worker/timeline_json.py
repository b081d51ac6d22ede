"""The TIMELINE form: words, phones, visemes and mouth of a :class:`schema.Timeline` as JSON, in seconds.

Writing is lossless to a tenth of a millisecond. Reading trusts nothing: files come from editors, browsers and hands.
Visemes are what the phones say; they are written for other programs and never read back.
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast, get_args

from gpu_worker.errors import InputError
from gpu_worker.languages import find_language
from gpu_worker.schema import MouthSpan, MouthState, Phone, Timeline, TimelineSource, Word
from gpu_worker.speech.dictionary import MAX_WORD, check_said
from gpu_worker.visemes.parameters import SHAPES, TRANSPARENT
from gpu_worker.visemes.spans import viseme_spans

#: Most words, phones and orders to the mouth, and longest duration, seconds: far beyond any speech that is taken.
MAX_WORDS, MAX_PHONES, MAX_MOUTH, MAX_SECONDS = 40_000, 200_000, 5_000, 14_400.0
#: Longest easing of a forced mouth, and its shortest span, seconds.
MAX_EASE, SHORTEST_MOUTH = 0.5, 0.02
#: Most reasons, and letters in each, that are taken over.
_REASONS, _REASON = 50, 500
#: Largest file that can hold all that, bytes.
MAX_BYTES = 32 * 1024 * 1024
#: Times this near are the same, seconds.
_SAME = 2e-4


def as_dict(timeline: Timeline, faces: Mapping[int, Timeline] | None = None) -> dict[str, Any]:
    """``{"language", "source", "words", "phones", "visemes"}`` first, then what this engine adds to them.

    ``faces`` are the timelines of a conversation's speakers by the index of their face: a list under ``faces``.
    """
    form: dict[str, Any] = {
        "language": timeline.language,
        "source": timeline.source,
        "words": [
            {"word": w.word, "start": rounded(w.start), "end": rounded(w.end), **({"said": w.said} if w.said else {})}
            for w in timeline.words
        ],
        "phones": [
            {"phone": p.phone, "start": rounded(p.start), "end": rounded(p.end), "stress": p.stress}
            for p in timeline.phones
        ],
        "visemes": [{"viseme": v.viseme, "start": rounded(v.start), "end": rounded(v.end)} for v in timeline.visemes],
        "mouth": [
            {"state": m.state, "start": rounded(m.start), "end": rounded(m.end), "ease": rounded(m.ease)}
            for m in timeline.mouth
        ],
        "duration": rounded(timeline.duration),
        "score": timeline.score,
        "reasons": list(timeline.reasons),
        "corrected": timeline.corrected,
    }
    if faces is not None:
        form["faces"] = [{"face": face, **as_dict(own)} for face, own in faces.items()]
    return form


def compact(timeline: Timeline) -> dict[str, Any]:
    """The same without visemes, and each phone as ``[phone, end, stress]``: a fifth of the size, for the wire."""
    form = as_dict(timeline)
    del form["visemes"]
    form["phones"] = [[p.phone, rounded(p.end), p.stress] for p in timeline.phones]
    return form


def write(timeline: Timeline, path: Path, faces: Mapping[int, Timeline] | None = None) -> None:
    """Write the JSON form to ``path``."""
    path.write_text(json.dumps(as_dict(timeline, faces), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read(path: Path) -> Timeline:
    """A timeline from a file. Raises :class:`InputError` ``bad_timeline`` or what :func:`from_dict` raises."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _bad("The file is too large to be a timeline.")
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        raise _bad("The file cannot be read as JSON.") from None
    return from_dict(value)


def from_dict(value: object) -> Timeline:
    """A timeline from its JSON form, or its compact one, every part of it checked.

    Raises :class:`InputError` ``bad_timeline`` with what is wrong, ``unsupported_language`` or ``bad_pronunciation``.
    """
    fields = _object(value, "The timeline")
    duration = _number(fields.get("duration"), "“duration”", MAX_SECONDS)
    if duration <= 0:
        raise _bad("“duration” must be more than 0.")
    language = fields.get("language")
    if not isinstance(language, str):
        raise _bad("“language” is missing.")
    source = fields.get("source")
    if source not in get_args(TimelineSource):
        raise _bad(f"“source” must be one of {', '.join(get_args(TimelineSource))}.")
    score = fields.get("score")
    phones = _phones(fields.get("phones"), duration)
    return Timeline(
        language=find_language(language).code,
        source=cast(TimelineSource, source),
        duration=duration,
        words=_words(fields.get("words"), duration),
        phones=phones,
        visemes=viseme_spans(phones),
        reasons=_reasons(fields.get("reasons", [])),
        score=None if score is None else _number(score, "“score”", 1.0),
        mouth=_mouth(fields.get("mouth", []), duration),
        corrected=fields.get("corrected") is True,
    )


def rounded(seconds: float) -> float:
    """A time as it is written: to a tenth of a millisecond."""
    return round(float(seconds), 4)


def check_label(word: str) -> str:
    """A word as it may be written, without spaces around it. Raises ``bad_timeline``."""
    shown = "".join(" " if unicodedata.category(letter)[0] == "C" and letter not in "\u200c\u200d" else letter
                    for letter in word).strip()  # fmt: skip
    if not shown or len(shown) > MAX_WORD:
        raise _bad(f"A word has 1 to {MAX_WORD} characters.")
    return shown


def _words(value: object, duration: float) -> tuple[Word, ...]:
    words: list[Word] = []
    at = 0.0
    for place, entry in enumerate(_list(value, "“words”", MAX_WORDS)):
        name = f"Word {place + 1}"
        fields = _object(entry, name)
        label, said = fields.get("word"), fields.get("said", "")
        if not isinstance(label, str) or not isinstance(said, str):
            raise _bad(f"{name} is no text.")
        start, end = _span(fields, name, at, duration)
        words.append(Word(check_label(label), start, end, check_said(said) if said.strip() else ""))
        at = end
    return tuple(words)


def _phones(value: object, duration: float) -> tuple[Phone, ...]:
    phones: list[Phone] = []
    at = 0.0
    for place, entry in enumerate(_list(value, "“phones”", MAX_PHONES)):
        name = f"Phone {place + 1}"
        if isinstance(entry, list) and len(entry) == 3:
            entry = {"phone": entry[0], "start": at, "end": entry[1], "stress": entry[2]}
        fields = _object(entry, name)
        phone, stress = fields.get("phone"), fields.get("stress", 0)
        if not isinstance(phone, str) or (phone not in SHAPES and phone not in TRANSPARENT):
            raise _bad(f"{name} is not in the list of phones.")
        if isinstance(stress, bool) or not isinstance(stress, int) or stress not in (0, 1, 2):
            raise _bad(f"The stress of {name.lower()} must be 0, 1 or 2.")
        start, end = _span(fields, name, at, duration)
        if abs(start - at) > _SAME or end <= start:
            raise _bad(f"{name} does not begin where the one before it ends.")
        phones.append(Phone(phone, at, end, int(stress)))
        at = end
    if abs(at - duration) > _SAME:
        raise _bad("The phones do not last as long as the sound.")
    return tuple(phones)


def _mouth(value: object, duration: float) -> tuple[MouthSpan, ...]:
    spans: list[MouthSpan] = []
    at = 0.0
    for place, entry in enumerate(_list(value, "“mouth”", MAX_MOUTH)):
        name = f"Order {place + 1} to the mouth"
        fields = _object(entry, name)
        state = fields.get("state")
        if state not in get_args(MouthState):
            raise _bad(f"{name} must be open or closed.")
        start, end = _span(fields, name, at, duration)
        if end - start < SHORTEST_MOUTH - _SAME:
            raise _bad(f"{name} is shorter than {SHORTEST_MOUTH * 1000:.0f} ms.")
        ease = _number(fields.get("ease", 0.06), f"The ease of {name.lower()}", MAX_EASE)
        spans.append(MouthSpan(cast(MouthState, state), start, end, ease))
        at = end
    return tuple(spans)


def _reasons(value: object) -> tuple[str, ...]:
    reasons = _list(value, "“reasons”", _REASONS)
    if not all(isinstance(reason, str) for reason in reasons):
        raise _bad("“reasons” must be sentences.")
    return tuple(reason[:_REASON] for reason in cast(list[str], reasons))


def _span(fields: Mapping[str, Any], name: str, after: float, duration: float) -> tuple[float, float]:
    """Start and end of an entry that may not begin before ``after``."""
    start = _number(fields.get("start"), f"The start of {name.lower()}", duration + _SAME)
    end = _number(fields.get("end"), f"The end of {name.lower()}", duration + _SAME)
    if start < after - _SAME or end < start:
        raise _bad(f"{name} is out of order.")
    return max(start, after), min(end, duration)


def _number(value: object, name: str, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise _bad(f"{name} must be a number.")
    if not 0 <= value <= most:
        raise _bad(f"{name} must lie between 0 and {most:g}.")
    return rounded(value)


def _object(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _bad(f"{name} must be an object.")
    return value


def _list(value: object, name: str, most: int) -> list[Any]:
    if not isinstance(value, list):
        raise _bad(f"{name} must be a list.")
    if len(value) > most:
        raise _bad(f"{name} has more than {most} entries.")
    return value


def _bad(message: str) -> InputError:
    return InputError("bad_timeline", message, "Write one with `align`, or load it again in the editor.")
