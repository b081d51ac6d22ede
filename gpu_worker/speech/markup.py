"""Mark-up in typed text: a subset of SSML 1.1 and a plain form of it, read into :class:`Passage`.

    plain  [pause] [pause 0.5s] [pause 300ms]; [slow]…[/slow], fast, low, high, soft, loud, strong
    SSML   <break time strength>, <prosody rate pitch volume>, <emphasis level>, <say-as interpret-as>,
           <phoneme alphabet="ipa" ph>, <sub alias>, <speak>

Only these names begin mark-up; every other "<", "&" or "[" is a character of the text, but inside ``<speak>``, where
entities are resolved and elements of other names are passed over with their content spoken. Nothing typed reaches a
synthesiser as mark-up: what is said is written anew from the passages. Light: the site may import it.
"""

from __future__ import annotations

import html
import math
import re
from dataclasses import dataclass, replace
from typing import NoReturn, cast

from gpu_worker.errors import InputError
from gpu_worker.speech.passage import Emphasis, Passage

#: Longest single pause, seconds, and the length of ``[pause]``.
MAX_PAUSE, DEFAULT_PAUSE = 10.0, 0.5
#: What the factors of rate, pitch and volume are held to.
RATES, PITCHES, VOLUMES = (0.5, 2.0), (0.5, 2.0), (0.0, 2.0)

_NAMES = "speak|break|prosody|emphasis|say-as|phoneme|sub"
_PLAIN: dict[str, dict[str, float | str]] = {
    "slow": {"rate": 0.75}, "fast": {"rate": 1.3}, "low": {"pitch": 0.8}, "high": {"pitch": 1.25},
    "soft": {"volume": 0.5}, "loud": {"volume": 1.5}, "strong": {"emphasis": "strong"},
}  # fmt: skip
_NAMED: dict[str, dict[str, float]] = {
    "rate": {"x-slow": 0.5, "slow": 0.75, "medium": 1.0, "default": 1.0, "fast": 1.3, "x-fast": 1.7},
    "pitch": {"x-low": 0.65, "low": 0.8, "medium": 1.0, "default": 1.0, "high": 1.25, "x-high": 1.5},
    "volume": {"silent": 0.0, "x-soft": 0.3, "soft": 0.6, "medium": 1.0, "default": 1.0, "loud": 1.5, "x-loud": 2.0},
}  # fmt: skip
_RANGES = {"rate": RATES, "pitch": PITCHES, "volume": VOLUMES}
_STRENGTHS = {"none": 0.0, "x-weak": 0.1, "weak": 0.25, "medium": 0.5, "strong": 0.8, "x-strong": 1.2}
_SPELLED = {"characters": "characters", "spell-out": "characters", "digits": "digits"}

_TAG = re.compile(rf"<(?P<end>/?)(?P<name>{_NAMES})(?P<attributes>(?:\s[^<>]*?)?)(?P<empty>/?)>", re.IGNORECASE)
_BROKEN_TAG = re.compile(rf"</?(?:{_NAMES})(?=[\s/]|$)", re.IGNORECASE)
_OTHER_TAG = re.compile(r"</?[A-Za-z][\w:.-]*(?:\s[^<>]*)?>|<\?[^>]*\?>|<!--.*?-->", re.DOTALL)
_ATTRIBUTE = re.compile(r"\s+([\w:.-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_PAUSE = re.compile(r"\[pause(?:[ :]+(?P<number>\d+(?:[.,]\d+)?) ?(?P<unit>ms|s|sec)?)?\]", re.IGNORECASE)
#: A pause that the line does not close; "[pause for effect]" is text.
_BROKEN_PAUSE = re.compile(r"\[pause\b(?![^\[\]\n]*\])", re.IGNORECASE)
_STYLE = re.compile(rf"\[(?P<end>/?)(?P<name>{'|'.join(_PLAIN)})\]", re.IGNORECASE)
_START = re.compile(r"[<\[]")


@dataclass(frozen=True)
class _Open:
    """An element that was opened: its name as typed, and how passages were spoken before it."""

    name: str
    shown: str
    before: Passage


def parse_markup(text: str) -> tuple[Passage, ...]:
    """The passages of typed ``text``; text without mark-up is one passage with exactly that text.

    Raises :class:`InputError`: ``markup_not_closed`` where an element or a bracket is left open or closed in the wrong
    order, ``bad_markup`` where a value cannot be understood.
    """
    return _Parser(text).parse()


class _Parser:
    """One pass over the text, with a stack of what is open."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._written: list[str] = []
        self._passages: list[Passage] = []
        self._style = Passage("")
        self._stack: list[_Open] = []

    def parse(self) -> tuple[Passage, ...]:
        while self._at < len(self._text):
            start = _START.search(self._text, self._at)
            upto = start.start() if start else len(self._text)
            self._written.append(self._text[self._at : upto])
            self._at = upto
            if start and not self._markup():
                self._written.append(self._text[self._at])
                self._at += 1
        if self._stack:
            _not_closed(self._stack[-1].shown)
        self._flush()
        return tuple(self._passages)

    def _markup(self) -> bool:
        """Read the mark-up that begins here, if any does."""
        text, at = self._text, self._at
        if tag := _TAG.match(text, at):
            self._tag(tag)
        elif broken := _BROKEN_TAG.match(text, at):
            _not_closed(broken.group())
        elif pause := _PAUSE.match(text, at):
            self._pause(_pause_seconds(pause))
            self._at = pause.end()
        elif style := _STYLE.match(text, at):
            self._plain_style(style)
        elif broken := _BROKEN_PAUSE.match(text, at):
            _not_closed(broken.group())
        elif self._inside_speak() and (other := _OTHER_TAG.match(text, at)):
            self._written.append(" ")
            self._at = other.end()
        else:
            return False
        return True

    def _tag(self, tag: re.Match[str]) -> None:
        name, shown = tag["name"].lower(), f"<{tag['name']}>"
        self._at = tag.end()
        if tag["end"]:
            self._close(name, tag.group())
            return
        attributes = _attributes(tag["attributes"], tag.group())
        if name == "break":
            self._pause(_break_seconds(attributes))
            if not tag["empty"]:
                closing = re.compile(r"\s*</break\s*>", re.IGNORECASE).match(self._text, self._at)
                self._at = closing.end() if closing else self._at
        elif tag["empty"]:
            return
        elif name in ("sub", "phoneme"):
            self._replaced(name, attributes, shown)
        else:
            self._open(name, shown, _styled(self._style, name, attributes))

    def _plain_style(self, style: re.Match[str]) -> None:
        name = style["name"].lower()
        self._at = style.end()
        if style["end"]:
            self._close("[" + name, style.group())
        else:
            self._open("[" + name, style.group(), _changed(self._style, _PLAIN[name]))

    def _open(self, name: str, shown: str, style: Passage) -> None:
        self._flush()
        self._stack.append(_Open(name, shown, self._style))
        self._style = style

    def _close(self, name: str, shown: str) -> None:
        if not self._stack:
            raise _bad(f"“{shown}” closes nothing.", "Take it away, or put the mark that opens before the words.")
        if self._stack[-1].name != name:
            _not_closed(self._stack[-1].shown)
        self._flush()
        self._style = self._stack.pop().before

    def _replaced(self, name: str, attributes: dict[str, str], shown: str) -> None:
        """<sub> and <phoneme>: the words up to the end of the element are said otherwise."""
        end = re.compile(rf"</{name}\s*>", re.IGNORECASE).search(self._text, self._at)
        if end is None:
            _not_closed(shown)
        content = self._resolved(self._text[self._at : end.start()]).strip()
        if _TAG.search(content):
            _not_closed(shown)
        said = attributes.get("alias" if name == "sub" else "ph", "").strip()
        if not said:
            wanted = 'alias="other words"' if name == "sub" else 'ph="həˈloʊ"'
            raise _bad(f"{shown} does not say how its words are spoken.", f"Write {shown[:-1]} {wanted}>…</{name}>.")
        if name == "phoneme" and attributes.get("alphabet", "ipa").lower() != "ipa":
            raise _bad(
                f"{shown} has an alphabet other than IPA.", 'Write alphabet="ipa" and the sounds in IPA letters.'
            )
        self._flush()
        spoken = {"respelled": said} if name == "sub" else {"ipa": said}
        self._passages.append(replace(self._style, text=content or said, **spoken))  # type: ignore[arg-type]
        self._at = end.end()

    def _pause(self, seconds: float) -> None:
        self._flush()
        if seconds > 0:
            self._passages.append(Passage("", pause=seconds))

    def _flush(self) -> None:
        text = "".join(self._written)
        self._written = []
        if self._inside_speak():
            text = self._resolved(text)
        if text:
            self._passages.append(replace(self._style, text=text))

    def _inside_speak(self) -> bool:
        return any(opened.name == "speak" for opened in self._stack)

    def _resolved(self, text: str) -> str:
        return html.unescape(text) if self._inside_speak() else text


def _styled(style: Passage, name: str, attributes: dict[str, str]) -> Passage:
    """The style inside an element."""
    if name == "prosody":
        factors = {key: _factor(key, value) for key, value in attributes.items() if key in _NAMED}
        return _changed(style, cast("dict[str, float | str]", factors))
    if name == "emphasis":
        level = attributes.get("level", "moderate").lower()
        if level not in ("none", "reduced", "moderate", "strong"):
            raise _bad(f"There is no emphasis “{level[:20]}”.", "Use none, reduced, moderate or strong.")
        return replace(style, emphasis=cast(Emphasis, level))
    if name == "say-as":
        # Numbers, dates and times are read as such without being told.
        return replace(style, spelled=_SPELLED.get(attributes.get("interpret-as", "").lower()))  # type: ignore[arg-type]
    return style


def _changed(style: Passage, changes: dict[str, float | str]) -> Passage:
    """Factors multiply with those around them and are held to their ranges."""
    values: dict[str, float | str] = {}
    for name, value in changes.items():
        if name in _RANGES:
            low, high = _RANGES[name]
            values[name] = min(max(float(getattr(style, name)) * float(value), low), high)
        else:
            values[name] = value
    return replace(style, **values)  # type: ignore[arg-type]


def _factor(name: str, value: str) -> float:
    """SSML's names, ``80%``, ``+20%``, ``-3st`` (pitch), ``+6dB`` (volume) or ``1.2`` as a factor."""
    value = value.strip().lower()
    if value in _NAMED[name]:
        return _NAMED[name][value]
    found = re.fullmatch(r"([+-]?)(\d{1,4}(?:\.\d{1,4})?)(%|st|db|)", value)
    if found is not None:
        sign, number, unit = found[1], float(found[2]), found[3]
        signed = -number if sign == "-" else number
        if unit == "%":
            return 1.0 + signed / 100.0 if sign else number / 100.0
        if unit == "st" and name == "pitch":
            return float(2.0 ** (min(max(signed, -24.0), 24.0) / 12.0))
        if unit == "db" and name == "volume":
            return float(10.0 ** (min(max(signed, -60.0), 20.0) / 20.0))
        if not unit and not sign:
            return number
    raise _bad(f"“{value[:20]}” is no {name} that can be understood.", f'Write for example {name}="80%" or "+20%".')


def _attributes(source: str, tag: str) -> dict[str, str]:
    found = {
        match[1].lower(): html.unescape(match[2] if match[2] is not None else match[3])
        for match in _ATTRIBUTE.finditer(source)
    }
    if _ATTRIBUTE.sub("", source).strip():
        raise _bad(f"“{tag[:60]}” cannot be understood.", 'Write its values in quotation marks, as in time="500ms".')
    return found


def _break_seconds(attributes: dict[str, str]) -> float:
    time = attributes.get("time")
    if time is None:
        strength = attributes.get("strength", "medium").lower()
        if strength not in _STRENGTHS:
            raise _bad(f"There is no break “{strength[:20]}”.", 'Write for example time="500ms".')
        return _STRENGTHS[strength]
    found = re.fullmatch(r"\+?(\d{1,6}(?:\.\d{1,4})?)(ms|s)", time.strip().lower())
    if found is None:
        raise _bad(f"“{time[:20]}” is no length of a pause.", 'Write for example time="500ms" or time="1.5s".')
    return _allowed_pause(float(found[1]) / (1000.0 if found[2] == "ms" else 1.0))


def _pause_seconds(pause: re.Match[str]) -> float:
    if pause["number"] is None:
        return DEFAULT_PAUSE
    number = float(pause["number"].replace(",", "."))
    return _allowed_pause(number / 1000.0 if (pause["unit"] or "").lower() == "ms" else number)


def _allowed_pause(seconds: float) -> float:
    if not math.isfinite(seconds) or seconds > MAX_PAUSE:
        raise _bad(f"A pause lasts at most {MAX_PAUSE:g} seconds.", "Write a shorter one, or several in a row.")
    return seconds


def _not_closed(shown: str) -> NoReturn:
    what = shown.strip()
    closing = "]" if what.startswith("[pause") else what.replace("<", "</").replace("[", "[/")
    if what.startswith("<") and not what.endswith(">"):
        closing = ">"
    raise InputError(
        "markup_not_closed",
        f"“{what[:40]}” is not closed, or something inside it is closed too late.",
        f"Put “{closing[:40]}” where it ends, or take it away.",
    )


def _bad(message: str, hint: str) -> InputError:
    return InputError("bad_markup", message, hint)
