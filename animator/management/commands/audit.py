"""``manage.py audit``: verify the log or an exported file, export it, print its end to be noted elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from animator.audit_chain import Head, Verification, read_export, verify, write_csv, write_jsonl
from animator.selectors.audit import audit_head, links, verify_log


class Command(BaseCommand):
    help = "Verify, export or sum up the audit log, whose entries are chained by their hashes."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="do", required=True)
        check = actions.add_parser("verify", help="find entries that were changed, removed or moved")
        check.add_argument("file", nargs="?", type=Path, help="an exported file; without it the log itself")
        check.add_argument("--head", action="append", default=[], metavar="NUMBER:HASH", help="noted earlier")
        check.add_argument("--part", action="store_true", help="the file holds a part of the log: gaps are no fault")
        export = actions.add_parser("export", help="write the whole log")
        export.add_argument("file", type=Path, help="ends in .csv or .jsonl")
        actions.add_parser("head", help="print NUMBER:HASH of the last entry; keep it outside this machine")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["do"] == "head":
            self.stdout.write(str(audit_head()))
        elif options["do"] == "export":
            self._export(options["file"])
        else:
            self._verify(options)

    def _verify(self, options: dict[str, Any]) -> None:
        try:
            known = tuple(Head.parse(text) for text in options["head"])
            if options["file"] is None:
                found = verify_log(*known)
            else:
                found = verify(read_export(options["file"]), known=known, gaps_allowed=options["part"])
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        self._tell(found)

    def _tell(self, found: Verification) -> None:
        for sentence in found.findings:
            self.stderr.write(sentence)
        if not found.holds:
            self.stderr.write(f"{len(found.findings)} faults in {found.entries} entries")
            sys.exit(1)
        gaps = f", {found.gaps} gaps" if found.gaps else ""
        self.stdout.write(f"{found.entries} entries hold{gaps}; the last is {found.head}")

    def _export(self, file: Path) -> None:
        if file.suffix not in (".csv", ".jsonl"):
            raise CommandError("The file must end in .csv or .jsonl.")
        with file.open("x", encoding="utf-8", newline="") as out:
            if file.suffix == ".csv":
                write_csv(links(), out)
            else:
                out.writelines(write_jsonl(links()))
        self.stdout.write(f"The log up to {audit_head()} is in {file}")
