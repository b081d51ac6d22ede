"""Refusals of the site, beside the engine's: the same shape, with the HTTP status that fits.

``docs/errors.md`` lists every code.
"""

from __future__ import annotations

from gpu_worker.errors import InputError


class SiteError(InputError):
    """Something the site does not do for this user now; ``status`` is the HTTP status of the answer."""

    def __init__(self, code: str, message: str, hint: str = "", *, status: int = 400) -> None:
        super().__init__(code, message, hint)
        self.status = status


def conflict(code: str, message: str, hint: str = "") -> SiteError:
    """409: the thing is not in a state for it."""
    return SiteError(code, message, hint, status=409)


def too_many(code: str, message: str, hint: str = "") -> SiteError:
    """429: an allowance is used up."""
    return SiteError(code, message, hint, status=429)
