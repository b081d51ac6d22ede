"""Voices of flite. Where the program is installed it is asked itself; everywhere, a stand-in program that takes and
prints what flite does shows that its command line, its phones and its failures are understood."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from gpu_worker.errors import EngineError, InputError
from gpu_worker.schema import Phone, Word
from gpu_worker.speech.flite import flite_voices, is_flite, sentences, speak_flite
from gpu_worker.speech.flite_synthesis import snapped
from gpu_worker.speech.markup import parse_markup
from gpu_worker.speech.synthesis import synthesise
from gpu_worker.speech.voice_choice import find_voice_choice, voice_choices

#: Speaks any text as "baby": tones of the lengths it prints.
STAND_IN = """#!{python}
import sys, wave, math, struct
arguments = sys.argv[1:]
if arguments == ["-lv"]:
    print("Voices available: test fast ")
    sys.exit()
given = dict(zip(arguments, arguments[1:]))
settings = dict(word.split("=") for word in arguments if "=" in word)
text = open(given["-f"], encoding="utf-8").read()
if "crash" in text:
    sys.exit(3)
stretch = float(settings["duration_stretch"])
ends = [("pau", 0.1), ("b", 0.2), ("ey", 0.4), ("b", 0.5), ("xx", 0.6), ("iy", 0.8), ("pau", 0.9)]
print("".join(f"{{name}}:{{end * stretch:.3f}} " for name, end in ends))
with wave.open(given["-o"], "wb") as sound:
    sound.setparams((1, 2, 16000, 0, "NONE", ""))
    for i in range(round(0.9 * stretch * 16000)):
        sound.writeframes(struct.pack("<h", round(9000 * math.sin(i * 0.08))))
"""


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "flite"
    program.write_text(STAND_IN.format(python=sys.executable), encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PICTURETALK_FLITE", str(program))


@pytest.fixture(params=["stand-in", "installed"])
def voice(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A voice of the stand-in, and one of the real program where there is one (else of the stand-in again)."""
    if request.param == "installed" and shutil.which("flite"):
        monkeypatch.delenv("PICTURETALK_FLITE", raising=False)
    else:
        request.getfixturevalue("stand_in")
    return flite_voices()[0]


def test_its_voices_are_offered_for_english_alone(voice: str) -> None:
    choice = find_voice_choice(voice)
    assert choice in voice_choices()
    assert (choice.engine, choice.language) == ("flite", "en")
    assert choice.speaks("en-gb")
    assert not choice.speaks("de")
    with pytest.raises(InputError) as refused:
        synthesise("Guten Tag", "de", voice)
    assert refused.value.code == "voice_speaks_another_language"


def test_the_lips_follow_its_own_phones(voice: str) -> None:
    waveform, timeline = synthesise("Baby.", "en", voice)
    assert timeline.source == "events"
    assert np.abs(waveform.samples).max() > 0.1
    assert timeline.phones[0].start == 0.0
    assert timeline.phones[-1].end == pytest.approx(timeline.duration)
    assert [phone.phone for phone in timeline.phones if phone.phone != "SIL"][:3] == ["B", "EY", "B"]
    assert "PP" in {span.viseme for span in timeline.visemes}


def test_speed_pauses_and_signs_it_does_not_know(stand_in: None) -> None:
    usual = speak_flite("flite-test", parse_markup("Baby"))
    quick = speak_flite("flite-test", parse_markup("Baby"), speed=2.0)
    assert len(quick.samples) == pytest.approx(len(usual.samples) / 2, abs=2)
    assert [phone.phone for phone in usual.phones] == ["SIL", "B", "EY", "B", "AX", "IY", "SIL"]
    paused = speak_flite("flite-test", parse_markup("Baby <break time='500ms'/> baby"))
    assert len(paused.samples) / paused.rate == pytest.approx(2.3, abs=0.01)
    assert [phone.start for phone in paused.phones] == sorted(phone.start for phone in paused.phones)


def test_its_failures_are_ours(stand_in: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EngineError, match="flite failed"):
        speak_flite("flite-test", parse_markup("crash"))
    monkeypatch.setenv("PICTURETALK_FLITE", os.devnull + "-nothing")
    assert flite_voices() == ()
    assert not is_flite("flite-test")
    with pytest.raises(InputError) as unknown:
        synthesise("Hello", "en", "flite-test")
    assert unknown.value.code == "unknown_voice"


def test_long_text_goes_in_pieces_that_end_at_words() -> None:
    pieces = sentences("One. Two!\n\nThree; " + "word " * 400)
    assert pieces[:3] == ["One.", "Two!", "Three;"]
    assert max(map(len, pieces)) <= 600
    assert " ".join(pieces[3:]).split() == ["word"] * 400
    assert sentences("... !!") == []


def test_words_are_put_on_the_edges_of_phones() -> None:
    phones = [Phone("SIL", 0, 0.2), Phone("B", 0.2, 0.3), Phone("IY", 0.3, 0.5), Phone("M", 0.5, 0.9)]
    words = snapped([Word("be", 0.22, 0.48), Word("me", 0.46, 0.85)], phones)
    assert [(word.start, word.end) for word in words] == [(0.2, 0.5), (0.5, 0.9)]
