"""``manage.py voices``: the voices on offer, and installing, checking and removing neural voices from files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from gpu_worker.errors import InputError
from gpu_worker.speech.voice_choice import voice_choices
from gpu_worker.speech.voices import InstalledVoice, add_voice, list_voices, remove_voice
from gpu_worker.weights import commercial_only


class Command(BaseCommand):
    help = "List, install, check or remove voices. Neural voices are files in the Piper format; nothing is downloaded."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="do", required=True)
        add = actions.add_parser("add", help="install NAME.onnx, with NAME.onnx.json beside it")
        add.add_argument("model", type=Path)
        add.add_argument("--licence", required=True, help="the terms of the voice, as its makers state them")
        use = add.add_mutually_exclusive_group(required=True)
        use.add_argument("--commercial", action="store_true", help="its terms allow commercial use")
        use.add_argument("--non-commercial", action="store_true", help="its terms forbid commercial use")
        add.add_argument("--name", help="what it is called here; by default the file's name")
        listed = actions.add_parser("list", help="every voice on offer; installed ones with checksum and licence")
        listed.add_argument("--json", action="store_true")
        check = actions.add_parser("check", help="compare checksums and load each installed voice once")
        check.add_argument("name", nargs="*")
        remove = actions.add_parser("remove", help="erase an installed voice")
        remove.add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['do']}")(options)
        except InputError as error:
            raise CommandError(f"{error.message} {error.hint}") from error

    def _add(self, options: dict[str, Any]) -> None:
        self._tell(add_voice(options["model"], options["licence"], options["commercial"], options["name"]))

    def _remove(self, options: dict[str, Any]) -> None:
        self.stdout.write(f"{remove_voice(options['name']).id} is removed")

    def _list(self, options: dict[str, Any]) -> None:
        installed = {voice.id: voice for voice in list_voices()}
        choices = voice_choices()
        if options["json"]:
            rows = [
                {"code": choice.code, "engine": choice.engine, "language": choice.language or "all",
                 "licence": choice.licence, "sha256": installed[choice.code].sha256 if choice.code in installed else ""}
                for choice in choices
            ]  # fmt: skip
            self.stdout.write(json.dumps(rows, indent=2, ensure_ascii=False))
            return
        for choice in choices:
            self.stdout.write(f"{choice.code:24} {choice.engine:10} {choice.language or 'all':8} {choice.licence}")
        offered = {choice.code for choice in choices}
        for voice in installed.values():
            self._tell(voice, "" if voice.id in offered else "not offered: its licence forbids commercial use; ")

    def _check(self, options: dict[str, Any]) -> None:
        # The engine loads the models in a process of its own; the site never does.
        command = [sys.executable, "-m", "gpu_worker", "voices", *options["name"]]
        done = subprocess.run(command, capture_output=True, text=True, cwd=settings.BASE_DIR)
        if done.returncode:
            lines = done.stderr.strip().splitlines()
            raise CommandError(json.loads(lines[-1])["message"] if done.returncode == 2 else "\n".join(lines[-3:]))
        checks = json.loads(done.stdout)
        for check in checks:
            self.stdout.write(f"{check['name']}: {check['state']}. {check['reason']}")
        if not checks:
            self.stdout.write("No neural voice is installed.")
        if any(check["state"] != "present" for check in checks):
            raise CommandError("Not every installed voice can be used.")

    def _tell(self, voice: InstalledVoice, note: str = "") -> None:
        use = "commercial use allowed" if voice.commercial_use else "commercial use forbidden"
        if not voice.commercial_use and commercial_only() and not note:
            note = "not offered unless PICTURETALK_NON_COMMERCIAL_MODELS is 1; "
        self.stdout.write(f"{voice.id}: {note}{voice.language}, {voice.licence} ({use}), sha256 {voice.sha256}")
