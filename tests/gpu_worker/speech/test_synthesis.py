"""Typed text: spoken with exact times, or refused in words."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from gpu_worker.config import EngineConfig
from gpu_worker.errors import EngineError, InputError
from gpu_worker.languages import LANGUAGES, VOICES, find_language, find_voice
from gpu_worker.schema import Timeline, Waveform
from gpu_worker.speech.espeak import EspeakProcess, espeak
from gpu_worker.speech.synthesis import synthesise
from gpu_worker.speech.text import clean_text


def contiguous(timeline: Timeline) -> None:
    edges = [phone.start for phone in timeline.phones] + [timeline.phones[-1].end]
    assert edges[0] == 0.0
    assert edges[-1] == pytest.approx(timeline.duration)
    assert all(later > earlier for earlier, later in itertools.pairwise(edges))
    for before, after in zip(timeline.phones, timeline.phones[1:], strict=False):
        assert before.end == pytest.approx(after.start)


def level(waveform: Waveform, start: float, end: float) -> float:
    part = waveform.samples[int(start * waveform.rate) : int(end * waveform.rate)]
    return float(np.sqrt(np.mean(part**2)))


def test_words_phones_and_sound_agree() -> None:
    waveform, timeline = synthesise("Hello brave new world.")
    assert timeline.source == "events"
    assert timeline.reasons
    assert [word.word for word in timeline.words] == ["Hello", "brave", "new", "world"]
    assert [phone.phone for phone in timeline.phones][:6] == ["SIL", "HH", "AX", "L", "OW", "B"]
    contiguous(timeline)
    assert timeline.duration == pytest.approx(waveform.duration)
    for word in timeline.words:
        assert level(waveform, word.start, word.end) > 0.02
    first, last = timeline.phones[0], timeline.phones[-1]
    assert first.phone == last.phone == "SIL"
    assert level(waveform, first.start, first.end - 0.01) < 0.002
    assert any(phone.stress == 1 for phone in timeline.phones)


def test_numbers_and_abbreviations_stay_one_word_each() -> None:
    _, timeline = synthesise("Dr. Smith was born in 1881, in the USA.")
    assert [word.word for word in timeline.words] == ["Dr", "Smith", "was", "born", "in", "1881", "in", "the", "USA"]
    number = timeline.words[5]
    assert number.end - number.start > 0.8


def test_speed_pitch_and_voice_are_heard() -> None:
    normal, _ = synthesise("One two three four five.")
    fast, _ = synthesise("One two three four five.", speed=1.8)
    assert fast.duration < 0.75 * normal.duration

    def pitch_of(waveform: Waveform) -> float:
        spectrum = np.abs(np.fft.rfft(waveform.samples * np.hanning(len(waveform.samples))))
        hertz = np.fft.rfftfreq(len(waveform.samples), 1 / waveform.rate)
        band = (hertz > 60) & (hertz < 400)
        return float(np.average(hertz[band], weights=spectrum[band] ** 2))

    high, _ = synthesise("One two three four five.", pitch=1.8)
    woman, _ = synthesise("One two three four five.", voice="woman")
    assert pitch_of(high) > pitch_of(normal)
    assert not np.array_equal(woman.samples[:20000], normal.samples[:20000])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty_text"), ("   \n\t", "empty_text"), ("😀😂🎉", "no_speakable_text"), ("... !?", "no_speakable_text"),
        ("\x00\x07\x1b", "no_speakable_text"), ("a" * 5001, "text_too_long"), ("word " * 20000, "text_too_long"),
    ],
)  # fmt: skip
def test_text_that_cannot_be_spoken(text: str, code: str) -> None:
    with pytest.raises(InputError) as caught:
        synthesise(text)
    assert caught.value.code == code
    assert caught.value.hint


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"language": "tlh"}, "unsupported_language"), ({"language": "../../etc"}, "unsupported_language"),
        ({"language": ""}, "unsupported_language"), ({"voice": "nobody"}, "unknown_voice"),
        ({"speed": 9.0}, "bad_speed"), ({"pitch": float("nan")}, "bad_pitch"),
    ],
)  # fmt: skip
def test_wishes_that_cannot_be_met(arguments: dict[str, str], code: str) -> None:
    with pytest.raises(InputError) as caught:
        synthesise("Hello", **arguments)  # type: ignore[arg-type]
    assert caught.value.code == code


def test_speech_longer_than_allowed_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        synthesise("This takes a while to say. " * 5, config=EngineConfig(max_sound_seconds=3.0))
    assert caught.value.code == "speech_too_long"


@pytest.mark.parametrize(
    "text",
    [
        "Hello 😀 world \x00 again\u202e", "<p><b>Hello", "[[h@l'oU]] brackets", "a\u0301\u0301\u0301\u0301 zalgo",
        "Grüße, Straße; naïve café — “quoted”…", "שלום hello 你好 привет", "%s %n $(reboot) `id` ; rm -rf / | cat",
        "word" * 300, "\ud800 lone surrogate", "1" * 80, "http://example.org/?a=b&c=d",
    ],
)  # fmt: skip
def test_odd_text_is_spoken_harmlessly(text: str) -> None:
    waveform, timeline = synthesise(text)
    contiguous(timeline)
    assert timeline.words
    assert waveform.duration > 0.4


def test_markup_of_other_names_is_not_obeyed() -> None:
    plain, _ = synthesise("hello there")
    marked, timeline = synthesise('<voice gender="female"><silence time="9s"/>hello there')
    assert "hello" in [word.word for word in timeline.words]
    assert marked.duration < plain.duration + 6.0


def test_cleaning_keeps_every_place() -> None:
    text = "a\x00b😀c\u200dd\ne"
    assert len(clean_text(text)) == len(text)
    assert clean_text(text) == "a b c\u200dd\ne"


SAMPLES = {
    "fr": "Bonjour, je m'appelle Marie.", "de": "Guten Morgen, schöne Grüße.", "ru": "Привет, как дела?",
    "ar": "مرحبا بالعالم", "he": "שלום עולם", "fa": "سلام دنیا", "hi": "नमस्ते दुनिया", "zh": "你好，世界。",
    "ja": "こんにちは", "ko": "안녕하세요", "th": "สวัสดีครับ", "el": "Καλημέρα κόσμε", "tr": "Merhaba dünya",
}  # fmt: skip


@pytest.mark.parametrize("language", sorted(SAMPLES))
def test_many_scripts(language: str) -> None:
    waveform, timeline = synthesise(SAMPLES[language], language)
    contiguous(timeline)
    assert timeline.language == language
    assert len([phone for phone in timeline.phones if phone.phone != "SIL"]) >= 7
    assert len(timeline.words) >= 1
    joined = "".join(word.word for word in timeline.words)
    assert all(letter in SAMPLES[language] for letter in joined)
    assert waveform.duration > 0.6


def test_every_language_of_the_list_speaks() -> None:
    assert len(LANGUAGES) >= 40
    assert len({language.code for language in LANGUAGES}) == len(LANGUAGES)
    files = {voice["file"].rpartition("/")[2] for voice in espeak().voices()}
    for language in LANGUAGES:
        assert language.voice in files, language
        waveform, timeline = synthesise(language.native.split("(")[0] + " 12", language.code)
        assert any(phone.phone != "SIL" for phone in timeline.phones), language
        assert level(waveform, 0.1, waveform.duration) > 0.005, language


def test_the_same_text_gives_the_same_samples() -> None:
    sounds = {synthesise("Hello there, my dear friend.")[0].samples.tobytes() for _ in range(3)}
    assert len(sounds) == 1


def test_every_voice_differs() -> None:
    sounds = {voice.code: synthesise("hello", voice=voice.code)[0].samples[2000:8000].tobytes() for voice in VOICES}
    assert len(set(sounds.values())) == len(VOICES)


def test_language_tags() -> None:
    assert find_language("en-US").code == "en"
    assert find_language("EN_gb").code == "en-gb"
    assert find_language("de-AT").code == "de"
    assert find_language("zh-Hans-CN").code == "zh"
    assert find_language("ar").rtl
    assert not find_language("en").rtl
    assert find_voice(None) == find_voice("") == VOICES[0]


def test_the_library_is_loaded_in_another_process_only() -> None:
    synthesise("hello")
    with open("/proc/self/maps") as maps:
        assert "espeak" not in maps.read()


def test_a_lost_process_is_replaced() -> None:
    process = EspeakProcess()
    try:
        first = process.speak("hello", "en-US")
        child = process._child
        assert child is not None
        os.kill(child.pid, 9)
        child.wait()
        again = process.speak("hello", "en-US")
        assert np.array_equal(first.samples, again.samples)
        with pytest.raises(EngineError, match="no voice"):
            process.speak("hello", "no-such-voice")
        assert process.speak("hello", "en-US").rate == 22050
    finally:
        process.close()


def test_the_process_answers_nonsense_with_an_error() -> None:
    requests = [b"not json", b'{"op": "speak"}', b'{"op": "phonemes", "texts": ["hi"], "voice": "en-US"}']
    done = subprocess.run(
        [sys.executable, "-m", "gpu_worker.speech.espeak_process"],
        input=b"\n".join(requests) + b"\n", capture_output=True, timeout=30, check=True,
    )  # fmt: skip
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert "error" in answers[0]
    assert "error" in answers[1]
    assert answers[2]["phonemes"] == ["h_ˈaɪ"]
