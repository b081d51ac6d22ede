"""Mark-up in typed text: obeyed where it is meant, refused in words where it is broken, text everywhere else."""

from __future__ import annotations

import numpy as np
import pytest

from gpu_worker.errors import InputError
from gpu_worker.schema import Timeline
from gpu_worker.speech.markup import parse_markup
from gpu_worker.speech.passage import Passage, plain_text
from gpu_worker.speech.script import espeak_script
from gpu_worker.speech.synthesis import synthesise


def longest_pause(timeline: Timeline) -> float:
    return max((p.end - p.start for p in timeline.phones[1:-1] if p.phone == "SIL"), default=0.0)


def phones_of(timeline: Timeline) -> list[str]:
    return [phone.phone for phone in timeline.phones if phone.phone != "SIL"]


def words_of(timeline: Timeline) -> list[str]:
    return [word.word for word in timeline.words]


@pytest.mark.parametrize(
    "text",
    [
        "Hello there.", "a < b & c > d", "1 <2 and [3]", "<b>Hello</b>", "x <y, [pauses] [pause for effect]",
        "[[h@l'oU]]", "AT&T &amp; co", "<subject> <breakfast>", "[slowly]", "if a<break_even then",
        "< speak >", "[ pause 1s ]", "<>", "[",
    ],
)  # fmt: skip
def test_ordinary_text_stays_text(text: str) -> None:
    assert parse_markup(text) == (Passage(text),)
    script = espeak_script(parse_markup(text), "en-US")
    assert script.sent == text
    assert not script.marked


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("a [pause] b", 0.5), ("a [pause 0.7s] b", 0.7), ("a [PAUSE 250ms] b", 0.25), ("a [pause: 1,5 s] b", 1.5),
        ("a [pause 2] b", 2.0), ('a <break time="700ms"/> b', 0.7), ("a <break time='1.5s'></break> b", 1.5),
        ("a <break/> b", 0.5), ('a <break strength="x-strong"/> b', 1.2), ('a <BREAK time="1s" /> b', 1.0),
    ],
)  # fmt: skip
def test_pauses_are_read(text: str, seconds: float) -> None:
    passages = parse_markup(text)
    assert [passage.pause for passage in passages] == [0.0, seconds, 0.0]
    assert plain_text(passages).split() == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "passage"),
    [
        ('<prosody rate="slow">x</prosody>', Passage("x", rate=0.75)),
        ('<prosody rate="80%" pitch="+20%">x</prosody>', Passage("x", rate=0.8, pitch=1.2)),
        ('<prosody pitch="+12st" volume="-6dB">x</prosody>', Passage("x", pitch=2.0, volume=10 ** (-6 / 20))),
        ('<prosody rate="0.5"><prosody rate="x-slow">x</prosody></prosody>', Passage("x", rate=0.5)),
        ('<emphasis level="strong">x</emphasis>', Passage("x", emphasis="strong")),
        ("<emphasis>x</emphasis>", Passage("x", emphasis="moderate")),
        ('<say-as interpret-as="characters">x</say-as>', Passage("x", spelled="characters")),
        ('<say-as interpret-as="date">x</say-as>', Passage("x")),
        ('<phoneme alphabet="ipa" ph="həˈloʊ">x</phoneme>', Passage("x", ipa="həˈloʊ")),
        ('<sub alias="World &amp; Wide">x</sub>', Passage("x", respelled="World & Wide")),
        ("[fast]x[/fast]", Passage("x", rate=1.3)), ("[strong]x[/strong]", Passage("x", emphasis="strong")),
        ("<speak>&lt;x&gt; &amp; <voice name='y'/></speak>", Passage("<x> &  ")),
    ],
)  # fmt: skip
def test_styles_are_read(text: str, passage: Passage) -> None:
    assert parse_markup(text) == (passage,)


@pytest.mark.parametrize(
    "text",
    [
        "<speak>Hello", "<prosody rate='slow'>Hello", "[slow]Hello", "Hello [pause", "Hello [pause 0.5s and go on",
        "Hello <break time='1s'", "<emphasis>a <prosody rate='slow'>b</emphasis> c</prosody>", "<sub alias='x'>y",
        "<phoneme ph='a'>y", "[slow]a [fast]b[/slow] c[/fast]", "<speak><b>Hello", "a <prosody rate='slow' hello",
        "<sub alias='x'>y <emphasis>z</sub>",
    ],
)  # fmt: skip
def test_what_is_not_closed_is_refused_in_words(text: str) -> None:
    with pytest.raises(InputError) as caught:
        synthesise(text)
    assert caught.value.code == "markup_not_closed"
    assert caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        '<break time="soon"/>a', '<break time="99s"/>a', "[pause 100s] a", "a</prosody>", "a[/slow]",
        '<prosody rate="warp">a</prosody>', '<prosody rate="nan">a</prosody>', '<prosody volume="1e9">a</prosody>',
        "<sub>a</sub>", "<phoneme>a</phoneme>", '<phoneme alphabet="x-sampa" ph="a">a</phoneme>', "<break time=1s/> a",
        '<emphasis level="huge">a</emphasis>', '<break strength="huge"/>a', "<prosody rate=slow>a</prosody>",
    ],
)  # fmt: skip
def test_values_that_make_no_sense_are_refused_in_words(text: str) -> None:
    with pytest.raises(InputError) as caught:
        synthesise(text)
    assert caught.value.code == "bad_markup"
    assert caught.value.hint


def test_pauses_are_heard() -> None:
    _, plain = synthesise("hello there my friend")
    _, paused = synthesise("hello there [pause 1.2s] my friend")
    assert longest_pause(plain) < 0.1
    assert longest_pause(paused) == pytest.approx(1.2, abs=0.12)
    assert words_of(paused) == words_of(plain)


def test_rate_and_volume_are_heard_where_they_are_asked_for() -> None:
    _, plain = synthesise("hello there, mama loves a lemon")
    waveform, marked = synthesise('hello there, <prosody rate="60%" volume="soft">mama loves a lemon</prosody>')
    assert words_of(marked) == words_of(plain)
    first, slow = marked.words[0], marked.words[-1]
    assert slow.end - slow.start > 1.2 * (plain.words[-1].end - plain.words[-1].start)
    assert first.end - first.start < 1.1 * (plain.words[0].end - plain.words[0].start)

    def level(start: float, end: float) -> float:
        return float(np.std(waveform.samples[int(start * waveform.rate) : int(end * waveform.rate)]))

    assert level(slow.start, slow.end) < 0.75 * level(first.start, marked.words[1].end)


def test_emphasis_stresses() -> None:
    _, plain = synthesise("I saw the cat in a house")
    _, marked = synthesise("I saw <emphasis level='strong'>the</emphasis> cat in a house")
    assert marked.duration > plain.duration + 0.03
    assert words_of(marked) == words_of(plain)


def test_letters_and_aliases_keep_the_written_word() -> None:
    _, spelled = synthesise('This is <say-as interpret-as="characters">cat</say-as> now.')
    assert words_of(spelled) == ["This", "is", "cat", "now"]
    assert phones_of(spelled)[5:] != phones_of(synthesise("This is cat now.")[1])[5:]
    _, alias = synthesise('The <sub alias="World Wide Web">W3</sub> grew.')
    assert words_of(alias) == ["The", "W3", "grew"]
    assert phones_of(alias) == phones_of(synthesise("The World Wide Web grew.")[1])


@pytest.mark.parametrize(
    ("language", "ipa", "phones"),
    [
        ("en", "ʃɪˈvɔːn", "SH IH V AO N"), ("en", "/həˈloʊ/", "HH AX L OW"), ("en", "ˈbyːçɐ", "B UW SH AX"),
        ("de", "ˈmyːlɐ", "M Y2 L AX"), ("fr", "ʃavɔ̃", "SH AA V AO"), ("es", "θeˈɾesa", "TH EH D EH S AA"),
    ],
)  # fmt: skip
def test_ipa_is_spoken(language: str, ipa: str, phones: str) -> None:
    _, timeline = synthesise(f'<phoneme alphabet="ipa" ph="{ipa}">Name</phoneme>', language)
    assert words_of(timeline) == ["Name"]
    found = [{"EY": "EH"}.get(phone, phone) for phone in phones_of(timeline)]
    assert len(found) == len(phones.split())
    assert sum(a == b for a, b in zip(found, phones.split(), strict=True)) >= len(found) - 1, found


@pytest.mark.parametrize("ipa", ["123", "привет", "你好", "!?", "<break/>"])
def test_what_is_no_ipa_is_refused(ipa: str) -> None:
    with pytest.raises(InputError) as caught:
        synthesise(f"<phoneme ph='{ipa}'>Name</phoneme>")
    assert caught.value.code in ("bad_pronunciation", "bad_markup", "markup_not_closed")


def test_nothing_typed_is_passed_on_as_markup() -> None:
    hostile = '[pause 0.1s] <audio src="/etc/passwd"/> [[h@l\'oU]] &lt;break time="9s"/&gt; <mark name="x"> </speak'
    script = espeak_script(parse_markup(hostile.replace("</speak", "< /speak")), "en-US")
    assert script.marked
    assert script.sent.count("<") == 1  # the pause that was asked for
    assert "[[" not in script.sent
    assert len(script.sent) == len(script.shown)
    _, timeline = synthesise('[slow]one[/slow] <audio src="/dev/zero"> two & three < four [[ five')
    assert {"one", "two", "three", "four", "five"} <= set(words_of(timeline))


def test_only_pauses_are_nothing_to_say() -> None:
    for text in ("[pause 1s]", "<speak><break/></speak>", "<prosody rate='slow'>...</prosody>"):
        with pytest.raises(InputError) as caught:
            synthesise(text)
        assert caught.value.code == "no_speakable_text"


def test_markup_works_in_other_scripts() -> None:
    for language, text in (
        ("ar", "مرحبا [pause 0.8s] بالعالم"), ("ru", "Привет [pause 0.8s] мир"), ("zh", "你好 [pause 0.8s] 世界")
    ):  # fmt: skip
        _, timeline = synthesise(text, language)
        assert longest_pause(timeline) > 0.7
        assert all(word in text for word in words_of(timeline))
