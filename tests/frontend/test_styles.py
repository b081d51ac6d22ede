"""The colours: text on its ground reaches WCAG 2 AA in both schemes, and every token that is used is defined."""

from __future__ import annotations

import re

import pytest

from tests.frontend.files import STYLES, read, style_files, without_comments

#: Pairs of text and ground as the style sheets put them together.
TEXT = [
    (text, ground)
    for ground in ("paper", "card", "sunk")
    for text in ("ink", "ink-soft", "accent", "accent-deep", "pine", "bad", "warn", "good")
] + [
    ("on-accent", "accent"),
    ("on-accent", "accent-deep"),
    ("accent-deep", "accent-soft"),
    ("ink", "accent-soft"),
    ("good", "good-soft"),
    ("ink", "good-soft"),
    ("warn", "warn-soft"),
    ("ink", "warn-soft"),
    ("bad", "bad-soft"),
    ("ink", "bad-soft"),
    ("card", "pine"),
]
#: Edges of what can be operated need 3 : 1 (WCAG 2.2, 1.4.11).
EDGES = [("line-strong", "paper"), ("line-strong", "card"), ("line-strong", "sunk"), ("accent", "paper")]


def schemes() -> dict[str, dict[str, str]]:
    text = read(STYLES / "tokens.css")
    light, dark = text.split("@media (prefers-color-scheme: dark)")
    pattern = r"--([\w-]+): (#[0-9a-f]{6});"
    first = dict(re.findall(pattern, light))
    return {"light": first, "dark": first | dict(re.findall(pattern, dark))}


def luminance(colour: str) -> float:
    """Relative luminance after WCAG 2, in [0, 1]."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(scheme: str) -> None:
    colours = schemes()[scheme]
    weak = {pair: contrast(colours[pair[0]], colours[pair[1]]) for pair in TEXT}
    assert {pair: round(ratio, 2) for pair, ratio in weak.items() if ratio < 4.5} == {}
    edges = {pair: contrast(colours[pair[0]], colours[pair[1]]) for pair in EDGES}
    assert {pair: round(ratio, 2) for pair, ratio in edges.items() if ratio < 3.0} == {}


def test_contrast_of_black_on_white_is_21() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)


def test_every_token_is_defined() -> None:
    texts = [without_comments(read(file)) for file in style_files()]
    used = {name for text in texts for name in re.findall(r"var\(--([\w-]+)\)", text)}
    defined = set(re.findall(r"--([\w-]+):", read(STYLES / "tokens.css")))
    assert used <= defined
    assert "value" not in used, "--value is set by scripts and needs its own fallback"


def test_colours_are_decided_in_the_tokens() -> None:
    for file in style_files():
        if file.name != "tokens.css":
            found = re.findall(r"#[0-9a-f]{3,8}\b", without_comments(read(file)))
            # What lies on top of a photograph cannot follow the scheme: the photograph does not.
            allowed = {"#fff", "#2a211c", "#ffd9c2", "#ff8a57", "#a33d1d", "#842f14"}
            assert set(found) - {"#record", "#job"} <= allowed, file.name
