"""``python -m gpu_worker.training dataset ...``."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from gpu_worker.cli.arguments import Parser


def add_arguments(command: str, parser: argparse.ArgumentParser) -> None:
    """The actions of ``dataset``."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION", parser_class=Parser)
    check = actions.add_parser("check", help="verify every shard and the papers of every clip (JSON)")
    check.add_argument("folder", type=Path, metavar="DIR")


def run(arguments: argparse.Namespace, stream: TextIO) -> object | None:
    """Carry out one action; returns what is to be printed."""
    result: object | None = _ACTIONS[arguments.action](arguments, stream)
    return result


def _check(arguments: argparse.Namespace, stream: TextIO) -> object:
    from gpu_worker.training.data.checking import check_dataset

    return check_dataset(arguments.folder).as_dict()


_ACTIONS: dict[str, Callable[[argparse.Namespace, TextIO], Any]] = {"check": _check}
