"""Two trees of errors: what the user can mend, and what is ours to mend.

A :class:`InputError` carries a stable code, a plain sentence and what to do; it ends the job, is shown to the user
and is never retried. An :class:`EngineError` is ours: the job is retried, the user sees a reference number and no
detail. :class:`Cancelled` is neither.
"""

from __future__ import annotations


class InputError(Exception):
    """The input is at fault. ``code`` is stable and part of the interface (docs/errors.md lists every one)."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint

    def as_dict(self) -> dict[str, str]:
        return {"error": self.code, "message": self.message, "hint": self.hint}


class EngineError(Exception):
    """We are at fault. ``permanent`` says that trying the same again cannot help."""

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent


class FallbackForbiddenError(EngineError):
    """An engine failed or is missing, and whoever runs the site wants no other in its place.

    Trying again helps once ``engine`` is back, or another may stand in. ``used`` is what would have done the work.
    """

    def __init__(self, engine: str, used: str, reason: str) -> None:
        super().__init__(f"{engine} cannot be used and {used} may not stand in: {reason}", permanent=True)
        self.engine = engine
        self.used = used
        self.reason = reason


class StageFileError(EngineError):
    """What an earlier stage of a job left is missing, broken or of another version: it has to be done again."""


class Cancelled(Exception):  # noqa: N818 - it is an order carried out, not an error
    """The user asked for the work to stop; raised by the stage that noticed."""
