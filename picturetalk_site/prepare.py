"""Brings the database and the collected files up to date and prints the debug accounts (``run`` starts this).

A process of its own, so that what runs for days does not carry Django, and one process instead of three, for speed.
"""

from __future__ import annotations

import io
import os
import sys

import django
from django.core.management import call_command


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "picturetalk_site.settings")
    django.setup()
    from django.conf import settings

    # Raises for what is wrong; "no issues" is not worth a line.
    call_command("check", stdout=io.StringIO())
    call_command("migrate", interactive=False, verbosity=0)
    if not settings.DEBUG:
        # In debug, pages take their files from where they are written.
        call_command("collectstatic", interactive=False, verbosity=0)
    if settings.DEBUG:
        call_command("make_debug_accounts", stdout=sys.stdout)


if __name__ == "__main__":
    main()
