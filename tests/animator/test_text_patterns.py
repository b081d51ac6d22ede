"""Words are found however they are dressed up, and only as words."""

from __future__ import annotations

import pytest

from animator.text_folding import fold, readings
from animator.text_patterns import MOST_PHRASES, BadPatternError, check_pattern, compiled


def found(pattern: str, text: str, kind: str = "words") -> bool:
    matcher = compiled(kind, pattern)
    return any(True for reading in readings(text) for _ in matcher.spans(reading))


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("send money", "SEND MONEY"),
        ("send money", "send, money!"),
        ("send money", "ｓｅｎｄ ｍｏｎｅｙ"),
        ("send money", "se\u200bnd mo\u00adney"),
        ("send money", "s\u0336e\u0336nd money"),
        ("send money", "sеnd mоnеy"),  # Cyrillic letters among Latin ones
        ("send money", "S3nd m0n€y"),
        ("kill you", "ki11 you"),
        ("kill you", "k!ll you!"),
        ("kill you", "I will k i l l you"),
        ("kill you", "I will k.i.l.l y.o.u"),
        ("kill you", "k i l l y o u"),
        ("send money", "𝐬𝐞𝐧𝐝 𝓶𝓸𝓷𝓮𝔂"),
        ("don't tell", "dont tell"),
        ("don't tell", "don’t tell"),
        ("überweise", "UBERWEISE"),
        ("cafe", "CAFÉ"),
        ("strasse", "Straße"),
        ("istanbul", "İSTANBUL"),
        ("porno*", "pornography"),
        ("*geld", "Bargeld"),
        ("转账", "请转账给我"),
        ("转 账", "请转账给我"),
        ("转账", "请 转 账 给我"),
        ("gift card", "我要gift card可以吗"),
        ("お金", "いまお金を振り込んで"),
        ("โอนเงิน", "ช่วยโอนเงินให้หน่อย"),
        ("مال", "والمال"),
        ("المال", "أَرْسِلْ الْمَـالَ"),
        ("كسف", "כסف كسف"),
        ("כסף", "והכסף שלי"),
        ("돈을 보내", "빨리 돈을 보내줘"),
        ("पैसे", "मुझे पैसे भेजो"),
        ("деньги", "ДЕНЬГИ"),
        ("pin 1234", "PIN ١٢٣٤"),
    ],
)
def test_it_is_found(pattern: str, text: str) -> None:
    assert found(pattern, text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("send money", "send moneybags"),
        ("send money", "resend money"),
        ("send money", "send all the money"),
        ("ass", "a first class assessment"),
        ("sex", "Middlesex and Essex"),
        ("die", "a diet of audience"),
        ("kill you", "skill your"),
        ("money", "m o n"),
        ("पैसे", "पैसेवाला"),
        ("مال", "الجمال شمال"),
        ("כסף", "כספת"),
        ("돈", "머리돈"),
        ("деньга", "деньгами"),
        ("1234", "512345"),
    ],
)
def test_it_is_not_found_inside_other_words(pattern: str, text: str) -> None:
    assert not found(pattern, text)


def test_the_moderator_sees_the_words_as_they_were_written() -> None:
    matcher = compiled("words", "send money")
    spans = [
        reading.written[slice(*span)] for reading in readings("Please S3nd M0ney!") for span in matcher.spans(reading)
    ]
    assert spans == ["S3nd M0ney"] * len(spans)
    assert spans


def test_remarks_and_empty_lines_are_no_phrases() -> None:
    assert found("# about money\n\nsend money # always", "send money")
    assert not found("# about money\nsend money", "about")


@pytest.mark.parametrize(
    ("kind", "pattern", "words"),
    [
        ("words", "  \n# nothing", "nothing to look for"),
        ("words", "...", "no letters"),
        ("words", "a" * 400, "characters"),
        ("words", "\n".join(f"word{number}" for number in range(MOST_PHRASES + 1)), "phrases"),
        ("regex", "", "nothing to look for"),
        ("regex", "(unclosed", "no regular expression"),
        ("regex", "x*", "empty text"),
        ("regex", "a" * 400, "characters"),
        ("regex", r"(a+)+$", "too long"),
        ("regex", r"(a|aa)+$", "too long"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_reason(kind: str, pattern: str, words: str) -> None:
    with pytest.raises(BadPatternError, match=words):
        check_pattern(kind, pattern)


@pytest.mark.parametrize("pattern", [r"\b\d{4} \d{4}\b", r"(?:vote|elect)\s+for\s+\w+", r"[a-z]{3,}@[a-z]+\.com"])
def test_usual_expressions_are_taken(pattern: str) -> None:
    check_pattern("regex", pattern)


def test_folding_remembers_where_each_letter_came_from() -> None:
    reading = fold("Ⅻ ß\u200b!")
    assert reading.text == "xii ss!"
    assert len(reading.places) == len(reading.text)
    assert reading.written[slice(*reading.span(4, 6))] == "ß"
