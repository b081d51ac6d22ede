"""``evaluate``: how good a run's model is on people it has never met, beside what it would replace."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TextIO


def add_arguments(command: str, parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=Path, metavar="RUN")
    parser.add_argument(
        "--data", type=Path, required=True, nargs="+", metavar="DIR", help="the data sets whose test people judge it"
    )
    parser.add_argument("--most-clips", type=int, default=200, metavar="N", help="so many of each kind (default: 200)")
    parser.add_argument("--json", action="store_true", help="all numbers as JSON in place of the table")


def run(arguments: argparse.Namespace, stream: TextIO) -> object:
    from gpu_worker.training.evaluation import evaluate_run

    found = evaluate_run(arguments.run, arguments.data, arguments.most_clips)
    return found if arguments.json else found["table"]
