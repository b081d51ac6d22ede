"""Correcting a timeline: what each edit changes, what it leaves, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gpu_worker import timeline_json
from gpu_worker.errors import InputError
from gpu_worker.motion.margins import with_margins
from gpu_worker.motion.pauses import pauses
from gpu_worker.schema import Phone, Timeline, VisemeTrack, Waveform
from gpu_worker.timeline_edits import BY_HAND, apply_edit, check_fit, force_mouth, move_word_edge
from gpu_worker.visemes.coarticulation import mouth_opening, viseme_track
from gpu_worker.visemes.rules import column
from tests.gpu_worker.edited import CASES, small_timeline

FPS = 50.0


def carried_out(edits: list[dict[str, Any]]) -> Timeline:
    timeline = small_timeline()
    for edit in edits:
        timeline = apply_edit(timeline, edit)
    return timeline


def assert_sound(timeline: Timeline) -> None:
    """Phones cover the whole, words lie on their boundaries, and JSON gives back the same."""
    edges = [phone.start for phone in timeline.phones] + [timeline.duration]
    assert edges[0] == 0.0
    assert [phone.end for phone in timeline.phones] == edges[1:]
    assert all(phone.end - phone.start >= 0.0099 for phone in timeline.phones)
    for word in timeline.words:
        assert word.start in edges
        assert word.end in edges
    assert timeline_json.from_dict(timeline_json.as_dict(timeline)) == timeline


@pytest.mark.parametrize("case", [case for case in CASES if "error" not in case], ids=lambda case: case["name"])
def test_an_edit_leaves_a_sound_timeline(case: dict[str, Any]) -> None:
    edited = carried_out(case["edits"])
    assert edited != small_timeline()
    assert edited.corrected
    assert edited.reasons.count(BY_HAND) == 1
    assert_sound(edited)


@pytest.mark.parametrize("case", [case for case in CASES if "error" in case], ids=lambda case: case["name"])
def test_what_makes_no_sense_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(InputError) as refusal:
        carried_out(case["edits"])
    assert refusal.value.code == case["error"]


@pytest.mark.parametrize(
    "edit",
    [
        {},
        {"edit": "explode"},
        {"edit": "spell", "index": 0},
        {"edit": "spell", "index": "0", "word": "x"},
        {"edit": "spell", "index": True, "word": "x"},
        {"edit": "move_phone", "index": 2, "to": float("nan")},
        {"edit": "move_word_edge", "index": 0, "edge": "middle", "to": 0.3},
    ],
)
def test_what_is_no_edit_is_refused(edit: dict[str, Any]) -> None:
    with pytest.raises(InputError) as refusal:
        apply_edit(small_timeline(), edit)
    assert refusal.value.code == "bad_edit"


def test_touching_words_share_their_boundary() -> None:
    edited = move_word_edge(small_timeline(), 0, "end", 0.56)
    assert (edited.words[0].end, edited.words[1].start) == (0.56, 0.56)
    assert edited.words[2] == small_timeline().words[2]
    # Phones stretch in proportion.
    assert [round(phone.start, 4) for phone in edited.phones[1:6]] == [0.2, 0.32, 0.464, 0.56, 0.64]


def test_what_an_edit_does_not_touch_stays_bit_for_bit() -> None:
    before, after = small_timeline(), move_word_edge(small_timeline(), 2, "start", 1.02)
    assert after.words[:2] == before.words[:2]
    assert after.phones[:6] == before.phones[:6]
    assert after.phones[-1] == before.phones[-1]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("duration",), 0), (("duration",), "long"), (("duration",), float("inf")), (("source",), "magic"),
        (("language",), None), (("language",), "xx"), (("words",), {}), (("words", 0), []), (("words", 0, "word"), " "),
        (("words", 0, "word"), "x" * 200), (("words", 0, "end"), 0.9), (("words", 0, "start"), -1),
        (("words", 0, "said"), "/ℵ/"), (("words", 0, "said"), 4), (("phones", 1, "phone"), "QQ"),
        (("phones", 1, "end"), 0.35), (("phones", 1, "stress"), 5), (("phones",), []),
        (("mouth",), [{"state": "agape"}]), (("mouth",), [{"state": "open", "start": 1, "end": 1.01}]),
        (("mouth",), [{"state": "open", "start": 0.5, "end": 9}]),
        (("mouth",), [{"state": "open", "start": 0, "end": 1, "ease": 2}]), (("reasons",), [1]), (("score",), 7),
    ],
)  # fmt: skip
def test_a_timeline_from_elsewhere_is_checked(path: tuple[str | int, ...], value: object) -> None:
    form: Any = timeline_json.as_dict(small_timeline())
    place = form
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(InputError) as refusal:
        timeline_json.from_dict(form)
    assert refusal.value.code in ("bad_timeline", "unsupported_language", "bad_pronunciation")


@pytest.mark.parametrize("value", [None, [], "x", 4, {}])
def test_what_is_no_timeline_is_refused(value: object) -> None:
    with pytest.raises(InputError) as refusal:
        timeline_json.from_dict(value)
    assert refusal.value.code == "bad_timeline"


def test_a_timeline_of_another_sound_does_not_fit() -> None:
    with pytest.raises(InputError) as refusal:
        check_fit(small_timeline(), Waveform(np.zeros(16000, np.float32), 16000))
    assert refusal.value.code == "timeline_does_not_fit"


def humming() -> Waveform:
    """A steady tone as long as the small timeline."""
    return Waveform((0.2 * np.sin(np.arange(28800) * 0.05)).astype(np.float32), 16000)


def near(track: VisemeTrack, name: str, start: float, end: float) -> Any:
    return track.values[round(start * FPS) : round(end * FPS) + 1, column(name)]


def test_a_mouth_forced_closed_is_shut_and_eases_at_both_ends() -> None:
    plain = viseme_track(small_timeline(), humming(), FPS)
    timeline = force_mouth(small_timeline(), "closed", 1.2, 1.36, 0.08)
    forced = viseme_track(timeline, humming(), FPS)
    assert mouth_opening(plain)[60:69].max() > 0.2
    assert near(forced, "close", 1.2, 1.36).min() == pytest.approx(1.0)
    assert mouth_opening(forced)[60:69].max() == pytest.approx(0.0, abs=1e-6)
    assert (1.2, 1.36) in forced.closures
    # On the way there it is partly shut; far from it nothing changed.
    assert 0.05 < near(forced, "close", 1.16, 1.16)[0] < 0.95
    assert np.array_equal(forced.values[:50], plain.values[:50])


def test_bilabials_close_unless_the_mouth_is_forced_open() -> None:
    plain = viseme_track(small_timeline(), humming(), FPS)
    assert sum(start < 0.6 and end > 0.5 for start, end in plain.closures) == 1
    timeline = force_mouth(small_timeline(), "open", 0.4, 0.66)
    forced = viseme_track(timeline, humming(), FPS)
    assert mouth_opening(forced)[20:34].min() > 0.5
    assert not any(start < 0.6 and end > 0.44 for start, end in forced.closures)
    # The other closures stay.
    assert near(forced, "close", 0.18, 0.28).max() == 1.0
    assert near(forced, "close", 1.38, 1.48).max() == 1.0


def test_a_mouth_forced_open_in_a_pause_is_no_rest_and_moves_with_the_margins() -> None:
    timeline = force_mouth(small_timeline(), "open", 0.9, 1.0)
    assert not any(start < 0.95 < end for start, end in pauses(timeline))
    sound, moved = with_margins(humming(), timeline, 25.0)
    lead = moved.words[0].start - timeline.words[0].start
    assert lead > 0.05
    assert moved.mouth[0].start == pytest.approx(0.9 + lead)
    assert moved.duration == pytest.approx(sound.duration)


def test_transparent_phones_are_phones() -> None:
    form = timeline_json.as_dict(small_timeline())
    form["phones"][7]["phone"] = "HH"
    assert timeline_json.from_dict(form).phones[7] == Phone("HH", 1.1, 1.2, 0)
