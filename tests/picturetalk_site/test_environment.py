"""Reading the environment: typed values, loud failures by name, values from files."""

from __future__ import annotations

from pathlib import Path

import pytest

from picturetalk_site.environment import ConfigurationError, Environment


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("Yes", True), ("off", False), ("FALSE", False)])
def test_flags(value: str, expected: bool) -> None:
    assert Environment({"X": value}).flag("X", not expected) is expected


def test_an_empty_value_is_the_default() -> None:
    env = Environment({"X": ""})
    assert (env.flag("X", True), env.integer("X", 7), env.number("X", 0.5), env.text("X", "a")) == (True, 7, 0.5, "a")
    assert env.words("X", ("b",)) == ["b"]


@pytest.mark.parametrize(
    ("read", "value", "says"),
    [
        (lambda e: e.flag("PORT", True), "maybe", "neither true nor false"),
        (lambda e: e.integer("PORT", 1), "80a", "not a whole number"),
        (lambda e: e.integer("PORT", 1, high=10), "11", "between 0 and 10"),
        (lambda e: e.integer("PORT", 1), "-1", "at least 0"),
        (lambda e: e.number("PORT", 1), "x", "not a number"),
        (lambda e: e.number("PORT", 1), "nan", "out of range"),
        (lambda e: e.choice("PORT", "a", ("a", "b")), "c", "not one of a, b"),
        (lambda e: e.folder("PORT", Path("/")), "var", "not an absolute path"),
    ],
)
def test_a_bad_value_is_named(read: object, value: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^PORT: .*{says}"):
        read(Environment({"PORT": value}))  # type: ignore[operator]


def test_a_value_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "key"
    secret.write_text("  kept  \n")
    assert Environment({"KEY_FILE": str(secret)}).text("KEY") == "kept"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"^KEY_FILE: cannot read .*gone"):
        Environment({"KEY_FILE": str(tmp_path / "gone")}).text("KEY")


def test_a_value_and_a_file_at_once_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="KEY and KEY_FILE are both set"):
        Environment({"KEY": "a", "KEY_FILE": str(tmp_path)}).text("KEY")


def test_lists() -> None:
    assert Environment({"X": " a, b ,,c"}).words("X") == ["a", "b", "c"]
