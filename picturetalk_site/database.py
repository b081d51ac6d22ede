"""The database from one address: SQLite set up for several processes, or PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dj_database_url

from picturetalk_site.environment import ConfigurationError

#: Seconds that a writer waits for another one before SQLite gives up.
SQLITE_BUSY_SECONDS = 20

SQLITE_OPTIONS: dict[str, Any] = {
    "timeout": SQLITE_BUSY_SECONDS,
    # Takes the write lock when a transaction begins: two that both read first and then write cannot fail half-way.
    "transaction_mode": "IMMEDIATE",
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
}

ENGINES = {
    "django.db.backends.sqlite3": "sqlite",
    "django.db.backends.postgresql": "postgresql",
}


def database(url: str, default_file: Path) -> dict[str, Any]:
    """Django's settings for the database at ``url`` (empty: SQLite in ``default_file``).

    Raises :class:`ConfigurationError` for an address of another kind.
    """
    try:
        settings: dict[str, Any] = dict(dj_database_url.parse(url or f"sqlite:///{default_file}", conn_max_age=0))
    except (ValueError, dj_database_url.ParseError, dj_database_url.UnknownSchemeError) as error:
        raise ConfigurationError(
            f"DATABASE_URL: this is not the address of a database ({type(error).__name__})"
        ) from None
    kind = ENGINES.get(str(settings.get("ENGINE")))
    if kind is None:
        raise ConfigurationError("DATABASE_URL: only sqlite:///FILE and postgresql://USER:PASSWORD@HOST/NAME are known")
    if kind == "sqlite":
        settings["OPTIONS"] = {**(settings.get("OPTIONS") or {}), **SQLITE_OPTIONS}
    elif not settings.get("NAME"):
        raise ConfigurationError("DATABASE_URL: the name of the PostgreSQL database is missing after the host")
    return settings
