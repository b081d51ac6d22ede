"""The one place that reads the environment.

Every setting of the site comes through :class:`Environment`. A value that cannot be used raises
:class:`ConfigurationError` with the variable's name, what was wrong and what is expected, so that a bad setting is
seen at start and not hours later. ``NAME_FILE`` names a file that holds the value of ``NAME`` (for secrets that a
supervisor mounts as files).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

YES = frozenset({"1", "true", "yes", "on"})
NO = frozenset({"0", "false", "no", "off", ""})


class ConfigurationError(ImproperlyConfigured):
    """A setting is missing or cannot be used; the text names it."""


class Environment:
    """Typed access to a mapping of environment variables; not in charge of what the values mean."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def raw(self, name: str) -> str | None:
        """The value of ``name``, or the content of the file that ``name``_FILE points to, or None."""
        direct = self._values.get(name)
        file = self._values.get(f"{name}_FILE")
        if file:
            if direct:
                raise ConfigurationError(f"{name} and {name}_FILE are both set; give only one of them")
            try:
                return Path(file).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigurationError(f"{name}_FILE: cannot read {file} ({error})") from error
        return direct

    def text(self, name: str, default: str = "") -> str:
        value = self.raw(name)
        return default if value is None or value == "" else value

    def flag(self, name: str, default: bool) -> bool:
        value = self.raw(name)
        if value is None or value == "":
            return default
        if value.strip().lower() in YES:
            return True
        if value.strip().lower() in NO:
            return False
        raise ConfigurationError(f'{name}: "{value}" is neither true nor false')

    def integer(self, name: str, default: int, low: int = 0, high: int | None = None) -> int:
        value = self.raw(name)
        if value is None or value == "":
            return default
        try:
            number = int(value)
        except ValueError:
            raise ConfigurationError(f'{name}: "{value}" is not a whole number') from None
        self._check_range(name, number, low, high)
        return number

    def number(self, name: str, default: float, low: float = 0.0, high: float | None = None) -> float:
        value = self.raw(name)
        if value is None or value == "":
            return default
        try:
            number = float(value)
        except ValueError:
            raise ConfigurationError(f'{name}: "{value}" is not a number') from None
        self._check_range(name, number, low, high)
        return number

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        value = self.text(name, default)
        if value not in choices:
            raise ConfigurationError(f'{name}: "{value}" is not one of {", ".join(choices)}')
        return value

    def words(self, name: str, default: tuple[str, ...] = ()) -> list[str]:
        """A list separated by commas."""
        value = self.raw(name)
        if value is None or value.strip() == "":
            return list(default)
        return [word.strip() for word in value.split(",") if word.strip()]

    def folder(self, name: str, default: Path) -> Path:
        value = self.raw(name)
        if not value:
            return default
        path = Path(value).expanduser()
        if not path.is_absolute():
            raise ConfigurationError(f'{name}: "{value}" is not an absolute path')
        return path

    @staticmethod
    def _check_range(name: str, number: float, low: float, high: float | None) -> None:
        # Written so that "nan", which float() accepts, is refused too.
        if not number >= low or (high is not None and not number <= high):
            limits = f"at least {low}" if high is None else f"between {low} and {high}"
            raise ConfigurationError(f"{name}: {number} is out of range; it must be {limits}")
