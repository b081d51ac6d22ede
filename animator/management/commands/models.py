"""``manage.py models``: optional models on disk, listed, taken in, fetched, checked and removed by the operator."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from gpu_worker.errors import InputError
from gpu_worker.model_fetch import Source, fetch_model
from gpu_worker.model_store import add_model, checksums, known_model, list_models, remove_model, total_size
from gpu_worker.weights import FoundModel, commercial_only, find, models_folders

_STATES = {
    "present": "present",
    "missing": "not here",
    "incomplete": "incomplete",
    "wrong_size": "wrong size",
    "wrong_checksum": "wrong checksum",
    "not_allowed": "not allowed",
}


class Command(BaseCommand):
    help = "List, add, fetch, check or remove optional models. Nothing is ever downloaded but by “fetch”."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="do", required=True)
        listed = actions.add_parser("list", help="every model the product can use, and whether it is here")
        listed.add_argument("--json", action="store_true")
        add = actions.add_parser("add", help="take in a file or a folder of this machine")
        add.add_argument("path", type=Path)
        add.add_argument("--as", dest="name", required=True, help="which model it is, as “list” calls it, or align-de")
        fetch = actions.add_parser("fetch", help="download a model from an address that you give")
        fetch.add_argument("name")
        origin = fetch.add_mutually_exclusive_group()
        origin.add_argument("--from", dest="address", default="", help="address of its file, or of the folder of them")
        origin.add_argument("--mirror", default="", help="a models folder elsewhere (PICTURETALK_MODEL_MIRROR)")
        fetch.add_argument("--sha256", action="append", default=[], metavar="[FILE=]CHECKSUM")
        fetch.add_argument("--unverified", action="store_true", help="believe files whose checksum nobody knows")
        for one in (add, fetch):
            one.add_argument("--licence", help="the terms of the weights, as their makers state them")
            use = one.add_mutually_exclusive_group()
            use.add_argument("--commercial", action="store_const", const=True, dest="use", help="they allow sale")
            use.add_argument("--non-commercial", action="store_const", const=False, dest="use", help="they forbid it")
        check = actions.add_parser("check", help="compare sizes and checksums of what is here")
        check.add_argument("name", nargs="*")
        remove = actions.add_parser("remove", help="erase a model from the models folder")
        remove.add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['do']}")(options)
        except InputError as error:
            raise CommandError(f"{error.message} {error.hint}") from error

    def _list(self, options: dict[str, Any]) -> None:
        found = list_models()
        if options["json"]:
            self.stdout.write(json.dumps([as_row(entry) for entry in found], indent=2, ensure_ascii=False))
            return
        for entry in found:
            self._tell(entry)
        self.stdout.write("\nLooked for in: " + ", ".join(str(folder) for folder in models_folders()))
        self.stdout.write("Neural voices: manage.py voices list")

    def _add(self, options: dict[str, Any]) -> None:
        self._tell(add_model(options["path"], options["name"], options["licence"], options["use"]))

    def _fetch(self, options: dict[str, Any]) -> None:
        source = Source(options["address"], options["mirror"], _given(options["sha256"]), options["unverified"])
        told = self._progress()
        found = fetch_model(options["name"], source, told, licence=options["licence"], commercial_use=options["use"])
        self._tell(found)

    def _check(self, options: dict[str, Any]) -> None:
        wanted = [known_model(name) for name in options["name"]]
        models = wanted or [entry.model for entry in list_models() if entry.state != "missing"]
        wrong = 0
        for model in models:
            found = find(model, verify=True, any_licence=True)
            note = ""
            if found.state == "present" and not checksums(found):
                note = " Its checksums are not known: “models add” enters them into the register."
            self.stdout.write(f"{model.name}: {_STATES[found.state]}. {found.reason}.{note}")
            wrong += found.state != "present"
        if not models:
            self.stdout.write("No model is here.")
        if wrong:
            raise CommandError("Not every model is what it should be.")

    def _remove(self, options: dict[str, Any]) -> None:
        self.stdout.write(f"{remove_model(options['name'])} is removed")

    def _tell(self, found: FoundModel) -> None:
        """One model in a few lines."""
        model = found.model
        use = "commercial use allowed" if found.commercial_use else "no commercial use"
        size = f", {total_size(found) / 1e6:.1f} MB" if found.path is not None else ""
        self.stdout.write(f"{model.name}: {_STATES[found.state]}{size}")
        self.stdout.write(f"  purpose     {model.purpose}")
        self.stdout.write(f"  licence     {found.licence} ({use})")
        for name, checksum in checksums(found).items():
            self.stdout.write(f"  sha256      {checksum}  {name}")
        if found.state == "present":
            self.stdout.write(f"  place       {found.path}")
        else:
            self.stdout.write(f"  why         {found.reason}")
            self.stdout.write(f"  without it  {model.without_it}")
        if not found.commercial_use and commercial_only() and found.state != "not_allowed":
            self.stdout.write("  note        used only with PICTURETALK_NON_COMMERCIAL_MODELS=1")

    def _progress(self) -> Callable[[int, int | None], None]:
        """Tells every tenth of a file, and every 100 MB of one whose size nobody says."""
        last = [-1]

        def told(done: int, total: int | None) -> None:
            step = 10 * done // total if total else done // 100_000_000
            if step != last[0]:
                last[0] = step
                self.stderr.write(f"{done / 1e6:.1f} MB" + (f" of {total / 1e6:.1f} MB" if total else ""))

        return told


def as_row(found: FoundModel) -> dict[str, Any]:
    """A model as ``list --json`` tells it."""
    return {
        "name": found.model.name,
        "purpose": found.model.purpose,
        "state": found.state,
        "reason": found.reason,
        "path": str(found.path) if found.path is not None else None,
        "looked_for": [str(folder / found.model.path) for folder in models_folders()],
        "size": total_size(found),
        "sha256": dict(checksums(found)),
        "licence": found.licence,
        "commercial_use": found.commercial_use,
        "without_it": found.model.without_it,
    }


def _given(values: list[str]) -> dict[str, str]:
    """``FILE=CHECKSUM``, or a checksum alone for a model of one file, which stands under the empty name."""
    given = {}
    for value in values:
        name, _, checksum = value.rpartition("=")
        if len(checksum) != 64 or not set(checksum.lower()) <= set("0123456789abcdef"):
            raise CommandError(f"{value}: a SHA-256 checksum has 64 hexadecimal digits.")
        given[name] = checksum.lower()
    return given
