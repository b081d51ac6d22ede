"""``manage.py backup make FOLDER | check FOLDER | restore FOLDER --yes``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from animator.services.backup import BackupError, check_backup, make_backup, restore_backup


class Command(BaseCommand):
    help = "Copy the database and every private file to a folder, check such a copy, or put it back."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="do", required=True)
        make = actions.add_parser("make", help="write a backup into a new folder, while the site runs")
        make.add_argument("folder", type=Path)
        make.add_argument("--no-media", action="store_true", help="the database alone, where the bucket keeps versions")
        check = actions.add_parser("check", help="read every file of a backup and compare its hash")
        check.add_argument("folder", type=Path)
        restore = actions.add_parser("restore", help="put a backup in the place of what is there; stop the site first")
        restore.add_argument("folder", type=Path)
        restore.add_argument("--yes", action="store_true", help="what is there now may be lost")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['do']}")(options)
        except BackupError as error:
            raise CommandError(str(error)) from error

    def _make(self, options: dict[str, Any]) -> None:
        done = make_backup(options["folder"], media=not options["no_media"])
        self.stdout.write(f"{done.jobs} videos and {done.files} files ({done.bytes} bytes) are in {options['folder']}")
        self.stdout.write(f"The last entry of the audit log is {done.audit_head}")

    def _check(self, options: dict[str, Any]) -> None:
        listed = check_backup(options["folder"])
        self.stdout.write(f"The backup of {listed['at']} is whole: {len(listed['files'])} files and the database")

    def _restore(self, options: dict[str, Any]) -> None:
        if not options["yes"]:
            raise CommandError("This replaces the database and the files that are there now; say --yes if they may go.")
        done = restore_backup(options["folder"])
        self.stdout.write(
            f"{done.jobs} videos and {done.files} files are back; the audit log holds up to {done.audit_head}"
        )
        for path in done.missing:
            self.stderr.write(f"missing: {path}")
        self.stdout.write(
            "Now: python -m picturetalk_site.prepare, then manage.py scheduler --once, then start the site."
        )
