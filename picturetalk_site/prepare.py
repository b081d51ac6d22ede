"""Brings database, collected files and development certificate up to date, prints debug accounts (``run`` starts it).

Machines that start together and share a PostgreSQL do it one after the other. A process of its own, so that what runs
for days does not carry Django, and one process instead of three, for speed.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import django
from django.core.management import call_command

from picturetalk_site.signing import make_development_chain

#: The number of PostgreSQL's lock that whoever migrates holds; any other program of the database may know it.
MIGRATION_LOCK = 0x7069637475726574


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """While the block lasts no other process does the same on this PostgreSQL; SQLite belongs to one machine."""
    from django.db import connection

    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        # Held by the connection: a machine that dies meanwhile lets go.
        cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "picturetalk_site.settings")
    django.setup()
    from django.conf import settings

    # Raises for what is wrong; "no issues" is not worth a line.
    call_command("check", stdout=io.StringIO())
    with one_at_a_time():
        call_command("migrate", interactive=False, verbosity=0)
    if not settings.DEBUG:
        # In debug, pages take their files from where they are written.
        call_command("collectstatic", interactive=False, verbosity=0)
    if settings.DEBUG and settings.SIGNING_FOLDER is None:
        make_development_chain(settings.DEVELOPMENT_SIGNING_FOLDER)
    if settings.DEBUG:
        call_command("make_debug_accounts", stdout=sys.stdout)


if __name__ == "__main__":
    main()
