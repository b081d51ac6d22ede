"""Brings database, collected files and development certificate up to date, prints debug accounts (``run`` starts it).

A process of its own, so that what runs for days does not carry Django, and one process instead of three, for speed.
"""

from __future__ import annotations

import io
import os
import sys

import django
from django.core.management import call_command

from picturetalk_site.signing import make_development_chain


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
    if settings.DEBUG and settings.SIGNING_FOLDER is None:
        make_development_chain(settings.DEVELOPMENT_SIGNING_FOLDER)
    if settings.DEBUG:
        call_command("make_debug_accounts", stdout=sys.stdout)


if __name__ == "__main__":
    main()
