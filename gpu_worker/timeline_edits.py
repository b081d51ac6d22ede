"""Corrections of a timeline by hand: each takes a timeline and returns another, and refuses what makes no sense.

What an edit does not touch stays as it is, bit for bit. Boundaries of words lie on boundaries of phones: when a word's
edge moves, its phones stretch with it and silence gives way or fills up. static/js/editor/document.js does the same in
the browser; tests hold the two against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from gpu_worker.errors import InputError
from gpu_worker.schema import MouthSpan, MouthState, Phone, Timeline, Waveform, Word
from gpu_worker.speech.dictionary import check_said
from gpu_worker.timeline_json import MAX_EASE, SHORTEST_MOUTH, check_label, rounded
from gpu_worker.visemes.spans import viseme_spans

#: What is left of a phone at least when boundaries move, seconds.
SHORTEST_PHONE = 0.01
#: The reason that a corrected timeline carries.
BY_HAND = "Words, times or mouth were corrected by hand."
_SAME = 2e-4
#: By how much a timeline may differ in length from its sound, seconds.
_FIT = 0.05

Edge = Literal["start", "end"]


def move_word_edge(timeline: Timeline, index: int, edge: Edge, to: float) -> Timeline:
    """Move the start or end of a word. A word that touches it moves its own edge along.

    Raises ``no_such_word``, or ``boundary_out_of_reach`` where a neighbour, or phones of 10 ms, are in the way.
    """
    word = _word(timeline, index)
    if edge not in ("start", "end"):
        raise InputError("bad_edit", "A word has a start and an end to move.")
    at, to = (word.start if edge == "start" else word.end), _time(to)
    before, after = index - (edge == "start"), index + (edge == "end")
    first = _phone_at(timeline, at)
    left = _run(timeline, first - 1, -1, _limit(timeline, before, at, -1))
    right = _run(timeline, first, 1, _limit(timeline, after, at, 1))
    _check_reach(
        to,
        left.end + SHORTEST_PHONE * (0 if left.silent else first - left.cut),
        right.end - SHORTEST_PHONE * (0 if right.silent else right.cut - first),
    )
    to = next((end for end in (left.end, right.end) if abs(to - end) <= _SAME), to)
    phones = [*timeline.phones[: left.cut], *_stretched(timeline.phones[left.cut : first], left.end, to)]
    phones += [*_stretched(timeline.phones[first : right.cut], to, right.end), *timeline.phones[right.cut :]]
    words = list(timeline.words)
    for place in (before, after):
        if 0 <= place < len(words):
            words[place] = _with_edge(words[place], at, to)
    return _changed(timeline, words=tuple(words), phones=_filled(phones, timeline.duration))


def move_phone(timeline: Timeline, index: int, to: float) -> Timeline:
    """Move the boundary between phone ``index - 1`` and phone ``index``; edges of words on it move along.

    Raises ``no_such_phone`` or ``boundary_out_of_reach``.
    """
    if not 0 < index < len(timeline.phones):
        raise InputError("no_such_phone", "There is no such boundary between two phones.")
    before, after = timeline.phones[index - 1], timeline.phones[index]
    to = _time(to)
    _check_reach(to, before.start + SHORTEST_PHONE, after.end - SHORTEST_PHONE)
    phones = list(timeline.phones)
    phones[index - 1], phones[index] = replace(before, end=to), replace(after, start=to)
    words = tuple(_with_edge(word, after.start, to) for word in timeline.words)
    return _changed(timeline, words=words, phones=tuple(phones))


def spell(timeline: Timeline, index: int, word: str) -> Timeline:
    """Write a word otherwise. Its phones stay until it is aligned anew. Raises ``no_such_word``, ``bad_timeline``."""
    return _with_word(timeline, index, replace(_word(timeline, index), word=check_label(word)))


def pronounce(timeline: Timeline, index: int, said: str) -> Timeline:
    """Say how a word is pronounced: a respelling, IPA, or empty for as written. Its phones stay until it is aligned.

    Raises ``no_such_word`` or ``bad_pronunciation``.
    """
    return _with_word(timeline, index, replace(_word(timeline, index), said=check_said(said) if said.strip() else ""))


def split_word(timeline: Timeline, index: int, first: str, second: str) -> Timeline:
    """Make two words of one, parted at the phone boundary that fits their lengths best.

    Raises ``no_such_word``, ``bad_timeline``, or ``word_too_short`` where it has but one phone.
    """
    word = _word(timeline, index)
    first, second = check_label(first), check_label(second)
    inside = [p.start for p in timeline.phones if word.start + _SAME < p.start < word.end - _SAME]
    if not inside:
        raise InputError("word_too_short", "This word has a single sound and cannot be split.")
    wanted = word.start + (word.end - word.start) * len(first) / (len(first) + len(second))
    at = min(inside, key=lambda start: abs(start - wanted))
    parts = (Word(first, word.start, at), Word(second, at, word.end))
    return _changed(timeline, words=(*timeline.words[:index], *parts, *timeline.words[index + 1 :]))


def join_words(timeline: Timeline, index: int, word: str = "") -> Timeline:
    """Make one word of ``index`` and the next, written as ``word`` or as both in a row.

    Raises ``no_such_word`` or ``bad_timeline``.
    """
    one, two = _word(timeline, index), _word(timeline, index + 1)
    joined = Word(check_label(word or one.word + two.word), one.start, two.end)
    return _changed(timeline, words=(*timeline.words[:index], joined, *timeline.words[index + 2 :]))


def remove_word(timeline: Timeline, index: int) -> Timeline:
    """Strike out a word that nobody said. What sounds there keeps its phones until it is aligned anew."""
    _word(timeline, index)
    return _changed(timeline, words=(*timeline.words[:index], *timeline.words[index + 1 :]))


def force_mouth(timeline: Timeline, state: MouthState, start: float, end: float, ease: float = 0.06) -> Timeline:
    """Keep the mouth open or closed from ``start`` to ``end``; other orders give way there.

    Raises ``bad_mouth_span`` for a span that is empty, too short or outside the sound, or an ease beyond 0.5 s.
    """
    start, end, ease = _time(start), _time(end), _time(ease)
    inside = start >= 0.0 and end <= timeline.duration + _SAME and end - start >= SHORTEST_MOUTH - _SAME
    if state not in ("open", "closed") or not inside or not 0.0 <= ease <= MAX_EASE:
        raise InputError(
            "bad_mouth_span",
            f"The mouth can be forced open or closed for {SHORTEST_MOUTH * 1000:.0f} ms or longer, within the sound.",
            "Select a longer stretch.",
        )
    spans = [MouthSpan(state, start, min(end, timeline.duration), ease)]
    for span in timeline.mouth:
        pieces = (replace(span, end=min(span.end, start)), replace(span, start=max(span.start, end)))
        spans += [piece for piece in pieces if piece.end - piece.start >= SHORTEST_MOUTH - _SAME]
    return _changed(timeline, mouth=tuple(sorted(spans, key=lambda span: span.start)))


def release_mouth(timeline: Timeline, index: int) -> Timeline:
    """Take back an order to the mouth. Raises ``no_such_mouth_span``."""
    if not 0 <= index < len(timeline.mouth):
        raise InputError("no_such_mouth_span", "The mouth is not forced there.")
    return _changed(timeline, mouth=(*timeline.mouth[:index], *timeline.mouth[index + 1 :]))


_EDITS: dict[str, tuple[Callable[..., Timeline], tuple[tuple[str, type | tuple[type, ...]], ...], tuple[str, ...]]] = {
    "move_word_edge": (move_word_edge, (("index", int), ("edge", str), ("to", (int, float))), ()),
    "move_phone": (move_phone, (("index", int), ("to", (int, float))), ()),
    "spell": (spell, (("index", int), ("word", str)), ()),
    "pronounce": (pronounce, (("index", int), ("said", str)), ()),
    "split_word": (split_word, (("index", int), ("first", str), ("second", str)), ()),
    "join_words": (join_words, (("index", int), ("word", str)), ("word",)),
    "remove_word": (remove_word, (("index", int),), ()),
    "force_mouth": (
        force_mouth,
        (("state", str), ("start", (int, float)), ("end", (int, float)), ("ease", (int, float))),
        ("ease",),
    ),
    "release_mouth": (release_mouth, (("index", int),), ()),
}


def apply_edit(timeline: Timeline, edit: Mapping[str, Any]) -> Timeline:
    """One edit as JSON says it: ``{"edit": "move_phone", "index": 4, "to": 1.25}``; the names are those above.

    Raises ``bad_edit`` for one that is unknown or whose values are missing or of the wrong kind, and what it raises.
    """
    name = edit.get("edit")
    if not isinstance(name, str) or name not in _EDITS:
        raise InputError("bad_edit", "This is no known edit.", f"Use one of {', '.join(_EDITS)}.")
    function, fields, optional = _EDITS[name]
    values: dict[str, Any] = {}
    for field, kind in fields:
        if field in optional and field not in edit:
            continue
        value = edit.get(field)
        if isinstance(value, bool) or not isinstance(value, kind):
            raise InputError("bad_edit", f"“{field}” of {name} is missing or of the wrong kind.")
        values[field] = value
    return function(timeline, **values)


def marked_by_hand(timeline: Timeline) -> Timeline:
    """The timeline with the note that it was corrected."""
    reasons = timeline.reasons if BY_HAND in timeline.reasons else (*timeline.reasons, BY_HAND)
    return replace(timeline, corrected=True, reasons=reasons)


def check_fit(timeline: Timeline, sound: Waveform) -> Timeline:
    """The timeline, if it is as long as ``sound`` but for what rounding costs.

    Raises ``timeline_does_not_fit`` where it is that of another sound.
    """
    if abs(timeline.duration - sound.duration) > _FIT:
        raise InputError(
            "timeline_does_not_fit",
            f"The timeline lasts {timeline.duration:.2f} s and the sound {sound.duration:.2f} s.",
            "Use the timeline that was made from this very sound.",
        )
    return timeline


def _changed(timeline: Timeline, **changes: Any) -> Timeline:
    if "phones" in changes:
        changes["visemes"] = viseme_spans(changes["phones"])
    return marked_by_hand(replace(timeline, **changes))


def _with_word(timeline: Timeline, index: int, word: Word) -> Timeline:
    return _changed(timeline, words=(*timeline.words[:index], word, *timeline.words[index + 1 :]))


def _with_edge(word: Word, at: float, to: float) -> Word:
    """The word with those of its edges that lie at ``at`` moved."""
    start = to if abs(word.start - at) <= _SAME else word.start
    end = to if abs(word.end - at) <= _SAME else word.end
    return replace(word, start=start, end=end)


def _word(timeline: Timeline, index: int) -> Word:
    if not 0 <= index < len(timeline.words):
        raise InputError("no_such_word", "There is no such word.", "Load the timeline again.")
    return timeline.words[index]


def _phone_at(timeline: Timeline, at: float) -> int:
    """The phone that begins nearest to ``at``; as many as there are phones for the end of the sound."""
    starts = [phone.start for phone in timeline.phones] + [timeline.duration]
    return min(range(len(starts)), key=lambda place: abs(starts[place] - at))


@dataclass(frozen=True)
class _Run:
    """Phones on one side of a boundary that give way when it moves: where to cut before or after them, the time there,
    and whether they are but a silence."""

    cut: int
    end: float
    silent: bool


def _limit(timeline: Timeline, index: int, at: float, step: int) -> float:
    """How far phones give way beside a boundary at ``at``: to the far edge of a word that touches it, else to the near
    edge of the next word."""
    if not 0 <= index < len(timeline.words):
        return 0.0 if step < 0 else timeline.duration
    word = timeline.words[index]
    near, far = (word.end, word.start) if step < 0 else (word.start, word.end)
    return far if abs(near - at) <= _SAME else near


def _run(timeline: Timeline, place: int, step: int, limit: float) -> _Run:
    """The phones from ``place`` on, in the direction of ``step``, up to ``limit`` or the next silence."""
    phones = timeline.phones
    if not 0 <= place < len(phones):
        return _Run(0, 0.0, True) if step < 0 else _Run(len(phones), timeline.duration, True)
    silent = phones[place].phone == "SIL"
    while not silent and 0 <= place + step < len(phones):
        edge = phones[place].start if step < 0 else phones[place].end
        if (edge - limit) * step >= -_SAME or phones[place + step].phone == "SIL":
            break
        place += step
    return _Run(place, phones[place].start, silent) if step < 0 else _Run(place + 1, phones[place].end, silent)


def _stretched(phones: tuple[Phone, ...], start: float, end: float) -> list[Phone]:
    """Phones in a row, scaled to fill ``start`` to ``end``; none where there is no room at all."""
    if not phones or end - start <= _SAME:
        return []
    first, length = phones[0].start, phones[-1].end - phones[0].start
    edges = [rounded(start + (phone.start - first) * (end - start) / length) for phone in phones] + [end]
    edges[0] = start
    return [replace(phone, start=edges[place], end=edges[place + 1]) for place, phone in enumerate(phones)]


def _filled(phones: list[Phone], duration: float) -> tuple[Phone, ...]:
    """The phones with silence where the sound's ends were left, neighbouring silences as one."""
    if phones and phones[0].start > _SAME:
        phones = [Phone("SIL", 0.0, phones[0].start), *phones]
    if phones and phones[-1].end < duration - _SAME:
        phones = [*phones, Phone("SIL", phones[-1].end, duration)]
    filled: list[Phone] = []
    for phone in phones:
        if filled and filled[-1].phone == "SIL" == phone.phone:
            filled[-1] = replace(filled[-1], end=phone.end)
        else:
            filled.append(phone)
    return tuple(filled)


def _check_reach(to: float, low: float, high: float) -> None:
    if not low - _SAME <= to <= high + _SAME:
        raise InputError(
            "boundary_out_of_reach",
            f"This boundary can lie between {low:.2f} and {high:.2f} s.",
            "Move its neighbour first.",
        )


def _time(seconds: float) -> float:
    value = float(seconds)
    if not -1e6 < value < 1e6:  # false for NaN too
        raise InputError("bad_edit", "A time must be a number of seconds.")
    return rounded(value)
