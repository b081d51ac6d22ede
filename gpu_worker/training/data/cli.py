"""``python -m gpu_worker.training dataset ...``."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from gpu_worker.cli.arguments import Parser
from gpu_worker.errors import InputError


def add_arguments(command: str, parser: argparse.ArgumentParser) -> None:
    """The actions of ``dataset``."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION", parser_class=Parser)
    build = actions.add_parser("build", help="clips from videos and recordings with a manifest")
    build.add_argument("source", type=Path, metavar="SOURCE", help="a folder with a manifest, or a manifest")
    build.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    build.add_argument("--seed", type=int, default=0, help="of the split by people (default: 0)")
    build.add_argument("--processes", type=int, default=0, help="default: one for each core")
    card = actions.add_parser("card", help="what is in it: hours, people, balance, licences, rejects")
    card.add_argument("folder", type=Path, metavar="DIR")
    card.add_argument("--json", action="store_true", help="figures instead of text")
    remove = actions.add_parser("remove", help="take a person out, with everything derived from them")
    remove.add_argument("person", metavar="PERSON", help="as the manifest names them")
    remove.add_argument("folder", type=Path, metavar="DIR")
    synthesise = actions.add_parser("synthesise", help="speech of synthetic voices with exact phone times")
    synthesise.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    synthesise.add_argument("--hours", type=float, default=8.0, help="about how much speech (default: 8)")
    synthesise.add_argument("--seed", type=int, default=0, help="another seed is other speech (default: 0)")
    synthesise.add_argument("--processes", type=int, default=0, help="default: one for each core")
    check = actions.add_parser("check", help="verify every shard and the papers of every clip (JSON)")
    check.add_argument("folder", type=Path, metavar="DIR")


def run(arguments: argparse.Namespace, stream: TextIO) -> object | None:
    """Carry out one action; returns what is to be printed."""
    result: object | None = _ACTIONS[arguments.action](arguments, stream)
    return result


def _check(arguments: argparse.Namespace, stream: TextIO) -> object:
    from gpu_worker.training.data.checking import check_dataset

    return check_dataset(arguments.folder).as_dict()


def _synthesise(arguments: argparse.Namespace, stream: TextIO) -> object:
    from gpu_worker.training.data.building import synthesise_dataset

    if not 0 < arguments.hours <= 10_000:
        raise InputError("bad_arguments", "The hours must lie between 0 and 10000.", "8 is a good beginning.")
    return synthesise_dataset(arguments.output, arguments.hours, arguments.seed, arguments.processes, stream)


def _build(arguments: argparse.Namespace, stream: TextIO) -> object:
    from gpu_worker.training.data.building import build_dataset

    return build_dataset(arguments.source, arguments.output, arguments.seed, arguments.processes, stream)


def _card(arguments: argparse.Namespace, stream: TextIO) -> object:
    from gpu_worker.training.data.card import card_text, make_card

    figures = make_card(arguments.folder)
    return figures if arguments.json else card_text(figures)


def _remove(arguments: argparse.Namespace, stream: TextIO) -> object:
    from gpu_worker.training.data.removal import remove_person

    return remove_person(arguments.folder, arguments.person).as_dict()


_ACTIONS: dict[str, Callable[[argparse.Namespace, TextIO], Any]] = {
    "build": _build,
    "card": _card,
    "remove": _remove,
    "check": _check,
    "synthesise": _synthesise,
}
