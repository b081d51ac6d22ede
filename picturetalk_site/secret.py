"""The key that signs sessions and links: given by the operator, or, in debug only, made once and kept."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

from picturetalk_site.environment import ConfigurationError

SHORTEST = 40


def secret_key(given: str, *, debug: bool, kept_in: Path) -> str:
    """``given`` if it is long enough; in debug the key in ``kept_in``, made there (mode 600) when it is missing.

    Raises :class:`ConfigurationError` when production has no key, or a short one.
    """
    if given:
        if not debug and len(given) < SHORTEST:
            raise ConfigurationError(f"SECRET_KEY: {len(given)} characters are too few; use {SHORTEST} or more")
        return given
    if not debug:
        raise ConfigurationError(
            "SECRET_KEY is not set. With DEBUG=false give a long random value in SECRET_KEY, "
            "or the path of a file that holds it in SECRET_KEY_FILE"
        )
    return kept_secret(kept_in)


def kept_secret(file: Path) -> str:
    """A random value that outlives the process: read from ``file``, or made there, readable by the owner alone."""
    kept = _read(file)
    if kept:
        return kept
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.exists() and not _read(file):
        file.unlink(missing_ok=True)
    with tempfile.NamedTemporaryFile("w", encoding="ascii", dir=file.parent) as fresh:
        fresh.write(secrets.token_urlsafe(48) + "\n")
        fresh.flush()
        try:
            # Complete or not there at all: of two processes that start together, one makes it and both read it.
            os.link(fresh.name, file)
        except FileExistsError:
            pass
    return _read(file)


def _read(file: Path) -> str:
    try:
        kept = file.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return ""
    return kept if len(kept) >= SHORTEST else ""
