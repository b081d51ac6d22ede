"""Reading JSON bodies: types are checked here, so that the services see what they declare."""

from __future__ import annotations

import json
import math
from typing import Any
from uuid import UUID

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest

from animator.errors import SiteError


class Body:
    """A JSON object with typed access. Raises ``bad_request`` (400) with the field's name."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    @classmethod
    def of(cls, request: HttpRequest, most_bytes: int | None = None) -> Body:
        """The request's body. Raises ``bad_request`` when it is no JSON object.

        ``most_bytes`` replaces the site's limit for bodies that are no files. Raises ``RequestDataTooBig`` beyond it.
        """
        try:
            data = request.body if most_bytes is None else _limited(request, most_bytes)
            values = json.loads(data)
            if b"\\ud" in data.lower():
                # Half of a pair is no character: no database, file or program takes it.
                json.dumps(values, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            raise SiteError("bad_request", "The body is not JSON.") from None
        if not isinstance(values, dict):
            raise SiteError("bad_request", "The body must be a JSON object.")
        return cls(values)

    def text(self, name: str, default: str | None = None) -> str:
        value = self._values.get(name, default)
        if not isinstance(value, str) or "\x00" in value:
            raise _bad(name, "a text")
        return value

    def raw(self, name: str) -> object:
        """The value as it came, for who checks it; None when it is absent."""
        return self._values.get(name)

    def flag(self, name: str) -> bool:
        """True only for JSON's own ``true``."""
        return self._values.get(name) is True

    def number(self, name: str, default: float) -> float:
        value = self._values.get(name, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise _bad(name, "a number")
        try:
            number = float(value)
        except OverflowError:
            raise _bad(name, "a number") from None
        if not math.isfinite(number):
            raise _bad(name, "a number")
        return number

    def index(self, name: str) -> int | None:
        """A whole number of zero or more, or None when it is absent or null."""
        value = self._values.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 10_000:
            raise _bad(name, "a whole number")
        return value

    def required_index(self, name: str) -> int:
        """A whole number of zero or more."""
        value = self.index(name)
        if value is None:
            raise _bad(name, "a whole number")
        return value

    def indices(self, name: str, most: int = 50) -> list[int]:
        """A list of whole numbers of zero or more, empty when it is absent."""
        value = self._values.get(name, [])
        if not isinstance(value, list) or len(value) > most:
            raise _bad(name, "a list of whole numbers")
        return [Body({name: one}).required_index(name) for one in value]

    def texts(self, name: str, most: int = 50) -> list[str]:
        """A list of texts, empty when it is absent."""
        value = self._values.get(name, [])
        if not isinstance(value, list) or len(value) > most:
            raise _bad(name, "a list of texts")
        return [Body({name: one}).text(name) for one in value]

    def has(self, name: str) -> bool:
        """Whether the field is there and not null."""
        return self._values.get(name) is not None

    def uuid(self, name: str) -> UUID:
        value = self._values.get(name)
        try:
            return UUID(value if isinstance(value, str) else "")
        except ValueError:
            raise _bad(name, "an id") from None

    def part(self, name: str) -> Body:
        value = self._values.get(name, {})
        if not isinstance(value, dict):
            raise _bad(name, "an object")
        return Body(value)

    def parts(self, name: str, most: int = 50) -> list[Body]:
        """A list of objects, empty when it is absent."""
        value = self._values.get(name, [])
        if not isinstance(value, list) or len(value) > most or not all(isinstance(one, dict) for one in value):
            raise _bad(name, "a list of objects")
        return [Body(one) for one in value]


def _limited(request: HttpRequest, most_bytes: int) -> bytes:
    data: bytes = request.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise RequestDataTooBig("The body is too large.")
    return data


def _bad(name: str, wanted: str) -> SiteError:
    return SiteError("bad_request", f"“{name}” must be {wanted}.")
